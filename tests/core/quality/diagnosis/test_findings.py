"""Findings: affected media, direction, and the device switch before them."""

from collections.abc import Sequence

import pytest

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.diagnosis.findings import (
    FOLLOWS_MS,
    FindingParts,
    Subject,
    direction_of,
    finding,
    issues_named,
    media_of,
    switch_before,
)
from aftercall.core.quality.diagnosis.issue_groups import IssueGroup
from aftercall.core.quality.issues import WARM_UP_MS, Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.peer_metadata import Device, DeviceSelection
from aftercall.core.quality.stats.report_linker import Family

TEN = 1_795_255_200_000


def at(seconds: float) -> EpochMs:
    return EpochMs(TEN + round(seconds * SECOND_MS))


def issue(family: Family | None, name: IssueName = IssueName.HIGH_RTT) -> Issue:
    ref = StreamRef(peer_id="ann", family=family, connection_id=None if family else "pc")
    return single(name, ref, at(60), at(120), {})


def subject(
    issues: Sequence[Issue] = (), choices: Sequence[DeviceSelection] = (), joined_s: float = 0
) -> Subject:
    return Subject(
        participant_id="ann",
        issues=issues,
        stays=[(at(joined_s), at(600))],
        device_choices=choices,
        names={"ann": "Ann"},
    )


@pytest.mark.parametrize(
    ("families", "media"),
    [
        ([], []),
        ([None], []),
        ([Family.VIDEO_CONSUMER, Family.AUDIO_CONSUMER], ["voice", "video"]),
        ([Family.AUDIO_PRODUCER, Family.AUDIO_CONSUMER, None], ["voice"]),
        (
            [Family.SCREENSHARE_AUDIO_PRODUCER, Family.SCREENSHARE_VIDEO_PRODUCER],
            ["screen", "screen_sound"],
        ),
    ],
)
def test_media_are_named_once_with_audio_first(
    families: list[Family | None], media: list[str]
) -> None:
    assert media_of([issue(family) for family in families]) == media


@pytest.mark.parametrize("family", Family)
def test_every_family_has_one_medium_and_one_direction(family: Family) -> None:
    assert len(media_of([issue(family)])) == 1
    assert direction_of([issue(family)]) == (
        "sent" if family.value.endswith("producer") else "received"
    )


@pytest.mark.parametrize(
    "families",
    [
        [Family.AUDIO_PRODUCER, Family.AUDIO_CONSUMER],
        [Family.AUDIO_PRODUCER, None],
        [None],
    ],
)
def test_issues_in_both_directions_or_of_a_connection_have_no_direction(
    families: list[Family | None],
) -> None:
    assert direction_of([issue(family) for family in families]) is None


def test_issues_are_found_by_name() -> None:
    rtt, failed = issue(None), issue(None, IssueName.ICE_FAILED)
    found = issues_named(subject([rtt, failed]), IssueName.ICE_FAILED, IssueName.CPU_LIMITED)
    assert found == [failed]


def test_by_default_a_finding_affects_its_subject_only() -> None:
    group = IssueGroup([issue(Family.AUDIO_PRODUCER)])
    made = finding(subject(), "uplink", group, FindingParts())
    assert (made.subject, made.affected, made.peer_ids) == ("ann", ["ann"], [])
    assert (made.media, made.direction, made.severity) == (["voice"], "sent", "warning")
    assert (made.first_at, made.last_at) == (at(60), at(120))
    assert made.spans == [(at(60), at(120))]
    assert made.advice_key and made.sentence == ""


def test_given_parts_replace_the_defaults_of_a_finding() -> None:
    group = IssueGroup([issue(Family.AUDIO_CONSUMER)])
    parts = FindingParts(
        subject="bob",
        affected={"cy", "ann"},
        peer_ids={"eve", "dee"},
        spans=[],
        media=[],
        direction="sent",
        severity="information",
    )
    made = finding(subject(), "sender", group, parts)
    assert (made.subject, made.affected, made.peer_ids) == ("bob", ["ann", "cy"], ["dee", "eve"])
    assert (made.spans, made.media) == ([], [])
    assert (made.direction, made.severity) == ("sent", "information")


def choice(second: float, name: str = "microphone", label: str | None = "USB") -> DeviceSelection:
    device = Device(device_id="d", kind="audioinput", label=label)
    return DeviceSelection(at=at(second), name=f"selected_{name}_update", device=device)


@pytest.mark.parametrize(
    ("switched_s", "begins_s", "is_near"),
    [
        (60, 60, True),
        (60, 60 + FOLLOWS_MS / SECOND_MS, True),
        (60, 60.001 + FOLLOWS_MS / SECOND_MS, False),
        (60, 59.999, False),
        (WARM_UP_MS / SECOND_MS, 15, False),
        (0.001 + WARM_UP_MS / SECOND_MS, 15, True),
    ],
)
def test_a_device_switch_precedes_an_issue_by_at_most_20_s_and_is_no_first_selection(
    switched_s: float, begins_s: float, is_near: bool
) -> None:
    spans = [(at(begins_s), at(300))]
    found = switch_before(subject(choices=[choice(switched_s)]), spans, "microphone")
    assert (found is not None) is is_near


def test_only_a_switch_of_the_same_device_kind_counts() -> None:
    spans = [(at(70), at(300))]
    assert switch_before(subject(choices=[choice(60, "camera")]), spans, "microphone") is None
    found = switch_before(subject(choices=[choice(60, "camera")]), spans, "camera")
    assert found is not None and (found.kind, found.at) == ("camera", at(60))


def test_of_several_switches_the_last_before_the_issue_counts() -> None:
    choices = [choice(55, label="Old"), choice(65, label=""), choice(80, label="Late")]
    found = switch_before(subject(choices=choices), [(at(70), at(300))], "microphone")
    assert found is not None and (found.at, found.label) == (at(65), None)
