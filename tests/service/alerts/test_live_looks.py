"""What looking at live sessions spends of its budgets."""

from aftercall.service.alerts.live_looks import _Budget, _Stopwatch


def test_waiting_for_the_database_or_other_programs_is_not_spent() -> None:
    now_s = [0.0]
    stopwatch = _Stopwatch(lambda: now_s[0])
    now_s[0] = 500.0
    assert stopwatch.read() < 100


def test_threads_that_run_beside_spend_no_more_than_the_time_that_passed() -> None:
    now_s = [0.0]
    stopwatch = _Stopwatch(lambda: now_s[0])
    assert sum(range(200_000)) > 0
    assert stopwatch.read() == 0


def test_what_a_minute_leaves_is_not_added_to_the_next_and_what_is_overspent_is_missing() -> None:
    budget = _Budget(0.01)
    for passed_s in (0, 600, 1_200):
        budget.fill(passed_s)
    budget.spend(0.5)
    assert not budget.is_spent
    budget.spend(0.2)
    assert budget.is_spent
    budget.fill(1_209)
    assert budget.is_spent
    budget.fill(1_211)
    assert not budget.is_spent
