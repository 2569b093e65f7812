"""Issues that Bob, Cyd and Dan report of Ada's streams, while Ada's reports raise none or some."""

from collections.abc import Iterable, Sequence

import pytest
from msgspec.structs import replace

from aftercall.core.quality.attribution.inferred_uplinks import LEAST_UNREPORTED_MS, infer_uplinks
from aftercall.core.quality.attribution.lost_connections import LostConnections
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.issues import Issue, IssueName, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import BAD, comparison_of, received, sent, span

PEOPLE = "abcd"
PICTURE = Family.VIDEO_CONSUMER
LOST = {"loss_percent": 12.0}


def _received_issues(
    name: IssueName = IssueName.POOR_NETWORK_DOWNLINK,
    family: Family = Family.AUDIO_CONSUMER,
    spans: Span = BAD,
) -> dict[str, list[Issue]]:
    return {
        listener: [
            replace(
                single(name, received(listener, "a", family), *spans, dict(LOST)),
                origin="remote",
                caused_by="a",
            )
        ]
        for listener in PEOPLE[1:]
    }


def _own(name: IssueName, spans: Span = BAD) -> Issue:
    return replace(single(name, sent("a"), *spans, dict(LOST)), origin="local")


def _inferred(
    heard: dict[str, list[Issue]], own: Sequence[Issue] = (), comparison: Comparison | None = None
) -> list[Issue]:
    given = comparison_of(PEOPLE, {"a": own}) if comparison is None else comparison
    found = infer_uplinks(given, {"a": own, **heard}, LostConnections(given))
    assert set(found) <= {"a"}
    return found.get("a", [])


def _named(issues: Iterable[Issue]) -> list[tuple[IssueName, Span]]:
    return [(issue.name, (issue.first_at, issue.last_at)) for issue in issues]


def test_an_impairment_at_every_listener_is_an_uplink_issue_of_the_sender() -> None:
    heard = _received_issues()
    heard["b"][0] = replace(heard["b"][0], worst={"loss_percent": 30.0, "rtt_ms": 900.0})
    [found] = _inferred(heard)
    assert _named([found]) == [(IssueName.POOR_NETWORK_UPLINK, BAD)]
    assert (found.origin, found.severity, found.caused_by) == ("local", "warning", None)
    assert found.stream.peer_id == "a"
    assert found.worst == {"loss_percent": 30.0}


def test_one_severe_downlink_issue_makes_the_inferred_uplink_issue_severe() -> None:
    heard = _received_issues()
    heard["c"] = _received_issues(IssueName.SEVERE_NETWORK_DOWNLINK)["c"]
    [found] = _inferred(heard)
    assert (found.name, found.severity) == (IssueName.SEVERE_NETWORK_UPLINK, "severe")


def test_separate_times_are_separate_uplink_issues() -> None:
    later = span(300_000, 400_000)
    heard = {
        listener: [*issues, *_received_issues(spans=later)[listener]]
        for listener, issues in _received_issues().items()
    }
    assert _named(_inferred(heard)) == [
        (IssueName.POOR_NETWORK_UPLINK, BAD),
        (IssueName.POOR_NETWORK_UPLINK, later),
    ]


@pytest.mark.parametrize("origin", ["local", "server", None])
def test_an_issue_of_another_origin_is_no_uplink_issue_of_the_sender(origin: str | None) -> None:
    heard = {
        listener: [replace(issue, origin=origin, caused_by=None) for issue in issues]
        for listener, issues in _received_issues().items()
    }
    assert _inferred(heard) == []


def test_an_uplink_issue_is_added_only_for_unreported_time() -> None:
    for left_ms, found in (
        (LEAST_UNREPORTED_MS, [span(100_000, 120_000)]),
        (LEAST_UNREPORTED_MS - 1, []),
    ):
        own = _own(IssueName.POOR_NETWORK_UPLINK, span(BAD[0] + left_ms, BAD[1]))
        assert _named(_inferred(_received_issues(), [own])) == [
            (IssueName.POOR_NETWORK_UPLINK, spans) for spans in found
        ]


def test_a_lost_connection_of_the_sender_replaces_an_uplink_issue() -> None:
    assert _inferred(_received_issues(), [_own(IssueName.ICE_FAILED)]) == []


@pytest.mark.parametrize(
    ("name", "is_added"),
    [(IssueName.AUDIO_CONCEALMENT, False), (IssueName.POOR_NETWORK_DOWNLINK, True)],
)
def test_a_cpu_limit_of_the_sender_explains_lateness_but_not_loss(
    name: IssueName, is_added: bool
) -> None:
    assert bool(_inferred(_received_issues(name), [_own(IssueName.CPU_LIMITED)])) is is_added


@pytest.mark.parametrize(
    ("own", "names"),
    [
        ([], [IssueName.VIDEO_FROZEN]),
        ([_own(IssueName.HIGH_RTT)], []),
        ([_own(IssueName.TURN_RELAYED_TCP)], [IssueName.POOR_NETWORK_UPLINK]),
    ],
    ids=["nothing", "far away", "relayed"],
)
def test_frozen_video_without_bad_audio_was_sent_frozen_unless_the_rtt_was_long(
    own: Sequence[Issue], names: Sequence[IssueName]
) -> None:
    found = _inferred(_received_issues(IssueName.VIDEO_FROZEN, PICTURE), own)
    assert [issue.name for issue in found] == names


def test_frozen_video_with_bad_audio_is_an_uplink_issue() -> None:
    pictures = _received_issues(IssueName.VIDEO_FROZEN, PICTURE)
    sound = _received_issues(IssueName.AUDIO_CONCEALMENT)
    both = {listener: [*issues, *sound[listener]] for listener, issues in pictures.items()}
    assert _named(_inferred(both)) == [(IssueName.POOR_NETWORK_UPLINK, BAD)]


def test_frozen_video_of_a_sender_without_audio_is_an_uplink_issue() -> None:
    participants = [
        replace(
            participant,
            streams=[t for t in participant.streams if t.family is not Family.AUDIO_PRODUCER],
        )
        for participant in comparison_of(PEOPLE).participants.values()
    ]
    found = _inferred(
        _received_issues(IssueName.VIDEO_FROZEN, PICTURE), comparison=Comparison(participants)
    )
    assert _named(found) == [(IssueName.POOR_NETWORK_UPLINK, BAD)]
