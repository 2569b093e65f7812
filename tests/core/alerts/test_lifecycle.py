"""Between two messages that an alert is raised there is one that it is resolved."""

from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.alerts.alert import Alert, AlertContent, AlertState, Observation, Reading
from aftercall.core.alerts.lifecycle import AlertStep, Notice, ObservedAt, advance, dedupe_key
from aftercall.core.alerts.rules import AlertRule, IssueCondition, RuleSpec, spec_to_dict
from aftercall.core.instants import EpochMs

NOW = EpochMs(1_795_262_400_000)


def spec_of(**members: object) -> RuleSpec:
    values: dict[str, object] = {"name": "Bad uplinks", "condition": IssueCondition()}
    return RuleSpec(**(values | members))  # type: ignore[arg-type]


class Subject:
    """One subject of a rule, with a clock."""

    def __init__(self, spec: RuleSpec) -> None:
        self.spec = spec
        self.rule = AlertRule(
            app_id="app", id="rule", spec=spec_to_dict(spec), created_at=NOW, updated_at=NOW
        )
        self.now = NOW
        self.alert: Alert | None = None
        self.notices: list[tuple[Notice, str]] = []
        ids = count()
        self._new_id = lambda: f"alert-{next(ids)}"

    def see(self, reading: Reading, *, muted: bool = False, fingerprint: str = "") -> AlertStep:
        seen = Observation("session", reading, AlertContent(fingerprint=fingerprint))
        step = advance(
            self.rule, self.spec, self.alert, seen, ObservedAt(self.now, muted), self._new_id
        )
        if step.notice is not None:
            assert step.alert is not None
            self.notices.append((step.notice, dedupe_key(step.alert)))
        if step.alert is not None:
            is_over = step.is_dropped or step.alert.state is AlertState.RESOLVED
            self.alert = None if is_over else step.alert
        return step

    def wait(self, seconds: float) -> None:
        self.now = EpochMs(self.now + round(seconds * 1_000))

    @property
    def words(self) -> list[str]:
        return [notice.value for notice, _ in self.notices]


def test_a_condition_must_hold_before_it_is_raised_and_be_over_before_it_is_resolved() -> None:
    subject = Subject(spec_of(for_s=120, clear_s=60))
    subject.see(Reading.RAISED)
    subject.wait(119)
    subject.see(Reading.RAISED)
    assert subject.words == []
    subject.wait(1)
    subject.see(Reading.RAISED)
    assert subject.words == ["raised"]
    subject.see(Reading.CLEAR)
    subject.wait(59)
    subject.see(Reading.CLEAR)
    assert subject.words == ["raised"]
    subject.wait(1)
    subject.see(Reading.CLEAR)
    assert subject.words == ["raised", "resolved"]


@pytest.mark.parametrize("reading", [Reading.CLEAR, Reading.BETWEEN, Reading.OVER])
def test_what_does_not_last_is_never_raised(reading: Reading) -> None:
    subject = Subject(spec_of(for_s=120))
    subject.see(Reading.RAISED)
    assert subject.see(reading).is_dropped
    subject.wait(120)
    subject.see(Reading.RAISED)
    assert subject.words == []


@pytest.mark.parametrize("reading", [Reading.RAISED, Reading.BETWEEN])
def test_what_comes_back_before_it_is_resolved_goes_on(reading: Reading) -> None:
    subject = Subject(spec_of(clear_s=60))
    subject.see(Reading.RAISED)
    subject.see(Reading.CLEAR)
    subject.wait(59)
    subject.see(reading)
    subject.wait(59)
    subject.see(Reading.CLEAR)
    subject.wait(59)
    subject.see(Reading.CLEAR)
    assert subject.words == ["raised"]


def test_the_end_of_a_session_resolves_at_once() -> None:
    subject = Subject(spec_of(clear_s=3_600))
    subject.see(Reading.RAISED)
    subject.see(Reading.OVER)
    assert subject.words == ["raised", "resolved"]


def test_a_change_is_sent_when_the_last_message_is_old_enough() -> None:
    subject = Subject(spec_of(update_every_s=300))
    subject.see(Reading.RAISED, fingerprint="one")
    subject.wait(299)
    subject.see(Reading.RAISED, fingerprint="two")
    assert subject.words == ["raised"]
    subject.wait(1)
    subject.see(Reading.RAISED, fingerprint="two")
    assert subject.words == ["raised", "updated"]
    subject.wait(300)
    subject.see(Reading.RAISED, fingerprint="two")
    assert subject.words == ["raised", "updated"]


def test_what_goes_on_unchanged_is_not_stored_again() -> None:
    subject = Subject(spec_of())
    subject.see(Reading.RAISED, fingerprint="one")
    subject.wait(60)
    assert subject.see(Reading.RAISED, fingerprint="one").alert is None


def test_what_is_open_when_a_mute_ends_is_sent_then() -> None:
    subject = Subject(spec_of())
    subject.see(Reading.RAISED, muted=True)
    assert subject.words == []
    subject.wait(60)
    subject.see(Reading.RAISED)
    assert subject.words == ["raised"]


def test_what_was_raised_and_over_while_muted_is_never_sent() -> None:
    subject = Subject(spec_of())
    subject.see(Reading.RAISED, muted=True)
    subject.see(Reading.OVER, muted=True)
    assert subject.words == []


def test_what_was_sent_is_resolved_although_it_is_muted() -> None:
    subject = Subject(spec_of())
    subject.see(Reading.RAISED)
    subject.see(Reading.OVER, muted=True)
    assert subject.words == ["raised", "resolved"]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(Reading),
        st.booleans(),
        st.sampled_from(["one", "two"]),
        st.sampled_from([1, 30, 60, 300]),
    ),
    max_size=60,
)


@given(
    steps=STEPS,
    for_s=st.sampled_from([0, 60]),
    clear_s=st.sampled_from([0, 60]),
    update_every_s=st.sampled_from([0, 60, 300]),
)
def test_messages_are_raised_then_changes_then_resolved_with_one_key(
    steps: list[tuple[Reading, bool, str, int]], for_s: int, clear_s: int, update_every_s: int
) -> None:
    subject = Subject(spec_of(for_s=for_s, clear_s=clear_s, update_every_s=update_every_s))
    for reading, muted, fingerprint, seconds in steps:
        subject.see(reading, muted=muted, fingerprint=fingerprint)
        subject.wait(seconds)
    open_key: str | None = None
    for notice, key in subject.notices:
        if notice is Notice.RAISED:
            assert open_key is None
            open_key = key
        else:
            assert key == open_key
            if notice is Notice.RESOLVED:
                open_key = None
    subject.see(Reading.OVER)
    raised = subject.words.count("raised")
    assert subject.words.count("resolved") == raised
    assert len({key for _, key in subject.notices}) == raised
