import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from aftercall.core.events import INTERVAL_ASKED
from aftercall.core.instants import EpochMs
from aftercall.core.quality.report.fold import FoldResult, PeerFacts, fold
from aftercall.core.records import LeaveReason
from tests.completed_calls import completed, recorded
from tests.core.quality.peer_builder import StatsObject, peer_of, tag
from tests.core.quality.synthetic_call import Call

SAMPLES = Path(__file__).parents[3] / "samples"


def _rows(folded: FoldResult, family: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(bytes(folded.details.rows[family]))
    return found


def _counted(facts: PeerFacts, member: str, kind: str) -> list[int]:
    """A member of the first stream of a kind in the first and the last report."""
    return [
        next(
            stats[member]
            for connection in msgspec.json.decode(facts.samples[place].body)["connections"]
            for stats in connection["stats"]
            if stats.get("kind") == kind and member in stats
        )
        for place in (0, -1)
    ]


def test_a_call_recorded_by_realtimekits_client_is_folded() -> None:
    sharer, _ = recorded().values()
    folded = fold([sharer], EpochMs(sharer.peer.left_at or 0))
    verdict = folded.verdict
    # Five reports, so four intervals of every stream that was there from the start.
    sent = _rows(folded, "audio_producer")
    assert len(sent) == 4
    first, last = _counted(sharer, "packetsSent", "audio")
    assert sum(row["packets_sent"] for row in sent) == last - first
    # Opus sends a packet every 20 ms.
    assert all(45 < row["packets_sent"] / 7 < 55 for row in sent)
    # This client sends no remote loss: unknown, so not zero.
    assert all("packets_lost" not in row for row in sent)
    assert verdict.cumulative["audio_producer"].packet_loss.avg is None
    assert {row["mos_quality"] for row in sent} == {1.0}
    assert _rows(folded, "screenshare_video_producer")[-1]["frame_width"] >= 1_200
    assert verdict.metadata.browser.name == "Chrome"
    assert (verdict.metadata.encoder.audio, verdict.metadata.encoder.video) == ("opus", "libvpx")
    pairs = verdict.metadata.candidate_pairs
    assert [pair.is_selected for pair in pairs.consuming] == [False, True]
    assert {event.name for event in verdict.metadata.happenings} == {
        "precall_begin",
        "audio_on",
        "video_on",
        "tab_change",
        "disconnect",
    }
    assert verdict.completeness.share == 1.0
    assert not verdict.completeness.end_is_inferred


def test_the_recorded_call_has_the_finding_that_its_counters_show() -> None:
    # By the browsers' own statistics at its end neither played a sample of the sound that came
    # (`totalSamplesReceived` is 0), and both decoded the other's camera, of which one client
    # reported nothing.
    verdicts = completed({id: [facts] for id, facts in recorded().items()}, {})
    for verdict in verdicts.values():
        assert [finding.cause for finding in verdict.diagnosis] == ["audio_not_played"]


def test_an_unreadable_sample_is_counted_and_skipped() -> None:
    call = Call(["ada", "bob"], minutes=2)
    facts = call.facts("ada")
    broken = [structs.replace(facts.samples[3], body=b"{")]
    samples = [*facts.samples[:3], *broken, *facts.samples[4:]]
    folded = fold([structs.replace(facts, samples=samples)], call.end_at)
    assert folded.verdict.completeness.unreadable_samples == 1
    assert len(_rows(folded, "audio_producer")) == len(facts.samples) - 2


@pytest.mark.parametrize(("asked_ms", "reports"), [(3_000, 40), (None, 17)])
def test_samples_are_expected_at_the_requested_interval(asked_ms: int | None, reports: int) -> None:
    call = Call(["ada", "bob"], minutes=2, interval_ms=3_000)
    if asked_ms is not None:
        call.event("ada", 0, INTERVAL_ASKED, interval_ms=asked_ms)
    facts = call.facts("ada")
    joined = structs.replace(facts, peer=structs.replace(facts.peer, interval_ms=7_000))
    verdict = fold([joined], call.end_at).verdict
    assert verdict.completeness.expected_samples == reports
    assert verdict.completeness.share == 1.0
    assert verdict.metadata.happenings == []


def test_the_peers_of_a_participant_are_folded_together() -> None:
    call = Call(["ada", "bob"], minutes=2)
    one, other = call.facts("ada"), call.facts("bob")
    both = fold([other, one], call.end_at)
    each = [fold([facts], call.end_at) for facts in (one, other)]
    for family in ("audio_producer", "video_consumer"):
        rows = [row for folded in each for row in _rows(folded, family)]
        assert sorted(map(str, _rows(both, family))) == sorted(map(str, rows))
    assert both.verdict.completeness.arrived_samples == 2 * len(one.samples)
    assert [span.peer_id for span in both.verdict.spans] == ["ada", "bob"]


def test_a_participant_without_samples_has_a_verdict() -> None:
    call = Call(["ada"], minutes=2)
    folded = fold([structs.replace(call.facts("ada"), samples=[])], call.end_at)
    assert folded.verdict.cumulative == {}
    assert folded.verdict.completeness.share == 0
    assert [issue.name for issue in folded.verdict.issues] == ["stats_gap"]
    assert _rows(folded, "audio_producer") == []


def test_a_source_without_samples_has_no_completeness() -> None:
    call = Call(["ada"], minutes=2)
    facts = call.facts("ada")
    silent = structs.replace(facts, samples=[], peer=structs.replace(facts.peer, interval_ms=0))
    completeness = fold([silent], call.end_at).verdict.completeness
    assert (completeness.share, completeness.gaps) == (None, [])


def test_a_hidden_page_is_complete_with_half_the_samples() -> None:
    call = Call(["ada"], minutes=7)
    facts = call.facts("ada")
    halved = [
        structs.replace(sample, body=b'{"page_hidden":true,' + sample.body[1:])
        for sample in facts.samples[::2]
    ]
    hidden = fold([structs.replace(facts, samples=halved)], call.end_at).verdict.completeness
    assert (hidden.expected_samples, hidden.share, hidden.gaps) == (30, 1.0, [])
    shown = structs.replace(facts, samples=facts.samples[::2])
    completeness = fold([shown], call.end_at).verdict.completeness
    assert (completeness.expected_samples, completeness.share) == (60, 0.5)


def test_completeness_has_dropped_entries_and_an_inferred_end() -> None:
    call = Call(["ada"], minutes=2)
    call.event("ada", 50, "entries_dropped", count=3)
    call.event("ada", 90, "entries_dropped", count=8)
    facts = call.facts("ada")
    peer = structs.replace(facts.peer, left_reason=LeaveReason.SILENCE)
    completeness = fold([structs.replace(facts, peer=peer)], call.end_at).verdict.completeness
    assert completeness.dropped_entries == 8
    assert completeness.end_is_inferred


def test_importing_the_app_does_not_import_numpy() -> None:
    program = "import sys, aftercall.app; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


@given(st.permutations(range(12)), st.lists(st.integers(0, 11), max_size=6))
@settings(max_examples=20, deadline=None)
def test_order_and_repetition_of_samples_do_not_matter(order: list[int], again: list[int]) -> None:
    facts = _SHORT.facts("ada")
    expected = fold([facts], _SHORT.end_at)
    shuffled = [facts.samples[place] for place in (*order, *again)]
    folded = fold([structs.replace(facts, samples=shuffled)], _SHORT.end_at)
    assert folded.details == expected.details
    assert folded.verdict.cumulative == expected.verdict.cumulative


_SHORT = Call(["ada", "bob"], minutes=11 * 7 / 60 + 0.01)


def test_the_first_packet_time_is_extrapolated_from_the_first_counters() -> None:
    counted = {"packetsReceived": 350, "bytesReceived": 28_000}
    found_ones = StatsObject(
        type="inbound-rtp", id="I", fixed={"kind": "audio", "ssrc": 7}, steps=[counted] * 4
    )
    whole = peer_of([found_ones])
    began_at = whole.samples[0].at
    for facts in (whole, structs.replace(whole, samples=whole.samples[1:])):
        (reception,) = fold([facts], whole.samples[-1].at).details.receptions
        assert (reception.audio.first_at, reception.audio.last_at) == (
            began_at,
            whole.samples[-1].at,
        )


def test_the_first_packet_is_not_before_the_join() -> None:
    counted = {"packetsReceived": 350, "bytesReceived": 28_000}
    found_ones = StatsObject(
        type="inbound-rtp", id="I", fixed={"kind": "audio", "ssrc": 7}, steps=[counted] * 9
    )
    facts = peer_of([found_ones], begin_s=1)
    late = structs.replace(facts, samples=facts.samples[4:])
    joined_at = EpochMs(facts.samples[3].at)
    late = structs.replace(late, peer=structs.replace(facts.peer, joined_at=joined_at))
    (reception,) = fold([late], facts.samples[-1].at).details.receptions
    assert reception.audio.first_at == joined_at


def test_a_sent_stream_without_producer_id_is_identified_by_its_track() -> None:
    source = StatsObject(
        type="media-source", id="S", fixed={"kind": "audio", "trackIdentifier": "mic"}, steps=[{}]
    )
    sent = StatsObject(
        type="outbound-rtp",
        id="O",
        fixed={"kind": "audio", "ssrc": 7, "mediaSourceId": "S"},
        steps=[{"packetsSent": 350, "bytesSent": 28_000}] * 2,
    )
    named = tag("send", 7, "microphone", producer_id="p-1")
    for things, tags, name in (
        ([sent, source], [], "mic"),
        ([sent], [], "O"),
        ([sent, source], [named], "p-1"),
    ):
        facts = peer_of(things, tags=tags)
        rows = json.loads(bytes(fold([facts], EpochMs(0)).details.rows["audio_producer"]))
        assert {row["producer_id"] for row in rows} == {name}
