from typing import Any

import msgspec
import pytest

from aftercall.core.alerts.rules import AlertRule, LiveQualityCondition, RuleSpec, spec_to_dict
from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.levels import BAD, FAIR, POOR

NOW = EpochMs(1_795_262_400_000)


def _read(**members: Any) -> RuleSpec:
    return msgspec.convert({"name": "Bad", "condition": {"kind": "issue"}, **members}, RuleSpec)


def test_what_a_rule_stores_is_read_as_it_was() -> None:
    spec = _read(
        condition={"kind": "bad_share", "above_percent": 12.5},
        quiet_hours=[{"days": ["sat", "sun"], "start": "08:30", "zone": "Europe/Amsterdam"}],
    )
    rule = AlertRule(app_id="a", id="r", spec=spec_to_dict(spec), created_at=NOW, updated_at=NOW)
    assert rule.read_spec() == spec


def test_only_conditions_of_live_sessions_are_live() -> None:
    kinds: dict[str, dict[str, object]] = {
        "issue": {},
        "live_quality": {},
        "bad_share": {},
        "no_calls": {},
        "silent_source": {"source": "livekit"},
        "dead_jobs": {},
    }
    live = {
        kind: _read(condition={"kind": kind, **members}).is_live for kind, members in kinds.items()
    }
    assert {kind for kind, is_live in live.items() if is_live} == {"issue", "live_quality"}


def test_times_are_in_seconds_and_levels_in_words() -> None:
    spec = _read(for_s=90, clear_s=5)
    assert (spec.for_ms, spec.clear_ms) == (90_000, 5_000)
    levels = [LiveQualityCondition(level=each).level_number for each in ("bad", "poor", "fair")]
    assert levels == [BAD, POOR, FAIR]


@pytest.mark.parametrize(
    "members",
    [
        {"name": ""},
        {"condition": {"kind": "weather"}},
        {"condition": {"kind": "issue", "people": 0}},
        {"condition": {"kind": "issue", "causes": ["Not a word"]}},
        {"hours": [{"days": []}]},
        {"hours": [{"days": ["mon"], "end": "24:01"}]},
        {"severity": "fatal"},
        {"colour": "red"},
    ],
)
def test_what_is_no_rule_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        _read(**members)
