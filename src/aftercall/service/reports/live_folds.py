"""Folds of participants whose session lasts, kept for seconds: many readers, one fold."""

import asyncio
from collections.abc import Sequence
from typing import Final, NamedTuple

from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.quality.report.fold import FoldResult, PeerFacts, fold
from aftercall.core.records import Participant, Peer
from aftercall.service.keyed_locks import KeyedLocks
from aftercall.service.reports.document import Report
from aftercall.store import peer_events, samples
from aftercall.store.engine.database import Database

FRESH_MS: Final = 2 * SECOND_MS
"""How old a live report may be. Reports come every few seconds, so a reader who asks more often
would get the same."""

MOST_LIVE: Final = 64
"""Live reports kept at most; each is up to a few megabytes."""


class LiveFold(NamedTuple):
    """A participant's fold, and when it was made."""

    folded_at: EpochMs
    folded: FoldResult
    report: Report | None = None
    """Of the participant alone, once somebody has asked for it."""


class LiveFolds:
    """Folds participants on request and keeps each fold while it is fresh."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._kept: dict[tuple[str, str], LiveFold] = {}
        self._locks: KeyedLocks[tuple[str, str]] = KeyedLocks()

    async def find(self, participant: Participant, participant_peers: Sequence[Peer]) -> LiveFold:
        """A participant's fold, at most two seconds old."""
        key = (participant.app_id, participant.id)
        async with self._locks.of(key):
            kept = self._kept.get(key)
            now = self._clock()
            if kept is not None and now - kept.folded_at <= FRESH_MS:
                return kept
            facts = [await facts_of(self._db, peer) for peer in participant_peers]
            made = LiveFold(now, await asyncio.to_thread(fold, facts, now))
            self.keep(participant, made)
            return made

    def keep(self, participant: Participant, made: LiveFold) -> None:
        """Keep a fold, and drop those that are no longer fresh, or too many."""
        key = (participant.app_id, participant.id)
        self._kept.pop(key, None)
        self._kept[key] = made
        stale = [k for k, v in self._kept.items() if made.folded_at - v.folded_at > FRESH_MS]
        oldest = list(self._kept)[: max(0, len(self._kept) - MOST_LIVE)]
        for each in {*stale, *oldest}:
            del self._kept[each]


async def facts_of(db: Database, peer: Peer) -> PeerFacts:
    """The samples and events of a peer."""
    async with db.read() as tx:
        return PeerFacts(
            peer=peer,
            samples=await samples.of_peer(tx, peer.app_id, peer.id),
            events=await peer_events.events_of_peer(tx, peer.app_id, peer.id),
        )
