"""Findings about microphones, cameras and loudspeakers, and device switches before them."""

from collections.abc import Callable, Sequence

import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.diagnosis.device_findings import microphone, one_way, unplayed
from aftercall.core.quality.diagnosis.findings import DeviceSwitch, Finding, Subject
from aftercall.core.quality.issues import Issue, IssueName, Origin, StreamRef, single
from aftercall.core.quality.stats.peer_metadata import Device, DeviceSelection

START, END = EpochMs(60_000), EpochMs(120_000)


def _received(sender: str) -> StreamRef:
    return StreamRef(peer_id="ada", family="audio_consumer", from_peer_id=sender)


SAID = StreamRef(peer_id="ada", family="audio_producer", ssrc=1)


def _issue(name: IssueName, ref: StreamRef, origin: Origin | None = None) -> Issue:
    return replace(single(name, ref, START, END), origin=origin)


def _found(
    find: Callable[[Subject, Comparison], list[Finding]],
    *issues: Issue,
    choices: Sequence[DeviceSelection] = (),
) -> list[Finding]:
    """Of Ada, in a call with Bob and Cyd."""
    participants = [
        ComparedParticipant(
            participant_id=name,
            peer_ids=frozenset({name}),
            issues=issues if name == "ada" else [],
            streams=[],
        )
        for name in ("ada", "bob", "cyd")
    ]
    subject = Subject(
        participant_id="ada",
        issues=issues,
        stays=[(EpochMs(0), EpochMs(600_000))],
        device_choices=choices,
        names={},
    )
    return find(subject, Comparison(participants))


def test_each_sender_that_was_not_heard_has_a_finding() -> None:
    found = _found(
        one_way,
        _issue(IssueName.ONE_WAY_AUDIO, _received("bob")),
        _issue(IssueName.NO_AUDIO_RECEIVED, _received("cyd")),
        _issue(IssueName.ONE_WAY_AUDIO, _received("bob")),
    )
    assert [(each.cause, each.peer_ids) for each in found] == [
        ("one_way_audio", ["bob"]),
        ("one_way_audio", ["cyd"]),
    ]
    assert {(each.severity, *each.media, each.direction) for each in found} == {
        ("severe", "voice", "received")
    }


def test_missing_audio_caused_by_the_sender_is_no_finding_of_the_listener() -> None:
    assert _found(one_way, _issue(IssueName.ONE_WAY_AUDIO, _received("bob"), "remote")) == []


def test_unplayed_audio_of_several_senders_is_one_finding() -> None:
    names = ("bob", "cyd")
    [found] = _found(unplayed, *(_issue(IssueName.AUDIO_NOT_PLAYED, _received(n)) for n in names))
    assert (found.cause, found.peer_ids) == ("audio_not_played", ["bob", "cyd"])
    assert _found(unplayed) == []


@pytest.mark.parametrize("is_known", [True, False])
def test_a_microphone_is_called_enabled_only_if_a_source_stated_it(is_known: bool) -> None:
    stalled = replace(_issue(IssueName.NO_AUDIO_SENT, SAID), is_known_live=is_known)
    [found] = _found(microphone, stalled)
    assert (found.cause, found.evidence.is_switched_on) == ("no_audio_sent", is_known)
    [silent] = _found(microphone, _issue(IssueName.SILENT_MICROPHONE, SAID))
    assert (silent.cause, silent.evidence.is_switched_on) == ("silent_microphone", None)


@pytest.mark.parametrize(
    ("kind", "before_s", "is_named"),
    [("microphone", 5, True), ("microphone", 25, False), ("camera", 5, False)],
    ids=["just before", "long before", "another device"],
)
def test_the_device_selected_just_before_is_named(kind: str, before_s: int, is_named: bool) -> None:
    at = EpochMs(START - 1_000 * before_s)
    choice = DeviceSelection(at=at, name=f"selected_{kind}_update", device=Device(label="Headset"))
    [found] = _found(microphone, _issue(IssueName.SILENT_MICROPHONE, SAID), choices=[choice])
    issues_named = DeviceSwitch(kind="microphone", label="Headset", at=at)
    assert found.evidence.device == (issues_named if is_named else None)
