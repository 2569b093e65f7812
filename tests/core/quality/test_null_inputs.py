"""A missing value is no evidence: leaving any members out of the samples of a clean call raises no
issue."""

from collections.abc import Collection
from random import Random
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import PeerFacts, Verdict, fold
from tests.core.quality.synthetic_call import Call

CLEAN = Call(["ada", "bob"], minutes=2)
NAMED = frozenset({"id", "type", "timestamp", "kind", "ssrc"})
"""The members that identify an object; all others are measurements."""
SAID = sorted(
    {
        (stats["type"], name)
        for sample in CLEAN.facts("ada").samples
        for connection in msgspec.json.decode(sample.body)["connections"]
        for stats in connection["stats"]
        for name in stats.keys() - NAMED
    }
)


def _verdicts(participants: dict[str, list[PeerFacts]]) -> dict[str, Verdict]:
    each = {
        name: fold(participant_peers, CLEAN.end_at)
        for name, participant_peers in participants.items()
    }
    return dict(
        complete(
            {name: one.verdict for name, one in each.items()},
            {name: one.activity for name, one in each.items()},
            {name: name for name in each},
            CLEAN.end_at,
        )
    )


def _without(
    facts: PeerFacts, erased: Collection[tuple[str, str]], *, share: float, dice: Random
) -> PeerFacts:
    """Without these members in a share of the reports."""
    samples = []
    for sample in facts.samples:
        body: Any = msgspec.json.decode(sample.body)
        for stats in body["connections"][0]["stats"]:
            for type_, name in erased:
                if stats["type"] == type_ and dice.random() < share:
                    stats.pop(name, None)
        samples.append(structs.replace(sample, body=msgspec.json.encode(body)))
    return structs.replace(facts, samples=samples)


def test_a_clean_call_has_no_issue() -> None:
    assert all(verdict.issues == [] for verdict in _verdicts(CLEAN.facts_by_participant()).values())


@given(
    st.sets(st.sampled_from(SAID), min_size=1, max_size=6),
    st.sampled_from([0.2, 0.5, 1.0]),
    st.integers(0, 2**32),
)
@settings(max_examples=50)
def test_missing_members_raise_no_issue(
    erased: set[tuple[str, str]], share: float, seed: int
) -> None:
    dice = Random(seed)
    participants = {
        name: [_without(facts, erased, share=share, dice=dice) for facts in participant_peers]
        for name, participant_peers in CLEAN.facts_by_participant().items()
    }
    for verdict in _verdicts(participants).values():
        assert verdict.issues == []


@given(
    st.sets(st.sampled_from(sorted({type_ for type_, _ in SAID})), min_size=1),
    st.sampled_from([0.2, 1.0]),
    st.integers(0, 2**32),
)
@settings(max_examples=30)
def test_missing_stats_objects_raise_no_issue(types: set[str], share: float, seed: int) -> None:
    dice = Random(seed)

    def without(facts: PeerFacts) -> PeerFacts:
        samples = []
        for sample in facts.samples:
            body: Any = msgspec.json.decode(sample.body)
            connection = body["connections"][0]
            connection["stats"] = [
                stats
                for stats in connection["stats"]
                if stats["type"] not in types or dice.random() >= share
            ]
            samples.append(structs.replace(sample, body=msgspec.json.encode(body)))
        return structs.replace(facts, samples=samples)

    participants = {
        n: [without(facts) for facts in participant_peers]
        for n, participant_peers in CLEAN.facts_by_participant().items()
    }
    for verdict in _verdicts(participants).values():
        assert verdict.issues == []


def test_empty_reports_raise_no_issue() -> None:
    every = set(SAID)
    dice = Random(0)
    participants = {
        name: [_without(facts, every, share=1, dice=dice) for facts in participant_peers]
        for name, participant_peers in CLEAN.facts_by_participant().items()
    }
    for verdict in _verdicts(participants).values():
        assert verdict.issues == []
        assert all(block.mos_estimated.avg is None for block in verdict.cumulative.values())


def test_a_stream_that_every_other_report_lists_is_not_missing() -> None:
    def without(facts: PeerFacts) -> PeerFacts:
        samples = []
        for number, sample in enumerate(facts.samples):
            body: Any = msgspec.json.decode(sample.body)
            connection = body["connections"][0]
            if number > 10 and number % 2 == 0:
                connection["stats"] = [
                    stats
                    for stats in connection["stats"]
                    if (stats["type"], stats.get("kind")) != ("inbound-rtp", "audio")
                ]
            samples.append(structs.replace(sample, body=msgspec.json.encode(body)))
        return structs.replace(facts, samples=samples)

    participants = CLEAN.facts_by_participant()
    participants["ada"] = [without(facts) for facts in participants["ada"]]
    for verdict in _verdicts(participants).values():
        assert verdict.issues == []
