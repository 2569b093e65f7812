"""The origin of lost connections, between browsers and with a server."""

import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_activity import ConnectionActivity, StreamActivity
from aftercall.core.quality.attribution.lost_connections import AFTERMATH_MS, LostConnections
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.comparison import Comparison
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.comparison_builder import BAD, CALL, activity_of, comparison_of, sent, span


def _lost(who: str, other: str) -> Issue:
    ref = StreamRef(peer_id=who, connection_id=f"to {other}")
    return single(IssueName.ICE_FAILED, ref, *BAD)


def _participant(name: str, people: str, lost: str) -> ComparedParticipant:
    others = people.replace(name, "")
    return ComparedParticipant(
        participant_id=name,
        peer_ids=frozenset({name}),
        issues=[_lost(name, other) for other in lost],
        streams=[each for other in others for each in _activities(name, other)],
        connections=[
            ConnectionActivity(peer_id=name, connection_id=f"to {other}", reported=[CALL])
            for other in others
        ],
    )


def _activities(name: str, other: str) -> list[StreamActivity]:
    return [
        activity_of(
            StreamRef(
                peer_id=name,
                connection_id=f"to {other}",
                family=family.value,
                ssrc=1_000 * ord(listener) + ord(sender),
            )
        )
        for family, sender, listener in (
            (Family.AUDIO_PRODUCER, name, other),
            (Family.AUDIO_CONSUMER, other, name),
        )
    ]


def _mesh(**lost: str) -> LostConnections:
    """Browsers that are connected straight; `lost` are the far ends each lost."""
    people = "".join(lost)
    return LostConnections(
        Comparison(_participant(name, people, others) for name, others in lost.items())
    )


@pytest.mark.parametrize(
    ("lost", "culprits"),
    [
        ({"a": "bc", "b": "a", "c": "a"}, {"ba": "a", "ca": "a", "ab": None, "ac": None}),
        ({"a": "bc", "b": "ac", "c": "ab"}, {"ba": None, "ab": None, "bc": None}),
        ({"a": "b", "b": "a", "c": ""}, {"ab": None, "ba": None}),
        ({"a": "b", "b": "a"}, {"ab": None, "ba": None}),
        ({"a": "b", "b": ""}, {"ab": None, "ba": None}),
    ],
    ids=["one lost all", "all lost all", "one of two", "the only one", "one end of the only one"],
)
def test_a_lost_connection_is_attributed_to_the_far_end_that_lost_nearly_all(
    lost: dict[str, str], culprits: dict[str, str | None]
) -> None:
    outages = _mesh(**lost)
    for pair, culprit in culprits.items():
        who = pair[0]
        issue = _lost(who, pair[1])
        assert outages.culprit_of(issue, who) == culprit
        origin = "local" if culprit is None else "remote"
        found = outages.with_origin(issue, who)
        assert (found.origin, found.caused_by) == (origin, culprit)


def test_a_participants_outages_are_those_it_caused() -> None:
    outages = _mesh(a="bc", b="a", c="a")
    assert (outages.of("a"), outages.of("b")) == ([BAD], [])


def test_a_lost_connection_to_a_server_is_attributed_to_its_client() -> None:
    issue = single(IssueName.ICE_RECONNECTING, sent("a"), *BAD)
    outages = LostConnections(comparison_of("abc", {"a": [issue]}))
    assert outages.culprit_of(issue, "a") is None
    assert (outages.of("a"), outages.of("b")) == ([BAD], [])


@pytest.mark.parametrize(
    ("start", "end", "is_explained"),
    [
        (BAD[0], BAD[1], True),
        (BAD[1], BAD[1] + 2 * AFTERMATH_MS, True),
        (BAD[1], BAD[1] + 2 * AFTERMATH_MS + 1, False),
        (BAD[0] - 10_000, BAD[0], False),
    ],
    ids=["during", "half in the aftermath", "mostly later", "before"],
)
def test_an_outage_explains_issues_until_its_aftermath_ends(
    start: EpochMs, end: EpochMs, is_explained: bool
) -> None:
    outages = LostConnections(
        comparison_of("abc", {"a": [single(IssueName.ICE_FAILED, sent("a"), *BAD)]})
    )
    assert outages.explain("a", span(start, end)) is is_explained
    assert not outages.explain("b", span(start, end))
