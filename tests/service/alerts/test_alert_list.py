"""What was raised is listed in the words of its messages, and names nothing past its time."""

from typing import Any

from aftercall.core.alerts.rules import IssueCondition
from aftercall.core.instants import EpochMs
from aftercall.web.routes import create_web_app
from tests.service.alerts.alert_harness import OWNER, Alerts
from tests.stored_calls import lossy_call


async def _listed(alerts: Alerts, state: str) -> list[Any]:
    found = await alerts.services.alert_rules.list_alerts(
        OWNER.app_id, state=state, rule_id=None, before=None, limit=10
    )
    return found


async def test_an_alert_is_listed_while_open_and_when_it_is_over(alerts: Alerts) -> None:
    assert create_web_app(alerts.services) is not None
    await alerts.add_rule(IssueCondition())
    call = lossy_call(5)
    await alerts.play(call, [2])
    [(alert, message)] = await _listed(alerts, "open")
    assert (
        message.title == alerts.messages[-1]["alert"]["title"] == "Uplink loss, 12 %: Ada – Standup"
    )
    assert "Ada" not in str(alert.content)
    await alerts.end_call(call)
    alerts.clock.move(60_000)
    [over] = await alerts.evaluate()
    assert over.json["type"] == "alert.resolved"
    assert await _listed(alerts, "open") == []
    [(alert, _)] = await _listed(alerts, "resolved")
    assert alert.resolved_at == alerts.clock.now


async def test_nothing_more_is_sent_about_a_muted_alert_but_that_it_is_over(
    alerts: Alerts,
) -> None:
    await alerts.add_rule(IssueCondition(), update_every_s=1)
    call = lossy_call(5)
    await alerts.play(call, [2])
    [(alert, _)] = await _listed(alerts, "open")
    until = EpochMs(alerts.clock.now + 3_600_000)
    muted, _ = await alerts.services.alert_rules.mute_alert(OWNER, alert.id, until)
    assert muted.muted_until == until
    assert [kind for _, kind in await alerts.play(call, [3])] == []
    await alerts.end_call(call)
    alerts.clock.move(60_000)
    assert [each.json["type"] for each in await alerts.evaluate()] == ["alert.resolved"]
