"""From the bodies that sources send during a call to the completed reports of all participants."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from aftercall.core.events import AnyEvent, Identity, PeerEvent, PeerJoined, PeerLeft, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.core.quality.report.cross_participant_pass import complete
from aftercall.core.quality.report.fold import FoldResult, PeerFacts, Verdict, fold
from aftercall.core.records import LeaveReason, Peer, StoredPeerEvent, StoredSample
from aftercall.ingest import collector, realtimekit_callstats
from tests.ingest.translation import translate

RECORDING: Final = Path(__file__).parent / "samples" / "realtimekit-callstats-30s.json"
INTERVAL_MS: Final = 7_000
MOST_ENTRIES: Final = 200
"""The most entries in a batch of the collect protocol."""


def collected(
    peer_id: str,
    entries: Sequence[Mapping[str, Any]],
    *,
    identity: Identity | None = None,
    privacy: Privacy = Privacy.FULL,
) -> list[AnyEvent]:
    """The facts of a collector's entries, which are numbered and in order of time. Raises
    `ValueError` if an entry is rejected."""
    events: list[AnyEvent] = []
    for start in range(0, len(entries), MOST_ENTRIES):
        batch = entries[start : start + MOST_ENTRIES]
        sent_at = max(entry["at"] for entry in batch)
        body = {"v": 1, "peer_id": peer_id, "sent_at": sent_at, "entries": batch}
        translation = translate(
            collector,
            json.dumps(body).encode(),
            identity=identity,
            privacy=privacy,
            received_at=sent_at,
        )
        if translation.rejected:
            raise ValueError(f"an entry of {peer_id} was refused: {translation.rejected[0]}")
        events += translation.events
    return events


def recorded() -> dict[str, PeerFacts]:
    """The facts of the call that RealtimeKit's own client recorded, by peer."""
    events: dict[str, list[AnyEvent]] = {}
    for sent in json.loads(RECORDING.read_text())["sent"]:
        body = json.dumps(sent["body"]).encode()
        translation = translate(realtimekit_callstats, body, received_at=sent["at"] + 30)
        events.setdefault(translation.peer_id or "", []).extend(translation.events)
    return {
        peer_id: facts_of(peer_id, own, source="realtimekit_callstats")
        for peer_id, own in events.items()
    }


def facts_of(
    peer_id: str,
    events: Sequence[AnyEvent],
    *,
    source: str = "collector",
    interval_ms: int | None = None,
    participant_id: str | None = None,
) -> PeerFacts:
    """A peer that has left, with its samples and peer events. It was present from its join to its
    leave, or from its first sample to its last where neither was sent."""
    join = next((event for event in events if isinstance(event, PeerJoined)), None)
    sampled = [event.at for event in events if isinstance(event, SampleTaken)]
    start_at = min(sampled) if join is None else join.at
    end_at = max((e.at for e in events if isinstance(e, PeerLeft)), default=max(sampled))
    if interval_ms is None:
        interval_ms = (join.interval_ms if join else None) or INTERVAL_MS
    peer = Peer(
        app_id="app",
        session_id="session",
        meeting_id="meeting",
        id=peer_id,
        participant_id=participant_id or peer_id,
        previous_peer_id=join.previous_peer_id if join else None,
        user_id=join.identity.user_id if join else None,
        display_name=join.identity.display_name if join else None,
        source=source,
        interval_ms=interval_ms,
        joined_at=start_at,
        left_said_at=end_at,
        first_heard_at=start_at,
        last_heard_at=end_at,
        last_received_at=end_at,
        left_at=end_at,
        left_reason=LeaveReason.SAID,
        created_at=start_at,
        updated_at=end_at,
    )
    return PeerFacts(peer=peer, samples=samples_of(events), events=peer_events_of(events))


def samples_of(events: Iterable[AnyEvent]) -> list[StoredSample]:
    return [
        StoredSample(
            peer_id=event.peer_id,
            sequence=event.sequence,
            at=event.at,
            received_at=event.at,
            body=event.body,
        )
        for event in events
        if isinstance(event, SampleTaken)
    ]


def peer_events_of(events: Iterable[AnyEvent]) -> list[StoredPeerEvent]:
    return [
        StoredPeerEvent(
            app_id="app",
            session_id="session",
            peer_id=event.peer_id,
            id=event.id,
            at=event.at,
            received_at=event.at,
            name=event.name,
            data=event.data,
        )
        for event in events
        if isinstance(event, PeerEvent)
    ]


def folded(participants: Mapping[str, Sequence[PeerFacts]]) -> dict[str, FoldResult]:
    """The fold of each participant, from the facts of its peers."""
    end_at = end_of(participants)
    return {
        row_id: fold(participant_peers, end_at)
        for row_id, participant_peers in participants.items()
    }


def compared(
    reports: Mapping[str, FoldResult], names: Mapping[str, str], end_at: EpochMs
) -> dict[str, Verdict]:
    """The verdicts of a session whose participants have been compared with each other."""
    return dict(
        complete(
            {row_id: each.verdict for row_id, each in reports.items()},
            {row_id: each.activity for row_id, each in reports.items()},
            names,
            end_at,
        )
    )


def completed(
    participants: Mapping[str, Sequence[PeerFacts]], names: Mapping[str, str]
) -> dict[str, Verdict]:
    """The verdicts of a session, from the facts of each participant's peers."""
    return compared(folded(participants), names, end_of(participants))


def end_of(participants: Mapping[str, Sequence[PeerFacts]]) -> EpochMs:
    """The time at which the last peer left."""
    return max(
        facts.peer.left_at or facts.peer.last_heard_at
        for participant_peers in participants.values()
        for facts in participant_peers
    )
