"""Rules are evaluated without anybody looking, and what they find is sent once."""

from aftercall.core.alerts.rules import IssueCondition, LiveQualityCondition
from tests.core.quality.synthetic_call import FINE, PeerConditions, always, between
from tests.service.alerts.alert_harness import Alerts, call_of
from tests.stored_calls import lossy_call

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
