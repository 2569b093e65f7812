"""Calls of the simulator, second by second, and what is said of its guests."""

from typing import Any

import msgspec
import pytest

from aftercall.cli.simulation.call import Call, Said
from aftercall.cli.simulation.weather import Kind
from aftercall.core.quality.attribution.verdicts import complete
from aftercall.core.quality.report import PeerFacts, Verdict, fold
from aftercall.core.quality.rules.issues import IssueName
from aftercall.core.records import LeaveReason, Peer, PeerNote, StoredSample
from tests.core.quality.cast import TEN

EXPECTED = {
    Kind.GOOD: set[str](),
    Kind.LOSSY_UPLINK: {"uplink"},
    Kind.CONGESTED_DOWNLINK: {"downlink"},
    Kind.SLOW_CPU: {"cpu"},
    Kind.TURN_TCP: {"relay_tcp"},
    Kind.SILENT_MICROPHONE: {"silent_microphone"},
}
"""What must be said of each, and nothing else."""


def _sample(peer_id: str, entry: dict[str, Any]) -> StoredSample:
    members = ("connections", "streams", "page_hidden")
    body = {name: entry[name] for name in members if name in entry}
    return StoredSample(
        peer_id=peer_id,
        sequence=entry["seq"],
        at=entry["at"],
        received_at=entry["at"],
        body=msgspec.json.encode(body),
    )


def _note(peer_id: str, entry: dict[str, Any]) -> PeerNote:
    own = {name: value for name, value in entry.items() if name not in ("seq", "at", "type")}
    return PeerNote(
        app_id="app",
        session_id="session",
        peer_id=peer_id,
        id=str(entry["seq"]),
        at=entry["at"],
        received_at=entry["at"],
        name=entry.get("name", "describe"),
        data=entry.get("data", own),
    )


def _facts(peer_id: str, entries: list[dict[str, Any]]) -> PeerFacts:
    first, last = entries[0]["at"], entries[-1]["at"]
    peer = Peer(
        app_id="app",
        session_id="session",
        meeting_id="meeting",
        id=peer_id,
        participant_id=peer_id,
        source="collector",
        interval_ms=7_000,
        joined_at=first,
        left_said_at=last,
        first_heard_at=first,
        last_heard_at=last,
        last_received_at=last,
        left_at=last,
        left_reason=LeaveReason.SAID,
        created_at=first,
        updated_at=last,
    )
    return PeerFacts(
        peer=peer,
        samples=[_sample(peer_id, e) for e in entries if e["type"] == "sample"],
        notes=[_note(peer_id, e) for e in entries if e["type"] in ("event", "describe")],
    )


def _played(seed: int, *kinds: Kind) -> list[tuple[Kind, Verdict]]:
    call = Call(
        seed=seed,
        number=1,
        participants=len(kinds),
        length_s=600,
        interval_s=7,
        begin_ms=TEN,
        kinds=kinds,
    )
    said: list[Said] = [each for _, batch in call.play() for each in batch]
    entries: dict[str, list[dict[str, Any]]] = {}
    guests: dict[str, Kind] = {}
    for each in said:
        entries.setdefault(each.peer.id, []).append(each.entry)
        guests[each.peer.id] = call.guests[each.guest].weather.kind
    folded = {peer_id: fold([_facts(peer_id, own)], TEN) for peer_id, own in entries.items()}
    verdicts = complete(
        {peer_id: each.verdict for peer_id, each in folded.items()},
        {peer_id: each.traces for peer_id, each in folded.items()},
        {peer_id: peer_id for peer_id in folded},
        TEN,
    )
    return [(guests[peer_id], verdict) for peer_id, verdict in verdicts.items()]


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_good_weather_raises_nothing(seed: int) -> None:
    for _, verdict in _played(seed, *[Kind.GOOD] * 4):
        assert {issue.name for issue in verdict.issues} <= {IssueName.CAMERA_MUTED}
        assert verdict.diagnosis == []


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_weather_is_named_and_nobody_else_is_blamed(seed: int) -> None:
    for kind, verdict in _played(seed, *EXPECTED):
        blamed = {f.cause for f in verdict.diagnosis if f.severity != "information"}
        assert blamed == EXPECTED[kind], kind


@pytest.mark.parametrize("seed", [1, 2])
def test_one_bad_guest_among_good_ones_is_the_only_one_blamed(seed: int) -> None:
    for bad in (Kind.LOSSY_UPLINK, Kind.CONGESTED_DOWNLINK, Kind.TURN_TCP):
        for kind, verdict in _played(seed, bad, *[Kind.GOOD] * 3):
            blamed = {f.cause for f in verdict.diagnosis if f.severity != "information"}
            assert blamed == EXPECTED[kind], (bad, kind)
