"""The samples of peers that are looked at while their session lasts, accumulated: a later look
reads and folds only what is new."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from cachetools import FIFOCache

from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.quality.report.fold import AccumulatedPeer, PeerFacts, accumulate
from aftercall.core.records import Peer, StoredPeerEvent
from aftercall.store import peer_events, samples
from aftercall.store.engine.database import Database
from aftercall.store.peers import Key
from aftercall.store.samples import LaterSamples, PeerSamples

if TYPE_CHECKING:
    from aftercall.core.quality.report.peer_fold import PeerAccumulator, PeerFold

MOST_BYTES: Final = 192 << 20
"""About fifty people of an hour with 20 streams each. Chosen."""

WATCHED_MS: Final = MINUTE_MS
"""Who was looked at within this time is not dropped for others. In a session of more people than
there is room for, those who have a place keep it, and all others are folded from their first
sample: by least recent use alone, each would be dropped just before it is looked at again."""

FEW_ROWS: Final = 2
"""So many rows are read in less time than a thread takes to begin and end. Chosen."""

KEPT_MS: Final = 5 * MINUTE_MS
"""Who was not looked at for this time is no longer watched. Chosen."""


class _Watched(NamedTuple):
    """What is kept of a peer."""

    samples: "PeerAccumulator"
    last_sequence: int
    events: Sequence[StoredPeerEvent]
    folded: "PeerFold | None"
    """Its last fold, without rows."""
    stay: tuple[EpochMs, EpochMs | None]
    """From when to when it was present, by that fold."""
    looked_at: EpochMs
    size: int


class News(NamedTuple):
    """What came after the last look at peers, by peer."""

    later: Mapping[Key, LaterSamples]
    events: Mapping[str, int]
    """The number of events."""
    since: Mapping[Key, int]
    """The sequence number after which samples were read."""

    def has_samples(self, peer: Peer) -> bool:
        """Whether samples came of a peer that is kept."""
        found = self.later.get((peer.app_id, peer.id))
        return found is not None and bool(found.later.rows)


class WatchedPeers:
    """Keeps accumulated samples, up to a number of bytes in all. A peer's samples are taken out
    while they are folded, so that nobody sees them half added to, and put back as the latest."""

    def __init__(self, *, db: Database, most_bytes: int = MOST_BYTES) -> None:
        self._db = db
        self._kept: FIFOCache[Key, _Watched] = FIFOCache(most_bytes, getsizeof=_size)

    async def news_of(self, peers: Iterable[Peer]) -> News:
        """What came of the peers that are kept, all of one session, in two statements."""
        since = {
            (peer.app_id, peer.id): self._kept[peer.app_id, peer.id].last_sequence
            for peer in peers
            if (peer.app_id, peer.id) in self._kept
        }
        if not since:
            return News({}, {}, since)
        async with self._db.read() as tx:
            later = await samples.read_later(tx, [(*key, last) for key, last in since.items()])
            events = await peer_events.counts_of_peers(tx, list(since))
        return News(later, events, since)

    async def take(self, peer: Peer, news: News) -> AccumulatedPeer:
        """A peer with all its samples and events; `keep` gives it back."""
        kept = self._kept.pop((peer.app_id, peer.id), None)
        if kept is not None:
            found = await self._advance(peer, kept, news)
            if found is not None:
                return found
        return await self._read(peer)

    async def _advance(self, peer: Peer, kept: _Watched, news: News) -> AccumulatedPeer | None:
        """The kept samples with the new ones; `None` unless those all come after the kept ones."""
        key = (peer.app_id, peer.id)
        if news.since.get(key) != kept.last_sequence:
            # Another look has advanced it meanwhile.
            news = await self._news_since(key, kept.last_sequence)
        later, unmerged, is_merged = news.later[key]
        events = kept.events
        if news.events.get(peer.id, 0) != len(events):
            async with self._db.read() as tx:
                events = await peer_events.events_of_peer(tx, *key)
        if is_merged:
            return None
        if not later.rows and len(kept.samples) == unmerged:
            is_same = events is kept.events and kept.stay == _stay(peer)
            return AccumulatedPeer(peer, events, kept.samples, kept.folded if is_same else None)
        if len(later.rows) <= FEW_ROWS:
            is_taken = _take_later(kept.samples, later, unmerged)
        else:
            is_taken = await asyncio.to_thread(_take_later, kept.samples, later, unmerged)
        if not is_taken:
            return None
        return AccumulatedPeer(peer, events, kept.samples)

    async def _news_since(self, key: Key, last_sequence: int) -> News:
        async with self._db.read() as tx:
            later = await samples.read_later(tx, [(*key, last_sequence)])
            events = await peer_events.counts_of_peers(tx, [key])
        return News(later, events, {key: last_sequence})

    async def _read(self, peer: Peer) -> AccumulatedPeer:
        """A peer with its samples from the first on."""
        async with self._db.read() as tx:
            stored = await samples.read_peer(tx, peer.app_id, peer.id)
            events = await peer_events.events_of_peer(tx, peer.app_id, peer.id)
        return await asyncio.to_thread(_accumulate, peer, stored, events)

    def keep(self, each: AccumulatedPeer, folded: "PeerFold", now: EpochMs) -> None:
        """Keep a peer's samples for the next look, if there is room."""
        key = (each.peer.app_id, each.peer.id)
        if each.samples.last_sequence is None:
            return
        made = _Watched(
            samples=each.samples,
            last_sequence=each.samples.last_sequence,
            events=each.events,
            folded=None if folded.depends_on_now else folded.without_rows(),
            stay=_stay(each.peer),
            looked_at=now,
            size=each.samples.nbytes + folded.nbytes,
        )
        self._kept.pop(key, None)
        while self._kept and self._kept.currsize + made.size > self._kept.maxsize:
            oldest = next(iter(self._kept))
            if now - self._kept[oldest].looked_at <= WATCHED_MS:
                return
            del self._kept[oldest]
        if made.size <= self._kept.maxsize:
            self._kept[key] = made

    def drop_unwatched(self, now: EpochMs) -> None:
        """Drop those who are no longer watched."""
        while self._kept:
            oldest = next(iter(self._kept))
            if now - self._kept[oldest].looked_at <= KEPT_MS:
                return
            del self._kept[oldest]


def _take_later(kept: "PeerAccumulator", later: PeerSamples, unmerged: int) -> bool:
    """Add later samples to the kept ones. False, and nothing is added, if others came meanwhile,
    or one of them belongs before a kept one."""
    found = later.decode()
    if len(kept) + len(found) != unmerged or not kept.follows(found):
        return False
    kept.take(found)
    return True


def _accumulate(
    peer: Peer, stored: PeerSamples, events: Sequence[StoredPeerEvent]
) -> AccumulatedPeer:
    return accumulate(PeerFacts(peer=peer, samples=stored.decode(), events=events))


def _stay(peer: Peer) -> tuple[EpochMs, EpochMs | None]:
    return peer.present_from, peer.left_at


def _size(watched: _Watched) -> int:
    return watched.size
