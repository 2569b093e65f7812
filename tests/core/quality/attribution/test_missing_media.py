"""Audio and video for which there is no stream at all."""

from collections.abc import Iterable

import pytest
from msgspec import structs

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import (
    ConnectionActivity,
    FrameSizeSpan,
    StreamActivity,
)
from aftercall.core.quality.attribution.origin import AttributedIssues
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from aftercall.core.spans import Span
from tests.core.quality.comparison_builder import activity_of

CALL: Span = (EpochMs(0), EpochMs(300_000))


def _stream(
    who: str, family: Family, *, sender: str | None = None, spans: Span = CALL
) -> StreamActivity:
    return activity_of(
        StreamRef(peer_id=who, family=family.value, from_peer_id=sender),
        life=spans,
        flowing=[spans],
        voiced=[spans] if family is Family.AUDIO_PRODUCER else [],
    )


def _call(people: str, without: Iterable[str], kind: str = "audio") -> Comparison:
    """Every participant sends to all others, except for the given pairs: `ba` is what Bob received
    from Ada."""
    sent, heard = Family(f"{kind}_producer"), Family(f"{kind}_consumer")
    return Comparison(
        ComparedParticipant(
            participant_id=who,
            peer_ids=frozenset({who}),
            issues=[],
            streams=[
                _stream(who, sent),
                *(
                    _stream(who, heard, sender=other)
                    for other in people.replace(who, "")
                    if who + other not in without
                ),
            ],
            connections=[
                ConnectionActivity(peer_id=who, connection_id="pc", reported=[CALL], pace_ms=7_000)
            ],
        )
        for who in people
    )


def _missed(comparison: Comparison, name: IssueName) -> dict[str, list[str | None]]:
    return {
        participant_id: [i.stream.from_peer_id for i in issues if i.name is name]
        for participant_id, issues in AttributedIssues(comparison).items()
        if any(i.name is name for i in issues)
    }


def test_audio_without_a_stream_is_missing_from_the_first_second() -> None:
    comparison = _call("abc", {"ba"})
    assert _missed(comparison, IssueName.ONE_WAY_AUDIO) == {"b": ["a"]}
    [issue] = AttributedIssues(comparison)["b"]
    assert (issue.first_at, issue.last_at) == CALL


def test_without_any_other_audio_no_audio_is_received() -> None:
    assert _missed(_call("ab", {"ba"}), IssueName.NO_AUDIO_RECEIVED) == {"b": ["a"]}


def test_issues_are_the_same_whenever_they_are_asked_for() -> None:
    found = AttributedIssues(_call("abcd", {"ab", "cd"}))
    first = dict(found)
    assert sum(map(len, first.values())) == 2
    assert dict(found) == first


def test_samples_without_streams_prove_no_absence_if_bytes_arrived() -> None:
    comparison = _call("ab", {"ba"})
    [connection] = comparison.participants["b"].connections
    connection.quiet = [CALL]
    assert _missed(comparison, IssueName.NO_AUDIO_RECEIVED) == {"b": ["a"]}
    connection.quiet, connection.busy = [], [CALL]
    assert _missed(comparison, IssueName.NO_AUDIO_RECEIVED) == {}


@pytest.mark.parametrize(
    ("kind", "name"), [("audio", "one_way_audio"), ("video", "no_video_received")]
)
def test_a_stream_that_may_be_among_the_unlisted_bytes_is_not_missing(kind: str, name: str) -> None:
    comparison = _call("abc", {"ba"}, kind)
    [connection] = comparison.participants["b"].connections
    connection.unlisted = [(CALL[0], EpochMs(CALL[1] // 3))]
    assert _missed(comparison, IssueName(name)) == {"b": ["a"]}
    connection.unlisted = [CALL]
    assert _missed(comparison, IssueName(name)) == {}


def test_no_media_is_missing_if_no_participant_lists_received_streams() -> None:
    assert not any(AttributedIssues(_call("ab", {"ab", "ba"})).values())


HOLES = [50_000, 90_000, 130_000]
"""The times at which samples lack a stream that the next ones list again."""


def _listed(until_s: float, since_s: float = 300.0, holes: Iterable[int] = ()) -> Comparison:
    """Ada's stream at Bob is listed until and since then, but for the holes."""
    comparison = _call("abc", ())
    for each in comparison.participants["b"].streams:
        if each.ref.from_peer_id == "a":
            edges = [
                0,
                *(edge for at in holes for edge in (at, at + 14_000)),
                round(until_s * 1_000),
            ]
            edges += [round(since_s * 1_000), 300_000]
            each.listed = [
                (EpochMs(start), EpochMs(end))
                for start, end in zip(edges[::2], edges[1::2], strict=True)
                if start < end
            ]
            each.flowing = each.listed
    return comparison


@pytest.mark.parametrize(
    ("until_s", "holes", "is_missed"),
    [(280, [], True), (290, [], False), (265, HOLES, False), (200, HOLES, True)],
)
def test_a_vanished_stream_counts_as_missing_later_if_samples_often_lacked_streams(
    until_s: int, holes: list[int], is_missed: bool
) -> None:
    found = AttributedIssues(_listed(until_s, holes=holes))["b"]
    assert [(i.name, i.first_at, i.last_at) for i in found] == [
        (IssueName.ONE_WAY_AUDIO, until_s * 1_000, CALL[1]) for _ in [is_missed] if is_missed
    ]


def test_a_stream_that_returns_was_missing_until_it_is_listed_again() -> None:
    [issue] = AttributedIssues(_listed(100, 160))["b"]
    assert (issue.first_at, issue.last_at) == (100_000, 153_000)
    assert AttributedIssues(_listed(100, 114))["b"] == []


def test_a_stream_replaced_by_another_is_not_missing() -> None:
    later = _stream("b", Family.AUDIO_CONSUMER, sender="a", spans=(EpochMs(107_000), CALL[1]))
    participants = [
        structs.replace(participant, streams=[*participant.streams, later])
        if participant.participant_id == "b"
        else participant
        for participant in _listed(100).participants.values()
    ]
    assert AttributedIssues(Comparison(participants))["b"] == []


@pytest.mark.parametrize(
    ("voiced", "missed"),
    [
        ([(100, 112), (130, 145), (170, 176)], [(90, 200)]),
        ([(100, 108), (130, 138)], []),
        ([(20, 88)], []),
    ],
)
def test_a_stalled_audio_stream_is_missing_if_the_sender_spoke_enough(
    voiced: list[tuple[int, int]], missed: list[tuple[int, int]]
) -> None:
    comparison = _call("ab", ())
    for participant in comparison.participants.values():
        for each in participant.streams:
            if each.family is Family.AUDIO_PRODUCER and participant.participant_id == "a":
                each.voiced = [(EpochMs(s * 1_000), EpochMs(e * 1_000)) for s, e in voiced]
            if each.family is Family.AUDIO_CONSUMER and participant.participant_id == "b":
                each.flowing = [(CALL[0], EpochMs(90_000)), (EpochMs(200_000), CALL[1])]
                each.stalled = [(EpochMs(90_000), EpochMs(200_000))]
    found = [(i.first_at / 1_000, i.last_at / 1_000) for i in AttributedIssues(comparison)["b"]]
    assert found == missed


@pytest.mark.parametrize(
    ("unsent", "is_picture_dry", "is_missed"),
    [
        ((104, 200), True, False),
        ((104, 200), False, True),
        ((60, 200), True, True),
        ((0, 300), True, True),
        (None, True, True),
    ],
    ids=["hold", "sound alone", "muted before", "never spoke", "speaks on"],
)
def test_a_participant_on_hold_misses_no_media(
    unsent: tuple[int, int] | None, is_picture_dry: bool, is_missed: bool
) -> None:
    """Bob receives no audio from 100 s to 200 s."""
    stalled: Span = (EpochMs(100_000), EpochMs(200_000))
    comparison = _call("ab", ())
    bob = comparison.participants["b"]
    picture = _stream("b", Family.VIDEO_CONSUMER, sender="a")
    for each in (*bob.streams, picture):
        gap = None
        if each.family is Family.AUDIO_PRODUCER and unsent is not None:
            gap = (EpochMs(unsent[0] * 1_000), EpochMs(unsent[1] * 1_000))
        elif each.family is Family.AUDIO_CONSUMER or (each is picture and is_picture_dry):
            gap, each.stalled = stalled, [stalled]
        if gap is not None:
            each.flowing = [
                span for span in ((CALL[0], gap[0]), (gap[1], CALL[1])) if span[0] < span[1]
            ]
    participants = [
        structs.replace(bob, streams=[*bob.streams, picture]) if participant is bob else participant
        for participant in comparison.participants.values()
    ]
    found = AttributedIssues(Comparison(participants))["b"]
    assert [(i.first_at, i.last_at) for i in found] == [stalled for _ in [0] if is_missed]


def test_no_media_is_missing_if_every_stream_arrives() -> None:
    assert not any(AttributedIssues(_call("abcd", ())).values())


def test_a_camera_that_all_other_listeners_receive_is_missing_at_the_one_who_does_not() -> None:
    assert _missed(_call("abc", {"ba"}, "video"), IssueName.NO_VIDEO_RECEIVED) == {"b": ["a"]}


@pytest.mark.parametrize(
    "without",
    [("ba", "cb"), ("ba", "bc", "bd"), ("ba", "ca", "da")],
    ids=["each lacks another", "one sees nobody", "nobody sees one"],
)
def test_video_that_a_server_does_not_forward_is_not_missing(without: tuple[str, ...]) -> None:
    assert _missed(_call("abcd", without, "video"), IssueName.NO_VIDEO_RECEIVED) == {}


def test_a_camera_that_the_server_paused_for_every_listener_is_not_missing() -> None:
    """A large room forwards the video of the last speakers; Bob joined when Ada no longer spoke."""
    comparison = _call("abcd", {"ba"}, "video")
    for participant in comparison.participants.values():
        for each in participant.streams:
            if each.ref.from_peer_id == "a" and participant.participant_id == "c":
                each.flowing, each.stalled = (
                    [(CALL[0], EpochMs(90_000))],
                    [(EpochMs(90_000), CALL[1])],
                )
    assert _missed(comparison, IssueName.NO_VIDEO_RECEIVED) == {}


def test_audio_missing_during_the_senders_outage_is_attributed_to_the_sender() -> None:
    comparison = _call("abc", ())
    outage: Span = (EpochMs(100_000), EpochMs(130_000))
    participants = []
    for participant in comparison.participants.values():
        issues: list[Issue] = []
        if participant.participant_id == "a":
            issues = [single(IssueName.ICE_RECONNECTING, StreamRef(peer_id="a"), *outage)]
        activities = []
        for each in participant.streams:
            if (
                "a" in (participant.participant_id, each.ref.from_peer_id)
                and "consumer" in each.family
            ):
                each.flowing = [(CALL[0], outage[0]), (outage[1], CALL[1])]
                each.stalled = [outage]
            activities.append(each)
        participants.append(
            ComparedParticipant(
                participant_id=participant.participant_id,
                peer_ids=participant.peer_ids,
                issues=issues,
                streams=activities,
                connections=participant.connections,
            )
        )
    found = AttributedIssues(Comparison(participants))
    assert [issue.name for issue in found["a"]] == [IssueName.ICE_RECONNECTING]
    assert {(i.origin, i.caused_by) for i in (*found["b"], *found["c"])} == {("remote", "a")}


SMALL: Span = (EpochMs(100_000), EpochMs(200_000))


def _sizes(is_small: bool) -> list[FrameSizeSpan]:
    if not is_small:
        return [FrameSizeSpan(*CALL, 18)]
    return [
        FrameSizeSpan(CALL[0], SMALL[0], 18),
        FrameSizeSpan(*SMALL, 16),
        FrameSizeSpan(SMALL[1], CALL[1], 18),
    ]


@pytest.mark.parametrize(
    ("small", "narrow"),
    [("ba bc bd", "b"), ("ba ca da", ""), ("ba", ""), ("ba bc", "")],
    ids=["all at one", "one at all", "one at one", "all but the one that is looked at"],
)
def test_video_that_shrinks_at_one_listener_only_is_attributed_to_its_downlink(
    small: str, narrow: str
) -> None:
    comparison = _call("abcd", (), "video")
    for who, participant in comparison.participants.items():
        for each in participant.streams:
            if each.ref.from_peer_id is not None:
                each.sizes = _sizes(who + each.ref.from_peer_id in small.split())
    found = AttributedIssues(comparison)
    rows = {
        participant_id
        for participant_id, issues in found.items()
        for issue in issues
        if issue.name is IssueName.NARROW_DOWNLINK and (issue.first_at, issue.last_at) == SMALL
    }
    assert rows == set(narrow)
