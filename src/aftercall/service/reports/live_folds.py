"""Folds of participants whose session lasts: many readers share one fold, and a later fold reads
only what came since the one before."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from cachetools import FIFOCache

from aftercall.core.instants import SECOND_MS, Clock, EpochMs
from aftercall.core.overview.digest import screenshare_spans
from aftercall.core.quality.activity.stream_activity import PeerActivity
from aftercall.core.quality.activity.stream_matching import StreamId
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.report.fold import (
    AccumulatedPeer,
    FoldResult,
    PeersFold,
    Verdict,
    fold_peers,
)
from aftercall.core.records import Participant, Peer
from aftercall.core.spans import Span
from aftercall.service.keyed_locks import KeyedLocks
from aftercall.service.reports.document import Report
from aftercall.service.reports.watched_peers import News, WatchedPeers
from aftercall.store.engine.database import Database

if TYPE_CHECKING:
    from aftercall.core.quality.experience.mos_over_time import StreamMoments

FRESH_MS: Final = 2 * SECOND_MS
"""How old a live report may be. Reports come every few seconds, so a reader who asks more often
would get the same."""

MOST_BYTES: Final = 64 << 20
"""Of live reports in all; each is up to a few megabytes. Chosen."""


class LiveFold(NamedTuple):
    """A participant's fold, and when it was made."""

    folded_at: EpochMs
    folded: FoldResult
    report: Report | None = None
    """Of the participant alone, once somebody has asked for it."""

    @property
    def nbytes(self) -> int:
        """Bytes in memory, roughly."""
        return sum(memoryview(rows).nbytes for rows in self.folded.details.rows.values())


class LiveFigures(NamedTuple):
    """What comparing participants, and a digest, need of one of them."""

    verdict: Verdict
    activity: PeerActivity
    moments: "StreamMoments"
    screenshare: list[Span]
    streams: list[StreamId]


class LiveFolds:
    """Folds participants on request and keeps each fold while it is fresh."""

    def __init__(self, *, db: Database, clock: Clock) -> None:
        self._clock = clock
        self._watched = WatchedPeers(db=db)
        self._kept: FIFOCache[tuple[str, str], LiveFold] = FIFOCache(
            MOST_BYTES, getsizeof=attrgetter("nbytes")
        )
        self._locks: KeyedLocks[tuple[str, str]] = KeyedLocks()

    async def find(self, participant: Participant, participant_peers: Sequence[Peer]) -> LiveFold:
        """A participant's fold, at most two seconds old."""
        key = (participant.app_id, participant.id)
        async with self._locks.of(key):
            kept = self._kept.get(key)
            now = self._clock()
            if kept is not None and now - kept.folded_at <= FRESH_MS:
                return kept
            news = await self._watched.news_of(participant_peers)
            peers = await self._take(participant_peers, news)
            folded, result = await asyncio.to_thread(_fold, peers, now)
            self._put_back(folded, now)
            made = LiveFold(now, result)
            self.keep(participant, made)
            return made

    def keep(self, participant: Participant, made: LiveFold) -> None:
        """Keep a fold, and drop those that are no longer fresh, and the oldest ones above the
        size."""
        key = (participant.app_id, participant.id)
        self._kept.pop(key, None)
        self._drop_stale(made.folded_at)
        if made.nbytes <= self._kept.maxsize:
            self._kept[key] = made

    def drop_unwatched(self) -> None:
        """Drop what nobody has looked at for a while."""
        now = self._clock()
        self._drop_stale(now)
        self._watched.drop_unwatched(now)

    def _drop_stale(self, now: EpochMs) -> None:
        stale = [key for key, made in self._kept.items() if now - made.folded_at > FRESH_MS]
        for each in stale:
            del self._kept[each]

    async def figures_of(
        self,
        rows: Sequence[Participant],
        peers_of: Mapping[str, Sequence[Peer]],
        scale: TimeScale,
    ) -> dict[str, LiveFigures]:
        """The figures of a session's participants as of now, by participant, made one after the
        other; `peers_of` holds the peers of each, and who has none has no figures."""
        news = await self._watched.news_of(
            [peer for row in rows for peer in peers_of.get(row.id, ())]
        )
        made: dict[str, LiveFigures] = {}
        for row in rows:
            if row.id in peers_of:
                async with self._locks.of((row.app_id, row.id)):
                    now = self._clock()
                    peers = await self._take(peers_of[row.id], news)
                    folded, made[row.id] = await asyncio.to_thread(_figures, peers, scale, now)
                    self._put_back(folded, now)
        return made

    async def fold_ahead(
        self,
        rows: Sequence[Participant],
        peers_of: Mapping[str, Sequence[Peer]],
        rest: Callable[[float], Awaitable[None]],
    ) -> None:
        """Fold those whose samples are kept and of whom more came, so that the next look at the
        session finds them folded. After each, `rest` is awaited with the seconds that it took."""
        news = await self._watched.news_of(
            [peer for row in rows for peer in peers_of.get(row.id, ())]
        )
        loop = asyncio.get_running_loop()
        for row in rows:
            own = peers_of.get(row.id, ())
            if not any(map(news.has_samples, own)):
                continue
            began_s = loop.time()
            async with self._locks.of((row.app_id, row.id)):
                now = self._clock()
                peers = await self._take(own, news)
                self._put_back(await asyncio.to_thread(_fold_briefly, peers, now), now)
            await rest(loop.time() - began_s)

    async def _take(self, peers: Sequence[Peer], news: News) -> list[AccumulatedPeer]:
        return [await self._watched.take(peer, news) for peer in peers]

    def _put_back(self, folded: PeersFold, now: EpochMs) -> None:
        for peer, fold in folded.peers:
            self._watched.keep(peer, fold, now)


def _fold(peers: Sequence[AccumulatedPeer], now: EpochMs) -> tuple[PeersFold, FoldResult]:
    # A known fold is without rows.
    folded = fold_peers([each._replace(known=None) for each in peers], now)
    _pack(peers)
    return folded, folded.result(keeps_rows=True)


def _pack(peers: Sequence[AccumulatedPeer]) -> None:
    for each in peers:
        each.samples.pack()


def _fold_briefly(peers: Sequence[AccumulatedPeer], now: EpochMs) -> PeersFold:
    folded = fold_peers(peers, now, is_brief=True)
    _pack(peers)
    return folded


def _figures(
    peers: Sequence[AccumulatedPeer], scale: TimeScale, now: EpochMs
) -> tuple[PeersFold, LiveFigures]:
    from aftercall.core.quality.experience.mos_over_time import moments_of  # noqa: PLC0415 - numpy

    folded = _fold_briefly(peers, now)
    return folded, LiveFigures(
        verdict=folded.verdict,
        activity=folded.activity,
        moments=moments_of(folded.scores, scale),
        screenshare=screenshare_spans(folded.screenshare_at, scale),
        streams=folded.streams,
    )
