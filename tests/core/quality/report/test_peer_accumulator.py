"""A fold that is continued with later samples equals one of all samples from the first."""

import json
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from aftercall.core.instants import EpochMs
from aftercall.core.overview.digest import digest_of
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.report.fold import (
    AccumulatedPeer,
    PeerFacts,
    PeersFold,
    accumulate,
    fold_peers,
)
from aftercall.core.quality.report.peer_fold import PeerAccumulator
from aftercall.core.records import StoredPeerEvent, StoredSample
from tests.completed_calls import recorded
from tests.core.quality.public_cases import stored_facts
from tests.core.quality.report_histories import Report, histories
from tests.core.quality.synthetic_call import CALL_START, Call, PeerConditions, always, between
from tests.sample_cases import CASES

EVENTS: tuple[tuple[str, dict[str, str]], ...] = (
    ("audio_off", {}),
    ("audio_on", {}),
    ("video_track_muted", {}),
    ("video_off", {}),
    ("ice_connection_state", {"connection": "pc", "state": "disconnected"}),
    ("ice_connection_state", {"connection": "pc", "state": "connected"}),
    ("browser_backgrounded", {}),
    ("browser_foregrounded", {}),
    ("video_on", {}),
    ("local_description", {"connection": "other", "type": "offer"}),
)


def assert_same(one: PeersFold, other: PeersFold) -> None:
    """Both folds give the same report, byte by byte, and the same to compare."""
    assert one.verdict == other.verdict
    # Twice, since the second one finds all rows written.
    assert one.details(keeps_rows=True) == other.details()
    assert one.details(keeps_rows=True) == other.details()
    assert one.activity == other.activity
    assert (one.streams, one.screenshare_at) == (other.streams, other.screenshare_at)
    assert (one.scores.refs, one.scores.families) == (other.scores.refs, other.scores.families)
    for name in ("stream_index", "starts", "ends", "mos"):
        np.testing.assert_array_equal(getattr(one.scores, name), getattr(other.scores, name))


def assert_brief_is_enough(whole: PeersFold, brief: PeersFold) -> None:
    """A brief fold gives the same digest, and the same to compare."""
    scale = TimeScale(from_at=CALL_START, bucket_ms=10_000, buckets=12)
    of_whole, of_brief = (digest_of(each.verdict, scale, []) for each in (whole, brief))
    assert of_whole == of_brief
    assert whole.verdict.issues == brief.verdict.issues
    assert whole.activity == brief.activity


def assert_continued(facts: PeerFacts, looks: Sequence[int]) -> None:
    """At each look, a number of samples, what was accumulated folds as the samples so far."""
    peer = structs.replace(facts.peer, left_at=None)
    samples = PeerAccumulator(peer.id)
    for look in looks:
        samples.take(facts.samples[len(samples) : look])
        # Of some streams the last row stays as it is.
        samples.pack(least_rows=2)
        seen = facts.samples[:look]
        now = EpochMs(seen[-1].at + 1_500) if seen else peer.present_from
        events = [event for event in facts.events if event.at <= now]
        so_far = PeerFacts(peer=peer, samples=seen, events=events)
        found = fold_peers([AccumulatedPeer(peer, events, samples)], now)
        assert_same(found, fold_peers([accumulate(so_far)], now))
        assert_brief_is_enough(
            found, fold_peers([AccumulatedPeer(peer, events, samples)], now, is_brief=True)
        )
        [(_, fold)] = found.peers
        if not fold.depends_on_now:
            later = EpochMs(now + 60_000)
            known = AccumulatedPeer(peer, events, samples, fold)
            assert_same(fold_peers([known], later), fold_peers([accumulate(so_far)], later))


def facts_of_reports(reports: Sequence[Report], events: Sequence[StoredPeerEvent]) -> PeerFacts:
    samples = [
        StoredSample(
            peer_id="ada", sequence=number, at=each.at, received_at=each.at, body=each.body
        )
        for number, each in enumerate(reports)
    ]
    joined_at = reports[0].at
    peer = Call(["ada"], minutes=0.1).peer("ada")
    peer = structs.replace(peer, joined_at=joined_at, first_heard_at=joined_at, left_at=None)
    return PeerFacts(peer=peer, samples=samples, events=events)


@st.composite
def _events(draw: st.DrawFn) -> list[StoredPeerEvent]:
    found = []
    for number, place in enumerate(draw(st.lists(st.integers(0, len(EVENTS) - 1), max_size=4))):
        at = EpochMs(CALL_START + draw(st.integers(0, 60_000)))
        name, data = EVENTS[place]
        found.append(
            StoredPeerEvent(
                app_id="app",
                session_id="session",
                peer_id="ada",
                id=f"event-{number}",
                name=name,
                at=at,
                received_at=at,
                data=dict(data),
            )
        )
    return found


@given(histories(max_reports=9), _events(), st.data())
@settings(deadline=None)
def test_any_history_in_any_looks(
    reports: list[Report], events: list[StoredPeerEvent], data: st.DataObject
) -> None:
    looks = sorted(data.draw(st.sets(st.integers(0, len(reports)), min_size=1)))
    assert_continued(facts_of_reports(reports, events), looks)


@cache
def _calls() -> dict[str, PeerFacts]:
    """Peers of simulated calls with trouble, and of the recorded one."""
    trouble = {
        "ada": between(20, 60, PeerConditions(up_loss=0.2, rtt_s=0.5)),
        "bob": between(30, 80, PeerConditions(camera_on=False, level=0.0)),
        "cyd": always(PeerConditions(relay="tcp", is_cpu_bound=True, freezes=0.3)),
    }
    call = Call(trouble, minutes=2)
    call.event("ada", 15, "audio_off")
    call.event("ada", 40, "audio_on")
    call.event("bob", 30, "video_track_muted")
    call.event("cyd", 50, "ice_connection_state", connection="pc", state="disconnected")
    call.event("cyd", 70, "ice_connection_state", connection="pc", state="connected")
    return {**{name: call.facts(name) for name in trouble}, **recorded()}


@given(st.data())
@settings(deadline=None, max_examples=20)
def test_simulated_and_recorded_calls_in_any_looks(data: st.DataObject) -> None:
    facts = _calls()[data.draw(st.sampled_from(sorted(_calls())))]
    looks = data.draw(st.sets(st.integers(0, len(facts.samples)), min_size=1, max_size=5))
    assert_continued(facts, sorted(looks))


def _cases() -> Iterator[str]:
    for path in sorted(CASES.glob("*.json")):
        stated: dict[str, Any] = json.loads(path.read_text())
        if "samples" in stated or "multi" in stated:
            yield path.stem.partition("-")[0]


@pytest.mark.parametrize("name", list(_cases()))
def test_public_cases_looked_at_after_each_sample(name: str) -> None:
    facts = stored_facts(name)
    assert_continued(facts, range(len(facts.samples) + 1))


def test_a_participant_of_several_peers_is_continued_as_one() -> None:
    first, second = _calls()["ada"], _calls()["bob"]
    whole = [accumulate(first), accumulate(second)]
    samples = PeerAccumulator(second.peer.id)
    parts = [accumulate(first), AccumulatedPeer(second.peer, second.events, samples)]
    for look in (3, 9, len(second.samples)):
        samples.take(second.samples[len(samples) : look])
    now = EpochMs(second.samples[-1].at)
    assert_same(fold_peers(parts, now), fold_peers(whole, now))


def test_samples_that_belong_before_others_do_not_follow_them() -> None:
    facts = _calls()["ada"]
    samples = PeerAccumulator("ada")
    samples.take(facts.samples[:5])
    assert samples.follows(facts.samples[5:])
    assert samples.follows([])
    assert not samples.follows(facts.samples[4:])
    assert not samples.follows(facts.samples[2:3])
    assert samples.last_sequence == facts.samples[4].sequence
