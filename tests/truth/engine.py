"""The real way of a call's reports: taken in by the collect protocol, folded, compared."""

import json
from typing import Any

from aftercall.core.events import Identity, PeerJoined, PeerLeft, PeerNoted, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.core.quality.attribution.verdicts import complete
from aftercall.core.quality.report import PeerFacts, Verdict, fold
from aftercall.core.records import LeaveReason, Peer, PeerNote, StoredSample
from aftercall.ingest.collect_batch import read_batch
from aftercall.ingest.collector import translate
from tests.truth.moving import played
from tests.truth.people import Person, Scene
from tests.truth.reporting import Entry, entries, peer_id

MOST_ENTRIES = 200


def verdicts(scene: Scene) -> dict[str, Verdict]:
    """What the program says of everybody in a call, by name."""
    play = played(scene)
    chains: dict[str, list[PeerFacts]] = {}
    end_at = EpochMs(0)
    for person in scene.people:
        facts = _facts(scene, person, entries(play, person))
        chains.setdefault(scene.participant(person.name), []).append(facts)
        end_at = max(end_at, facts.peer.left_at or end_at)
    folded = {name: fold(chain, end_at) for name, chain in chains.items()}
    return complete(
        {name: each.verdict for name, each in folded.items()},
        {name: each.traces for name, each in folded.items()},
        {name: name.capitalize() for name in folded},
        end_at,
    )


def _facts(scene: Scene, person: Person, own: list[Entry]) -> PeerFacts:
    whose = peer_id(scene, person.name)
    events: list[Any] = []
    for number in range(0, len(own), MOST_ENTRIES):
        batch = own[number : number + MOST_ENTRIES]
        sent_at = batch[-1]["at"]
        body = {"v": 1, "peer_id": whose, "sent_at": sent_at, "entries": batch}
        translation = translate(
            read_batch(json.dumps(body).encode()),
            app_id="app",
            meeting_id="meeting",
            identity=Identity(user_id=person.name, display_name=person.name.capitalize()),
            privacy=Privacy.FULL,
            received_at=EpochMs(sent_at),
        )
        if translation.rejected:
            raise ValueError(f"an entry of {scene.name} was refused: {translation.rejected[0]}")
        events += translation.events
    samples = [
        StoredSample(
            peer_id=whose,
            sequence=event.sequence,
            at=event.at,
            received_at=event.at,
            body=event.body,
        )
        for event in events
        if isinstance(event, SampleTaken)
    ]
    notes = [
        PeerNote(
            app_id="app",
            session_id="session",
            peer_id=whose,
            id=event.id,
            at=event.at,
            received_at=event.at,
            name=event.name,
            data=event.data,
        )
        for event in events
        if isinstance(event, PeerNoted)
    ]
    return PeerFacts(peer=_peer(scene, person, events), samples=samples, notes=notes)


def _peer(scene: Scene, person: Person, events: list[Any]) -> Peer:
    joined = next(event for event in events if isinstance(event, PeerJoined))
    left = next(event for event in events if isinstance(event, PeerLeft))
    return Peer(
        app_id="app",
        session_id="session",
        meeting_id="meeting",
        id=joined.peer_id,
        participant_id=scene.participant(person.name),
        previous_peer_id=joined.previous_peer_id,
        user_id=joined.identity.user_id,
        display_name=joined.identity.display_name,
        source="collector",
        interval_ms=joined.interval_ms,
        joined_at=joined.at,
        left_said_at=left.at,
        first_heard_at=joined.at,
        last_heard_at=left.at,
        last_received_at=left.at,
        left_at=left.at,
        left_reason=LeaveReason.SAID,
        created_at=joined.at,
        updated_at=left.at,
    )
