"""Voices and pictures of which there is no stream at all."""

from collections.abc import Iterable

import pytest
from msgspec import structs

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import (
    ConnectionActivity,
    Sized,
    Span,
    StreamActivity,
)
from aftercall.core.quality.attribution.origin import attribute
from aftercall.core.quality.comparison.comparison import Session
from aftercall.core.quality.comparison.parties import Party
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.link import Family
from tests.core.quality.attribution.streams import trace_of

CALL: Span = (EpochMs(0), EpochMs(300_000))


def _stream(
    who: str, family: Family, *, sender: str | None = None, when: Span = CALL
) -> StreamActivity:
    return trace_of(
        StreamRef(peer_id=who, family=family.value, from_peer_id=sender),
        life=when,
        flowing=[when],
        voiced=[when] if family is Family.AUDIO_PRODUCER else [],
    )


def _call(people: str, without: Iterable[str], kind: str = "audio") -> Session:
    """Everybody sends to everybody, but for what the pairs name: `ba` is Ada's at Bob."""
    sent, heard = Family(f"{kind}_producer"), Family(f"{kind}_consumer")
    return Session(
        Party(
            row_id=who,
            peer_ids=frozenset({who}),
            issues=[],
            traces=[
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


def _missed(session: Session, name: IssueName) -> dict[str, list[str | None]]:
    return {
        row_id: [i.stream.from_peer_id for i in issues if i.name is name]
        for row_id, issues in attribute(session).items()
        if any(i.name is name for i in issues)
    }


def test_a_voice_without_a_stream_is_missed_from_the_first_second() -> None:
    session = _call("abc", {"ba"})
    assert _missed(session, IssueName.ONE_WAY_AUDIO) == {"b": ["a"]}
    [issue] = attribute(session)["b"]
    assert (issue.first_at, issue.last_at) == CALL


def test_where_nothing_else_is_heard_there_is_no_sound_at_all() -> None:
    assert _missed(_call("ab", {"ba"}), IssueName.NO_AUDIO_RECEIVED) == {"b": ["a"]}


def test_reports_that_list_no_stream_though_media_came_tell_of_no_absence() -> None:
    session = _call("ab", {"ba"})
    [connection] = session.parties["b"].connections
    connection.quiet = [CALL]
    assert _missed(session, IssueName.NO_AUDIO_RECEIVED) == {"b": ["a"]}
    connection.quiet, connection.busy = [], [CALL]
    assert _missed(session, IssueName.NO_AUDIO_RECEIVED) == {}


@pytest.mark.parametrize(
    ("kind", "name"), [("audio", "one_way_audio"), ("video", "no_video_received")]
)
def test_a_stream_that_may_be_among_what_is_listed_nowhere_is_not_missed(
    kind: str, name: str
) -> None:
    session = _call("abc", {"ba"}, kind)
    [connection] = session.parties["b"].connections
    connection.unlisted = [(CALL[0], EpochMs(CALL[1] // 3))]
    assert _missed(session, IssueName(name)) == {"b": ["a"]}
    connection.unlisted = [CALL]
    assert _missed(session, IssueName(name)) == {}


def test_where_nobody_lists_what_was_received_nobody_misses_anybody() -> None:
    assert not any(attribute(_call("ab", {"ab", "ba"})).values())


HOLES = [50_000, 90_000, 130_000]
"""When reports lack a stream that the next ones list again."""


def _listed(until_s: float, since_s: float = 300.0, holes: Iterable[int] = ()) -> Session:
    """Ada's stream at Bob is listed until and since then, but for the holes."""
    session = _call("abc", ())
    for each in session.parties["b"].traces:
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
    return session


@pytest.mark.parametrize(
    ("until_s", "holes", "is_missed"),
    [(280, [], True), (290, [], False), (265, HOLES, False), (200, HOLES, True)],
)
def test_a_stream_that_was_listed_is_missed_the_later_the_more_often_reports_lack_one(
    until_s: int, holes: list[int], is_missed: bool
) -> None:
    found = attribute(_listed(until_s, holes=holes))["b"]
    assert [(i.name, i.first_at, i.last_at) for i in found] == [
        (IssueName.ONE_WAY_AUDIO, until_s * 1_000, CALL[1]) for _ in [is_missed] if is_missed
    ]


def test_a_stream_that_comes_again_was_missed_until_it_was_listed() -> None:
    [issue] = attribute(_listed(100, 160))["b"]
    assert (issue.first_at, issue.last_at) == (100_000, 153_000)
    assert attribute(_listed(100, 114))["b"] == []


def test_a_stream_in_whose_place_another_is_listed_is_not_missed() -> None:
    later = _stream("b", Family.AUDIO_CONSUMER, sender="a", when=(EpochMs(107_000), CALL[1]))
    parties = [
        structs.replace(party, traces=[*party.traces, later]) if party.row_id == "b" else party
        for party in _listed(100).parties.values()
    ]
    assert attribute(Session(parties))["b"] == []


@pytest.mark.parametrize(
    ("voiced", "missed"),
    [
        ([(100, 112), (130, 145), (170, 176)], [(90, 200)]),
        ([(100, 108), (130, 138)], []),
        ([(20, 88)], []),
    ],
)
def test_a_dry_stream_is_missed_for_as_long_as_it_is_if_enough_was_spoken(
    voiced: list[tuple[int, int]], missed: list[tuple[int, int]]
) -> None:
    session = _call("ab", ())
    for party in session.parties.values():
        for each in party.traces:
            if each.family is Family.AUDIO_PRODUCER and party.row_id == "a":
                each.voiced = [(EpochMs(s * 1_000), EpochMs(e * 1_000)) for s, e in voiced]
            if each.family is Family.AUDIO_CONSUMER and party.row_id == "b":
                each.flowing = [(CALL[0], EpochMs(90_000)), (EpochMs(200_000), CALL[1])]
                each.dry = [(EpochMs(90_000), EpochMs(200_000))]
    found = [(i.first_at / 1_000, i.last_at / 1_000) for i in attribute(session)["b"]]
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
def test_who_holds_the_call_misses_nobody(
    unsent: tuple[int, int] | None, is_picture_dry: bool, is_missed: bool
) -> None:
    """Bob receives no sound from 100 s to 200 s."""
    dry: Span = (EpochMs(100_000), EpochMs(200_000))
    session = _call("ab", ())
    bob = session.parties["b"]
    picture = _stream("b", Family.VIDEO_CONSUMER, sender="a")
    for each in (*bob.traces, picture):
        gap = None
        if each.family is Family.AUDIO_PRODUCER and unsent is not None:
            gap = (EpochMs(unsent[0] * 1_000), EpochMs(unsent[1] * 1_000))
        elif each.family is Family.AUDIO_CONSUMER or (each is picture and is_picture_dry):
            gap, each.dry = dry, [dry]
        if gap is not None:
            each.flowing = [
                span for span in ((CALL[0], gap[0]), (gap[1], CALL[1])) if span[0] < span[1]
            ]
    parties = [
        structs.replace(bob, traces=[*bob.traces, picture]) if party is bob else party
        for party in session.parties.values()
    ]
    found = attribute(Session(parties))["b"]
    assert [(i.first_at, i.last_at) for i in found] == [dry for _ in [0] if is_missed]


def test_everybody_who_hears_everybody_misses_nobody() -> None:
    assert not any(attribute(_call("abcd", ())).values())


def test_a_camera_that_all_others_see_is_missed_by_the_one_who_does_not() -> None:
    assert _missed(_call("abc", {"ba"}, "video"), IssueName.NO_VIDEO_RECEIVED) == {"b": ["a"]}


@pytest.mark.parametrize(
    "without",
    [("ba", "cb"), ("ba", "bc", "bd"), ("ba", "ca", "da")],
    ids=["each lacks another", "one sees nobody", "nobody sees one"],
)
def test_a_room_that_chooses_what_to_send_hides_nothing(without: tuple[str, ...]) -> None:
    assert _missed(_call("abcd", without, "video"), IssueName.NO_VIDEO_RECEIVED) == {}


def test_a_camera_that_is_held_back_from_the_others_is_missed_by_nobody() -> None:
    """Of the last speakers' pictures in a large room; Bob came when Ada no longer spoke."""
    session = _call("abcd", {"ba"}, "video")
    for party in session.parties.values():
        for each in party.traces:
            if each.ref.from_peer_id == "a" and party.row_id == "c":
                each.flowing, each.dry = [(CALL[0], EpochMs(90_000))], [(EpochMs(90_000), CALL[1])]
    assert _missed(session, IssueName.NO_VIDEO_RECEIVED) == {}


def test_who_lost_the_connection_is_the_reason_why_nobody_heard() -> None:
    session = _call("abc", ())
    outage: Span = (EpochMs(100_000), EpochMs(130_000))
    parties = []
    for party in session.parties.values():
        issues: list[Issue] = []
        if party.row_id == "a":
            issues = [single(IssueName.ICE_RECONNECTING, StreamRef(peer_id="a"), *outage)]
        traces = []
        for each in party.traces:
            if "a" in (party.row_id, each.ref.from_peer_id) and "consumer" in each.family:
                each.flowing = [(CALL[0], outage[0]), (outage[1], CALL[1])]
                each.dry = [outage]
            traces.append(each)
        parties.append(
            Party(
                row_id=party.row_id,
                peer_ids=party.peer_ids,
                issues=issues,
                traces=traces,
                connections=party.connections,
            )
        )
    found = attribute(Session(parties))
    assert [issue.name for issue in found["a"]] == [IssueName.ICE_RECONNECTING]
    assert {(i.origin, i.caused_by) for i in (*found["b"], *found["c"])} == {("remote", "a")}


SMALL: Span = (EpochMs(100_000), EpochMs(200_000))


def _sizes(is_small: bool) -> list[Sized]:
    if not is_small:
        return [Sized(*CALL, 18)]
    return [
        Sized(CALL[0], SMALL[0], 18),
        Sized(*SMALL, 16),
        Sized(SMALL[1], CALL[1], 18),
    ]


@pytest.mark.parametrize(
    ("small", "narrow"),
    [("ba bc bd", "b"), ("ba ca da", ""), ("ba", ""), ("ba bc", "")],
    ids=["all at one", "one at all", "one at one", "all but the one that is looked at"],
)
def test_pictures_that_shrink_at_one_listener_alone_are_its_downlink(
    small: str, narrow: str
) -> None:
    session = _call("abcd", (), "video")
    for who, party in session.parties.items():
        for each in party.traces:
            if each.ref.from_peer_id is not None:
                each.sizes = _sizes(who + each.ref.from_peer_id in small.split())
    found = attribute(session)
    rows = {
        row_id
        for row_id, issues in found.items()
        for issue in issues
        if issue.name is IssueName.NARROW_DOWNLINK and (issue.first_at, issue.last_at) == SMALL
    }
    assert rows == set(narrow)
