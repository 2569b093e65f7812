from collections.abc import Sequence

import msgspec
import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncConnection

from aftercall.core.errors import NotFound
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.report.fold import FOLD_VERSION
from aftercall.core.records import EndReason, Participant, Peer, Phase, Session, StoredPeerEvent
from aftercall.service.reports.live_folds import FRESH_MS
from aftercall.service.reports.peer_reports import Reports
from aftercall.service.reports.session_reports import SessionReports
from aftercall.store import participants, peer_events, peers, reports, samples
from aftercall.store.engine.database import Database
from aftercall.store.samples import SampleRow
from aftercall.store.sessions import rows as session_rows
from tests.core.quality.synthetic_call import (
    CALL_START,
    FINE,
    Call,
    PeerConditions,
    always,
    between,
)
from tests.manual_clock import ManualClock
from tests.store.merging import merge


def _row(peer: Peer) -> Participant:
    return Participant(
        app_id=peer.app_id,
        session_id=peer.session_id,
        id=peer.participant_id,
        user_id=peer.user_id,
        display_name=peer.display_name,
        joined_at=CALL_START,
        left_at=peer.left_at,
        created_at=CALL_START,
        updated_at=CALL_START,
    )


async def _keep(db: Database, call: Call, people: Sequence[Peer]) -> None:
    """Store the call as the intake would."""
    session = Session(
        app_id="app",
        id="session",
        meeting_id="meeting",
        title="Standup",
        phase=Phase.LIVE,
        created_at=CALL_START,
        started_at=CALL_START,
        updated_at=CALL_START,
        touched_at=CALL_START,
    )
    async with db.write() as tx:
        assert await session_rows.insert_session(tx, session)
        await peers.save_peers(tx, people)
        rows = {peer.participant_id: _row(peer) for peer in people}
        await participants.save_participants(tx, rows.values())
        for peer in people:
            facts = call.facts(peer.id)
            await peer_events.append(tx, facts.events)
            kept = [
                SampleRow(peer.app_id, peer.id, "session", s.sequence, s.at, s.received_at, s.body)
                for s in facts.samples
            ]
            await samples.append(tx, kept)


async def _lossy_call(db: Database) -> tuple[Call, Reports, SessionReports, ManualClock]:
    bad = between(60, 180, PeerConditions(up_loss=0.12))
    call = Call({"ada": bad, "bob": always(FINE), "cyd": always(FINE)}, minutes=5)
    await _keep(db, call, [call.peer(name) for name in ("ada", "bob", "cyd")])
    clock = ManualClock(call.end_at)
    return call, Reports(db=db, clock=clock), SessionReports(db=db, clock=clock), clock


async def test_an_unknown_peer_has_no_report(db: Database) -> None:
    with pytest.raises(NotFound) as missing:
        await Reports(db=db, clock=ManualClock(CALL_START)).peer_report("app", "nobody")
    assert missing.value.code == "peer_not_found"


async def test_a_live_report_contains_what_the_peer_itself_reported(db: Database) -> None:
    _, service, _, _ = await _lossy_call(db)
    report = await service.peer_report("app", "ada")
    assert report.verdict.spans[0].peer_id == "ada"
    assert report.verdict.cumulative["audio_producer"].packet_loss.avg == pytest.approx(5, abs=1)
    assert [finding.cause for finding in report.verdict.diagnosis] == ["uplink"]
    assert len(msgspec.json.decode(report.details.rows["audio_consumer"])) == 2 * 42
    assert not report.verdict.is_final


async def test_a_live_report_is_at_most_two_seconds_old(db: Database) -> None:
    _, service, _, clock = await _lossy_call(db)
    first = await service.peer_report("app", "ada")
    assert await service.peer_report("app", "ada") is first
    clock.now = EpochMs(clock.now + FRESH_MS + 1)
    assert await service.peer_report("app", "ada") is not first


async def test_a_folded_session_is_compared_and_stored(db: Database) -> None:
    _, service, folds, clock = await _lossy_call(db)
    assert await folds.fold_session("app", "session") == 3
    async with db.read() as tx:
        kept = await reports.reports_of_session(tx, "app", "session")
    assert [report.peer_id for report in kept] == ["ada", "bob", "cyd"]
    assert {report.fold_version for report in kept} == {FOLD_VERSION}

    clock.now = EpochMs(clock.now + 60 * SECOND_MS)
    ada = (await service.peer_report("app", "ada")).verdict
    bob = (await service.peer_report("app", "bob")).verdict
    assert ada.diagnosis[0].evidence.listeners_affected == 2
    assert ada.is_final
    assert "the cause was Ada's uplink" in bob.diagnosis[0].sentence
    assert {issue.origin for issue in bob.issues} == {"remote"}


async def test_the_stored_report_equals_the_folded_one(db: Database) -> None:
    _, service, folds, _ = await _lossy_call(db)
    live = await service.peer_report("app", "cyd")
    await folds.fold_session("app", "session")
    stored = await service.peer_report("app", "cyd")
    assert stored.details == live.details
    assert stored.verdict.cumulative == live.verdict.cumulative
    assert stored.verdict.metadata == live.verdict.metadata


async def test_every_peer_of_a_participant_has_the_same_report(db: Database) -> None:
    call = Call({"ada": always(FINE), "bob": always(FINE)}, minutes=2)
    again = replace(call.peer("bob"), participant_id="ada", previous_peer_id="ada")
    await _keep(db, call, [call.peer("ada"), again])
    service = Reports(db=db, clock=ManualClock(call.end_at))
    folds = SessionReports(db=db, clock=ManualClock(call.end_at))
    by_first = await service.peer_report("app", "ada")
    assert await service.peer_report("app", "bob") is by_first
    assert [span.peer_id for span in by_first.verdict.spans] == ["ada", "bob"]
    assert [each.peer_id for each in by_first.details.receptions] == ["ada", "bob"]
    assert await folds.fold_session("app", "session") == 1


async def test_a_deleted_participant_loses_its_report(db: Database) -> None:
    call = Call({"ada": always(FINE), "bob": always(FINE)}, minutes=1)
    people = [call.peer("ada"), call.peer("bob")]
    await _keep(db, call, people)
    folds = SessionReports(db=db, clock=ManualClock(call.end_at))
    assert await folds.fold_session("app", "session") == 2
    async with db.write() as tx:
        await peers.save_peers(tx, [replace(people[1], participant_id="ada")])
    assert await folds.fold_session("app", "session") == 1
    async with db.read() as tx:
        assert [r.peer_id for r in await reports.reports_of_session(tx, "app", "session")] == [
            "ada"
        ]


async def test_a_refold_replaces_reports_of_an_older_version(db: Database) -> None:
    _, _, folds, _ = await _lossy_call(db)
    await folds.fold_session("app", "session")
    async with db.write() as tx:
        kept = await reports.reports_of_session(tx, "app", "session")
        await reports.save_reports(tx, [replace(each, fold_version=0) for each in kept])
    progress = [step async for step in folds.refold()]
    assert [(step.sessions, step.reports) for step in progress] == [(1, 3)]
    async with db.read() as tx:
        assert await reports.reports_of_older_fold(tx, FOLD_VERSION, 10) == []
    assert [step async for step in folds.refold()] == []


async def test_a_report_of_an_unknown_version_is_folded_again(db: Database) -> None:
    _, service, folds, _ = await _lossy_call(db)
    live = await service.peer_report("app", "cyd")
    await folds.fold_session("app", "session")
    async with db.write() as tx:
        kept = await reports.reports_of_session(tx, "app", "session")
        await reports.save_reports(tx, [replace(each, document=b"\x01") for each in kept])
    assert (await service.peer_report("app", "cyd")).details == live.details


async def test_folding_after_the_merge_gives_the_same_report(db: Database) -> None:
    _, service, folds, _ = await _lossy_call(db)
    await folds.fold_session("app", "session")
    before = await service.peer_report("app", "ada")
    await merge(db, "app", "ada", "session")
    await folds.fold_session("app", "session")
    assert (await service.peer_report("app", "ada")).details == before.details


async def _add(db: Database, peer_id: str, sequence: int, at: EpochMs, body: bytes) -> None:
    async with db.write() as tx:
        await samples.append(tx, [SampleRow("app", peer_id, "session", sequence, at, at, body)])


async def test_late_facts_of_one_peer_do_not_change_the_reports_of_others(db: Database) -> None:
    call, service, folds, clock = await _lossy_call(db)
    async with db.write() as tx:
        live = await session_rows.lock_session(tx, "app", "session")
        assert live is not None
        ended = replace(live, phase=Phase.ENDED, ended_at=call.end_at, end_reason=EndReason.EMPTIED)
        await session_rows.save_session(tx, ended)
    await folds.fold_session("app", "session")
    for name in ("ada", "bob", "cyd"):
        await merge(db, "app", name, "session")
    folded_at = clock.now
    last = call.facts("cyd").samples[-1]
    await _add(db, "cyd", last.sequence + 1, EpochMs(last.at + 1_000), last.body)
    clock.now = EpochMs(clock.now + 60 * SECOND_MS)
    assert await folds.fold_session("app", "session") == 3
    async with db.read() as tx:
        moments = await _folded_at(tx)
    assert moments == {"ada": folded_at, "bob": folded_at, "cyd": clock.now}
    assert (await service.peer_report("app", "cyd")).verdict.completeness.arrived_samples == 44


async def test_reports_with_late_facts_equal_a_fold_of_all_facts(db: Database) -> None:
    call, service, folds, clock = await _lossy_call(db)
    facts = call.facts("ada")
    await folds.fold_session("app", "session")
    last = facts.samples[-1]
    await _add(db, "ada", last.sequence + 1, EpochMs(last.at + 7_000), last.body)
    async with db.write() as tx:
        note = StoredPeerEvent(
            app_id="app",
            session_id="session",
            peer_id="bob",
            id="late",
            name="audio_off",
            at=EpochMs(CALL_START + 1_000),
            received_at=CALL_START,
            data={},
        )
        await peer_events.append(tx, [note])
    clock.now = EpochMs(clock.now + 60 * SECOND_MS)
    await folds.fold_session("app", "session")
    bit_by_bit = {name: await service.peer_report("app", name) for name in ("ada", "bob", "cyd")}
    await SessionReports(db=db, clock=clock).fold_session("app", "session")
    for name, found in bit_by_bit.items():
        at_once = await service.peer_report("app", name)
        assert found.verdict == at_once.verdict
        assert found.details == at_once.details


async def test_a_report_replaced_by_another_process_is_written_again(db: Database) -> None:
    _, _, folds, clock = await _lossy_call(db)
    await folds.fold_session("app", "session")
    clock.now = EpochMs(clock.now + 60 * SECOND_MS)
    await SessionReports(db=db, clock=clock).fold_session("app", "session")
    clock.now = EpochMs(clock.now + 60 * SECOND_MS)
    await folds.fold_session("app", "session")
    async with db.read() as tx:
        moments = await _folded_at(tx)
    assert set(moments.values()) == {clock.now}


async def _folded_at(tx: AsyncConnection) -> dict[str, EpochMs]:
    """When the complete reports of the session were folded, by participant."""
    versions = await reports.versions_of_session(tx, "app", "session")
    assert {each.fold_version for each in versions.values()} == {FOLD_VERSION}
    return {id: each.folded_at for id, each in versions.items()}
