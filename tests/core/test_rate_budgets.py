"""Budgets: five minutes' worth at once, so much a minute from then on; the idle are forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.rate_budgets import WINDOW_S, BudgetKind, BudgetRow, Ledger, wait_s


def try_spend(ledger: Ledger, row: BudgetRow, amount: int, now: float) -> int:
    """How much was spent: all or nothing."""
    if wait_s(row[BudgetKind.BYTES], now):
        return 0
    ledger.spend(row, BudgetKind.BYTES, amount, now)
    return amount


@given(
    st.integers(1, 10_000),
    st.lists(st.tuples(st.floats(0, 100), st.integers(1, 20_000)), max_size=200),
)
def test_spending_is_limited_to_the_window_the_rate_and_one_request(
    per_min: int, requests: list[tuple[float, int]]
) -> None:
    ledger = Ledger({BudgetKind.BYTES: per_min}, most=10)
    now = 1_000.0
    row = ledger.open("a", now)
    spent = 0
    for gap_s, amount in requests:
        now += gap_s
        spent += try_spend(ledger, row, amount, now)
    largest = max((amount for _, amount in requests), default=0)
    in_all = per_min * (WINDOW_S + now - 1_000.0) / 60
    assert spent <= in_all + largest + 1


@given(st.integers(1, 10_000), st.lists(st.integers(1, 50_000), min_size=1, max_size=50))
def test_a_client_that_waits_for_retry_after_is_accepted(per_min: int, amounts: list[int]) -> None:
    ledger = Ledger({BudgetKind.BYTES: per_min}, most=10)
    now = 1_000.0
    row = ledger.open("a", now)
    for amount in amounts:
        now += wait_s(row[BudgetKind.BYTES], now)
        assert try_spend(ledger, row, amount, now) == amount


@given(st.integers(1, 1_000), st.integers(0, 5))
def test_a_client_within_the_rate_is_never_refused(per_min: int, burst: int) -> None:
    ledger = Ledger({BudgetKind.BYTES: per_min}, most=10)
    now = 1_000.0
    row = ledger.open("a", now)
    ledger.spend(row, BudgetKind.BYTES, burst * per_min // 2, now)
    for _ in range(300):
        assert try_spend(ledger, row, 1, now) == 1
        now += 60 / per_min


def test_a_refunded_amount_can_be_spent_again() -> None:
    ledger = Ledger({BudgetKind.BYTES: 1}, most=10)
    row = ledger.open("a", 1_000.0)
    for _ in range(20):
        ledger.spend(row, BudgetKind.BYTES, 5, 1_000.0)
        assert wait_s(row[BudgetKind.BYTES], 1_000.0) == 1
        ledger.give_back(row, BudgetKind.BYTES, 5)
        assert wait_s(row[BudgetKind.BYTES], 1_000.0) == 0


def test_a_limit_of_zero_never_refuses() -> None:
    ledger = Ledger({BudgetKind.BYTES: 0}, most=10)
    row = ledger.open("a", 1_000.0)
    ledger.spend(row, BudgetKind.BYTES, 10**15, 1_000.0)
    ledger.spend(row, BudgetKind.EVENTS, 10**15, 1_000.0)
    assert wait_s(row[BudgetKind.BYTES], 1_000.0) == wait_s(row[BudgetKind.EVENTS], 1_000.0) == 0


@given(st.lists(st.tuples(st.integers(0, 100), st.floats(0, 200)), max_size=300))
def test_a_ledger_holds_a_limited_number_of_rows(visits: list[tuple[int, float]]) -> None:
    ledger = Ledger({BudgetKind.BYTES: 1}, most=10)
    now = 1_000.0
    for key, gap_s in visits:
        now += gap_s
        ledger.open(key, now)
        assert len(ledger) <= 20


def test_an_active_client_is_remembered_and_an_idle_one_is_forgotten() -> None:
    ledger = Ledger({BudgetKind.BYTES: 1}, most=100)
    now = 1_000.0
    steady, gone = ledger.open("steady", now), ledger.open("gone", now)
    for _ in range(100):
        now += 60
        assert ledger.find("steady", now) is steady
    assert ledger.find("gone", now) is None
    assert ledger.open("gone", now) is not gone


def test_a_spent_budget_is_remembered_until_it_is_refilled() -> None:
    ledger = Ledger({BudgetKind.BYTES: 60}, most=100)
    for start in range(1_000, 2_000, 37):
        key, now = f"of {start}", float(start)
        ledger.spend(ledger.open(key, now), BudgetKind.BYTES, 300, now)
        again = ledger.open(key, now + 290)
        assert again[BudgetKind.BYTES] == now + WINDOW_S
