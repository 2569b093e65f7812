"""Live folds that are continued equal folds of everything that is stored, whatever comes when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.time_scale import scale_of
from aftercall.core.quality.report.fold import AccumulatedPeer, PeerFacts, fold
from aftercall.core.records import Participant, Peer, StoredPeerEvent, StoredSample
from aftercall.service.reports.live_folds import FRESH_MS, LiveFolds
from aftercall.service.reports.peer_reports import Reports
from aftercall.service.reports.watched_peers import KEPT_MS, WATCHED_MS, WatchedPeers
from aftercall.store import participants, peer_events, peers, samples
from aftercall.store.engine.database import Database
from aftercall.store.samples import SampleRow
from tests.core.quality.synthetic_call import CALL_START, Call, PeerConditions, always, between
from tests.store.merging import merge
from tests.stored_calls import PEOPLE, lossy_call, store_call

BAD = between(20, 60, PeerConditions(up_loss=0.2, rtt_s=0.5))


def _call() -> Call:
    call = Call({"ada": BAD, "bob": always(PeerConditions(relay="tcp")), "cyd": BAD}, minutes=2)
    call.event("ada", 15, "audio_off")
    call.event("ada", 40, "audio_on")
    call.event("bob", 30, "ice_connection_state", connection="pc", state="disconnected")
    call.event("bob", 50, "ice_connection_state", connection="pc", state="connected")
    return call


@dataclass
class Watched:
    """A live session whose facts come bit by bit, and what looks at it."""

    db: Database
    call: Call = field(default_factory=_call)
    now: EpochMs = CALL_START

    def __post_init__(self) -> None:
        self.live = LiveFolds(db=self.db, clock=lambda: self.now)
        self.reports = Reports(db=self.db, clock=lambda: self.now)

    async def begin(self) -> None:
        """Everybody has joined and sent a first report."""
        await store_call(self.db, lossy_call(minutes=0.05), "app", is_live=True)

    async def receive(
        self, name: str, found: Iterable[StoredSample], events: Iterable[StoredPeerEvent] = ()
    ) -> None:
        """Store what came together: samples with consecutive numbers share a row."""
        async with self.db.write() as tx:
            await peer_events.append(tx, events)
            rows = [
                SampleRow("app", name, "session", s.sequence, s.at, self.now, s.body) for s in found
            ]
            seen = await samples.known(tx, [("app", name, row.sequence) for row in rows])
            await samples.append(
                tx, [row for row in rows if ("app", name, row.sequence) not in seen]
            )

    async def rows(self) -> tuple[list[Participant], dict[str, list[Peer]]]:
        async with self.db.read() as tx:
            every = await peers.peers_of_session(tx, "app", "session")
            people = await participants.participants_of_session(tx, "app", "session")
        peers_of: dict[str, list[Peer]] = {}
        for peer in every:
            peers_of.setdefault(peer.participant_id, []).append(peer)
        return people, peers_of

    async def assert_fresh(self) -> None:
        """Reports and digests equal those of who looks for the first time."""
        self.now = EpochMs(self.now + FRESH_MS + 1)
        people, peers_of = await self.rows()
        scale = scale_of(CALL_START, EpochMs(self.now))
        others = Reports(db=self.db, clock=lambda: self.now)
        expected = await others.digests_together(people, peers_of, scale)
        assert await self.reports.digests_together(people, peers_of, scale) == expected
        for row in people:
            own = peers_of.get(row.id, [])
            if own:
                facts = [await self._facts(peer) for peer in own]
                found = (await self.live.find(row, own)).folded
                afresh = fold(facts, self.now)
                assert found.verdict == afresh.verdict
                assert found.details == afresh.details
                assert found.activity == afresh.activity

    async def _facts(self, peer: Peer) -> PeerFacts:
        async with self.db.read() as tx:
            return PeerFacts(
                peer=peer,
                samples=await samples.of_peer(tx, "app", peer.id),
                events=await peer_events.events_of_peer(tx, "app", peer.id),
            )


@pytest.fixture
async def watched(db: Database) -> Watched:
    made = Watched(db)
    await made.begin()
    return made


def _arrivals(found: Sequence[StoredSample], dice: Random) -> list[StoredSample]:
    """Samples as they come over a bad network: some late, some twice."""
    late = {sample.sequence: dice.choice([0, 0, 0, 0, 0, 3, 8]) for sample in found}
    arrived = sorted(found, key=lambda s: (found.index(s) + late[s.sequence], s.sequence))
    again = dice.sample(arrived, len(arrived) // 4)
    for sample in again:
        arrived.insert(dice.randrange(len(arrived) + 1), sample)
    return arrived


async def _without_rest(_took_s: float) -> None:
    """For `fold_ahead`."""


@pytest.mark.parametrize("seed", range(3))
async def test_facts_in_any_order_with_repeats(watched: Watched, seed: int) -> None:
    dice = Random(seed)
    waiting = {
        name: (_arrivals(watched.call.facts(name).samples, dice), watched.call.facts(name).events)
        for name in PEOPLE
    }
    for _ in range(6):
        for name, (arrivals, events) in waiting.items():
            count = dice.choice([0, 1, 2, 5])
            noted = dice.randrange(len(events) + 1)
            await watched.receive(name, arrivals[:count], events[:noted])
            waiting[name] = (arrivals[count:], events[noted:])
            if dice.random() < 0.5:
                await watched.reports.fold_ahead(*await watched.rows(), _without_rest)
        watched.now = EpochMs(watched.now + dice.randrange(20_000))
        await watched.assert_fresh()


async def test_a_peer_that_leaves_is_merged_and_sends_one_more(watched: Watched) -> None:
    found = watched.call.facts("ada").samples
    await watched.receive("ada", found[:6])
    await watched.assert_fresh()
    async with watched.db.write() as tx:
        ada = await peers.find_peer(tx, "app", "ada")
        assert ada is not None
        await peers.save_peers(tx, [replace(ada, left_at=found[7].at, left_said_at=found[7].at)])
    await watched.assert_fresh()
    await merge(watched.db, "app", "ada", "session")
    await watched.assert_fresh()
    await watched.receive("ada", found[6:7])
    await watched.assert_fresh()


async def test_a_participant_that_gets_another_peer_and_another_name(watched: Watched) -> None:
    for name in ("ada", "bob"):
        await watched.receive(name, watched.call.facts(name).samples[:6])
    await watched.assert_fresh()
    async with watched.db.write() as tx:
        bob = await peers.find_peer(tx, "app", "bob")
        assert bob is not None
        await peers.save_peers(tx, [replace(bob, participant_id="ada", display_name="Ada Again")])
    await watched.assert_fresh()
    await watched.receive("bob", watched.call.facts("bob").samples[6:9])
    await watched.assert_fresh()


async def _take(kept: WatchedPeers, peer: Peer) -> AccumulatedPeer:
    return await kept.take(peer, await kept.news_of([peer]))


async def _keep(kept: WatchedPeers, peer: Peer, now: EpochMs) -> AccumulatedPeer:
    each = await _take(kept, peer)
    folded = each.samples.fold(each.events, joined_at=CALL_START, left_at=None, now=now)
    kept.keep(each, folded, now)
    return each


async def test_a_later_look_continues_and_a_late_sample_starts_again(watched: Watched) -> None:
    found = watched.call.facts("ada").samples
    _, peers_of = await watched.rows()
    [ada] = peers_of["ada"]
    kept = WatchedPeers(db=watched.db)
    await watched.receive("ada", [*found[2:5], *found[6:8]])
    first = (await _keep(kept, ada, CALL_START)).samples
    count = len(first)
    await watched.receive("ada", found[8:10])
    assert (await _keep(kept, ada, CALL_START)).samples is first
    assert len(first) == count + 2
    await watched.receive("ada", found[5:6])
    afresh = (await _keep(kept, ada, CALL_START)).samples
    assert afresh is not first
    assert len(afresh) == count + 3


async def test_an_unchanged_peer_is_not_folded_again(watched: Watched) -> None:
    await watched.receive("ada", watched.call.facts("ada").samples[:6])
    _, peers_of = await watched.rows()
    [ada] = peers_of["ada"]
    kept = WatchedPeers(db=watched.db)
    await _keep(kept, ada, CALL_START)
    assert (await _keep(kept, ada, CALL_START)).known is not None
    await watched.receive("ada", [], watched.call.facts("ada").events)
    assert (await _keep(kept, ada, CALL_START)).known is None
    left = replace(ada, left_at=EpochMs(CALL_START + 60_000))
    assert (await _take(kept, left)).known is None


async def test_beyond_the_size_those_who_are_looked_at_keep_their_place(watched: Watched) -> None:
    _, peers_of = await watched.rows()
    for name in PEOPLE:
        await watched.receive(name, watched.call.facts(name).samples[:6])
    everybody = [peers_of[name][0] for name in PEOPLE]
    whole = WatchedPeers(db=watched.db)
    size = (await _keep(whole, everybody[0], CALL_START)).samples.nbytes
    kept = WatchedPeers(db=watched.db, most_bytes=3 * size)
    firsts = [await _keep(kept, peer, CALL_START) for peer in everybody]
    again = [await _keep(kept, peer, EpochMs(CALL_START + WATCHED_MS)) for peer in everybody]
    continued = [one.samples is other.samples for one, other in zip(firsts, again, strict=True)]
    assert continued[0]
    assert not continued[-1]
    last = await _keep(kept, everybody[-1], EpochMs(CALL_START + 2 * WATCHED_MS + 1))
    assert (await _keep(kept, everybody[-1], EpochMs(CALL_START + 2 * WATCHED_MS + 2))).samples is (
        last.samples
    )
    none = WatchedPeers(db=watched.db, most_bytes=size // 2)
    one = await _keep(none, everybody[0], CALL_START)
    assert (await _keep(none, everybody[0], CALL_START)).samples is not one.samples


async def test_a_peer_nobody_looks_at_is_dropped(watched: Watched) -> None:
    await watched.receive("ada", watched.call.facts("ada").samples[:6])
    _, peers_of = await watched.rows()
    [ada] = peers_of["ada"]
    kept = WatchedPeers(db=watched.db)
    first = (await _keep(kept, ada, CALL_START)).samples
    kept.drop_unwatched(EpochMs(CALL_START + KEPT_MS))
    assert (await _keep(kept, ada, CALL_START)).samples is first
    kept.drop_unwatched(EpochMs(CALL_START + KEPT_MS + 1))
    assert (await _keep(kept, ada, CALL_START)).samples is not first
