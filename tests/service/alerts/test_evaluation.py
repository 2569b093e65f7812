"""Rules are evaluated without anybody looking, and what they find is sent once."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, select

from aftercall.core.alerts.channels import SlackTarget
from aftercall.core.alerts.rules import IssueCondition, LiveQualityCondition, WeeklyHours
from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.service.alerts.alert_rules import Owner
from aftercall.service.alerts.evaluation import Evaluated
from aftercall.store.alerts import alerts as alert_store
from aftercall.store.tables import schema
from aftercall.work.alerts import run_alerts
from tests.core.quality.synthetic_call import CALL_START, FINE, PeerConditions, always, between
from tests.service.alerts.alert_harness import APP, OWNER, Alerts, call_of, part_of
from tests.stored_calls import lossy_call, store_call

MINUTES = [1 + step / 2 for step in range(2, 16)]


async def test_a_bad_uplink_is_raised_with_culprit_figure_advice_and_link_and_resolved(
    alerts: Alerts,
) -> None:
    await alerts.add_rule(IssueCondition(), text="Call the duty phone.")
    call = lossy_call(8)
    found = await alerts.play(call, [step / 2 for step in range(2, 16)])
    assert [kind for _, kind in found] == ["alert.raised", "alert.resolved"]


async def test_a_clean_call_raises_nothing(alerts: Alerts) -> None:
    await alerts.add_rule(IssueCondition())
    await alerts.add_rule(LiveQualityCondition(level="fair", minutes=1))
    clean = call_of(8, ada=always(FINE), bob=always(FINE), cyd=always(FINE))
    assert await alerts.play(clean, MINUTES) == []


async def test_a_bad_call_is_raised_after_its_minutes_and_resolved_after_the_end_of_trouble(
    alerts: Alerts,
) -> None:
    await alerts.add_rule(LiveQualityCondition(level="poor", minutes=2, people=2))
    bad = between(60, 300, PeerConditions(up_loss=0.3))
    call = call_of(10, ada=bad, bob=always(FINE), cyd=always(FINE))
    found = await alerts.play(call, [step / 2 for step in range(2, 20)])
    assert [kind for _, kind in found] == ["alert.raised", "alert.resolved"]


async def test_two_processes_evaluate_once(alerts: Alerts) -> None:
    await alerts.add_rule(IssueCondition())
    other = alerts.start_process()
    call = lossy_call(8)
    alerts.clock.now = EpochMs(CALL_START + 2 * MINUTE_MS)
    await store_call(alerts.db, part_of(call, alerts.clock.now), APP, is_live=True)
    both = await asyncio.gather(
        alerts.services.alert_evaluation.run(), other.alert_evaluation.run()
    )
    assert sorted(each.is_holder for each in both) == [False, True]
    assert [each.json["type"] for each in await alerts.deliver()] == ["alert.raised"]
    await other.sender.close()


async def test_two_processes_that_both_evaluate_send_once(alerts: Alerts) -> None:
    """As when the clock of one is so far ahead that it takes the other's lease to be over."""
    await alerts.add_rule(IssueCondition())
    other = alerts.start_process()
    call = lossy_call(8)
    alerts.clock.now = EpochMs(CALL_START + 2 * MINUTE_MS)
    await store_call(alerts.db, part_of(call, alerts.clock.now), APP, is_live=True)
    async with alerts.db.write() as tx:
        await tx.execute(delete(schema.leases))
    await other.alert_evaluation.run()
    async with alerts.db.write() as tx:
        await tx.execute(delete(schema.leases))
    await alerts.services.alert_evaluation.run()
    assert [each.json["type"] for each in await alerts.deliver()] == ["alert.raised"]
    await other.sender.close()


async def test_a_process_that_was_killed_is_followed_by_another_which_repeats_nothing(
    alerts: Alerts,
) -> None:
    await alerts.add_rule(IssueCondition(), for_s=60)
    call = lossy_call(8)
    assert await alerts.play(call, [2]) == []
    alerts.services = alerts.start_process()
    alerts.clock.move(MINUTE_MS)
    await store_call(alerts.db, part_of(call, alerts.clock.now), APP, is_live=True)
    # The lease of the first one lasts.
    assert await alerts.evaluate() == []
    alerts.clock.move(31_000)
    assert [each.json["type"] for each in await alerts.evaluate()] == ["alert.raised"]
    alerts.services = alerts.start_process()
    alerts.clock.move(2 * MINUTE_MS)
    await alerts.end_call(call)
    assert [each.json["type"] for each in await alerts.evaluate()] == ["alert.resolved"]
    assert len({each["alert"]["dedupe_key"] for each in alerts.messages}) == 1


async def test_a_receiver_that_fails_gets_the_same_message_again_and_then_the_next(
    alerts: Alerts,
) -> None:
    await alerts.add_rule(IssueCondition())
    alerts.receiver.statuses = [503]
    call = lossy_call(8)
    await alerts.play(call, [2])
    await alerts.end_call(call)
    alerts.clock.move(MINUTE_MS)
    await alerts.evaluate()
    kinds = [each["type"] for each in alerts.messages]
    assert kinds == ["alert.raised", "alert.raised", "alert.resolved"]
    assert alerts.messages[0] == alerts.messages[1]


async def test_a_call_of_another_app_is_none_of_its_business(alerts: Alerts) -> None:
    await alerts.add_rule(IssueCondition(), owner=Owner("other account", "other"))
    assert await alerts.play(lossy_call(8), [2, 3]) == []


async def test_one_message_for_all_sessions_of_the_app(alerts: Alerts) -> None:
    await alerts.add_rule(IssueCondition(), group_by="app", clear_s=0)
    found = await alerts.play(lossy_call(8), [2, 3, 5, 6])
    assert [kind for _, kind in found] == ["alert.raised", "alert.resolved"]
    assert alerts.messages[0]["alert"]["figures"]["sessions"] == 1


async def test_a_message_without_names(alerts: Alerts) -> None:
    await alerts.add_rule(IssueCondition(), with_names=False)
    await alerts.play(lossy_call(8), [2])
    [message] = alerts.messages
    assert "Ada" not in str(message) and message["alert"]["people"] == []
    assert message["alert"]["people_count"] == 2


async def test_people_are_spared_the_end_and_programs_are_not(alerts: Alerts) -> None:
    slack = await alerts.add_channel(SlackTarget(url=alerts.receiver.url + "/slack"))
    program = await alerts.add_channel()
    await alerts.add_rule(IssueCondition(), channels=[slack, program], resolves_quietly=True)
    call = lossy_call(8)
    await alerts.play(call, [])
    alerts.clock.now = EpochMs(CALL_START + 2 * MINUTE_MS)
    await store_call(alerts.db, part_of(call, alerts.clock.now), APP, is_live=True)
    assert sorted(each.path for each in await alerts.evaluate()) == ["/", "/slack"]
    await alerts.end_call(call)
    alerts.clock.move(MINUTE_MS)
    assert [each.path for each in await alerts.evaluate()] == ["/"]


async def test_nothing_is_sent_in_quiet_hours_and_what_lasts_is_sent_after_them(
    alerts: Alerts,
) -> None:
    quiet = [WeeklyHours(days=["sat"], start="10:00", end="10:03")]
    await alerts.add_rule(IssueCondition(), quiet_hours=quiet)
    found = await alerts.play(lossy_call(8), [1.9, 2.95, 3.95])
    assert found == [(3.95, "alert.raised")] or found == [(2.95, "alert.raised")]


async def test_deleting_a_rule_resolves_what_it_raised(alerts: Alerts) -> None:
    rule = await alerts.add_rule(IssueCondition())
    await alerts.play(lossy_call(8), [2])
    await alerts.services.alert_rules.delete_rule(OWNER, rule.id)
    assert [each.json["type"] for each in await alerts.deliver()] == ["alert.resolved"]
    assert await alerts.evaluate() == []


async def test_alerts_of_an_erased_session_are_gone(alerts: Alerts) -> None:
    await alerts.add_rule(IssueCondition())
    await alerts.play(lossy_call(8), [2])
    async with alerts.db.write() as tx:
        await alert_store.delete_of_sessions(tx, APP, ["session"])
    async with alerts.db.read() as tx:
        assert await alert_store.unresolved(tx) == []


async def test_a_rule_or_a_session_that_fails_does_not_stop_the_others(
    alerts: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await alerts.add_rule(IssueCondition())
    await alerts.add_rule(IssueCondition())
    evaluation = alerts.services.alert_evaluation
    apply = evaluation._apply

    async def fail_for_one(each: Any, *rest: Any) -> int:
        if each.rule.id == first.id:
            raise RuntimeError("broken")
        return await apply(each, *rest)

    monkeypatch.setattr(evaluation, "_apply", fail_for_one)
    assert await alerts.play(lossy_call(8), [2]) == [(2, "alert.raised")]

    async def fail(session: Any) -> None:
        raise RuntimeError("broken")

    monkeypatch.setattr(alerts.services.digests, "live_session_digest", fail)
    assert await alerts.play(lossy_call(8), [4]) == []


async def test_run_alerts_evaluates_until_it_is_stopped_and_gives_the_lease_back(
    alerts: Alerts, monkeypatch: pytest.MonkeyPatch
) -> None:
    await alerts.add_rule(IssueCondition())
    evaluation, stop = alerts.services.alert_evaluation, asyncio.Event()
    evaluate, held = evaluation.run, []

    async def run() -> Evaluated:
        done = await evaluate()
        held.append(await _leases(alerts))
        if len(held) == 2:
            stop.set()
        return done

    monkeypatch.setattr(evaluation, "run", run)
    await run_alerts(evaluation, stop, every_s=0)
    assert held == [1, 1]
    assert await _leases(alerts) == 0


async def _leases(alerts: Alerts) -> int:
    async with alerts.db.read() as tx:
        return len((await tx.execute(select(schema.leases.c.name))).all())
