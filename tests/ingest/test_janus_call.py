"""The recorded Janus call in the record, and folded."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.privacy import Privacy
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.records import LeaveReason, Participant, Phase, Session
from aftercall.ingest.janus import source as janus
from aftercall.ingest.janus.source import peer_id_from
from aftercall.service.recording.recorder import Recorder
from aftercall.service.reports.peer_reports import Reports
from aftercall.service.reports.session_reports import SessionReports
from aftercall.store import participants, peers
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from tests.ingest.translation import translate

RECORDING = json.loads((Path(__file__).parents[1] / "samples" / "janus-events.json").read_text())
AFTERWARDS = EpochMs(1_795_223_500_000)
USER0 = peer_id_from("app", "janus-1", "3860810174338710")
USER1 = peer_id_from("app", "janus-1", "7745840677295252")
LOSSY = peer_id_from("app", "janus-1", "4169659820504197")


class Recorded:
    """A call of Janus' events, posted one by one as they arrived, and its session after the end."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.now = AFTERWARDS
        self.recorder = Recorder(
            db, clock=lambda: self.now, new_id=lambda: "session", policy=Policy()
        )
        self.reports = Reports(db=db, clock=lambda: self.now)
        self.session_reports = SessionReports(db=db, clock=lambda: self.now)

    async def post(self, events: list[Any], *, most: int = 1) -> None:
        for start in range(0, len(events), most):
            translation = translate(
                janus,
                json.dumps(events[start : start + most]).encode(),
                received_at=self.now,
                privacy=Privacy.TRUNCATE,
                interval_ms=5_000,
            )
            await self.recorder.record("app", translation.events, source="janus")

    async def end(self) -> Session:
        """After a minute the silent peers have left, after another one the session has ended."""
        for _ in range(2):
            self.now = EpochMs(self.now + 60_001)
            settled = await self.recorder.apply_rules("app", "session")
        assert settled is not None
        async with self.db.read() as tx:
            found = await session_rows.find_session(tx, "app", "session")
        assert found is not None
        return found

    async def people(self) -> dict[str, Participant]:
        async with self.db.read() as tx:
            rows = await participants.participants_of_session(tx, "app", "session")
        return {row.id: row for row in rows}

    async def folded(self, peer_id: str) -> tuple[Verdict, dict[str, list[dict[str, Any]]]]:
        await self.session_reports.fold_session("app", "session")
        report = await self.reports.peer_report("app", peer_id)
        rows = {name: msgspec.json.decode(raw) for name, raw in report.details.rows.items()}
        return report.verdict, rows


@pytest.fixture
def call(db: Database) -> Recorded:
    return Recorded(db)


@pytest.mark.parametrize("most", [1, 7, 100])
async def test_the_recorded_call_is_one_session_of_two_participants(
    call: Recorded, most: int
) -> None:
    await call.post(RECORDING["call"], most=most)
    session = await call.end()
    assert (session.meeting_id, session.phase) == ("1234", Phase.ENDED)
    assert (session.total_participants, session.max_concurrent_participants) == (2, 2)
    # user0 joined at …108.158 and was last there when its Janus session was destroyed, at
    # …141.400: 33,242 ms. The other subscribed at …109.932 and was last heard of in a report at
    # …141.410: 31,478 ms.
    assert session.started_at == 1_795_223_108_158
    assert session.ended_at == 1_795_223_141_410
    people = await call.people()
    assert set(people) == {USER0, USER1}
    assert (people[USER0].display_name, people[USER1].display_name) == ("user0", None)
    assert people[USER0].duration_minutes == pytest.approx(33_242 / 60_000, abs=5e-5)
    assert people[USER1].duration_minutes == pytest.approx(31_478 / 60_000, abs=5e-5)
    assert session.minutes_consumed == pytest.approx(64_720 / 60_000, abs=1e-4)
    assert (people[USER0].left_is_inferred, people[USER1].left_is_inferred) == (False, True)


async def test_streams_of_the_second_participant_are_folded(call: Recorded) -> None:
    await call.post(RECORDING["call"])
    await call.end()
    verdict, rows = await call.folded(USER1)
    # Audio sent: 260 packets at …115.145823, 1,573 at …141.407420, none lost. Video: 84 and 616.
    [sent], [sent_video] = rows["audio_producer"], rows["video_producer"]
    assert (sent["packets_sent"], sent["packets_lost"]) == (1_313, 0)
    assert (sent_video["packets_sent"], sent_video["packets_lost"]) == (532, 0)
    # Audio received: 251 at …115.146210 and 1,563 at …141.410741. Video: 86 and 615.
    [received], [received_video] = rows["audio_consumer"], rows["video_consumer"]
    assert (received["packets_received"], received["packets_lost"]) == (1_312, 0)
    assert (received_video["packets_received"], received_video["packets_lost"]) == (529, 0)
    assert verdict.cumulative["audio_producer"].packets_lost_percent == 0
    assert verdict.cumulative["audio_consumer"].packets_lost_percent == 0
    assert verdict.completeness.end_reason is LeaveReason.SILENCE


async def test_candidate_pairs_of_the_first_participant_are_in_its_report(call: Recorded) -> None:
    await call.post(RECORDING["call"])
    await call.end()
    verdict, _ = await call.folded(USER0)
    names = [each.name for each in verdict.metadata.happenings]
    assert names.count("ice_connection_state") == 4
    assert {"published", "candidate_pair_changed", "media_receiving"} <= set(names)


def _earlier(event: dict[str, Any], seconds: int, **changed: int) -> dict[str, Any]:
    """An audio report of the recorded lossy client, so many seconds before the recorded one."""
    stated = event["event"][0] | {name.replace("_", "-"): value for name, value in changed.items()}
    return event | {"timestamp": event["timestamp"] - seconds * 1_000_000, "event": [stated]}


async def test_loss_is_reported_as_each_end_counted_it(call: Recorded) -> None:
    up, down = RECORDING["combined"][2:4]
    joined = {
        **_earlier(up, 60),
        "type": 64,
        "event": {
            "plugin": "janus.plugin.videoroom",
            "data": {"event": "joined", "room": 1234, "id": 1, "display": "lossy"},
        },
    }
    await call.post(
        [
            joined,
            _earlier(up, 20, packets_received=592, lost=82),
            up,
            _earlier(down, 20, packets_sent=534, lost_by_remote=60),
            down,
        ]
    )
    await call.end()
    verdict, rows = await call.folded(LOSSY)
    # Up: 592 + 82 = 674 sent, then 1,392 + 182 = 1,574: of 900 sent 100 were lost, 11.1 %.
    # The recorded video has a single report, which gives no interval.
    [sent] = rows["audio_producer"]
    assert (sent["packets_sent"], sent["packets_lost"]) == (900, 100)
    assert verdict.cumulative["audio_producer"].packets_lost_percent == pytest.approx(100 / 9)
    # Down: 534 - 60 = 474 received, then 1,534 - 184 = 1,350: of 1,000 sent 124 did not arrive.
    [received] = rows["audio_consumer"]
    assert (received["packets_received"], received["packets_lost"]) == (876, 124)
    assert verdict.cumulative["audio_consumer"].packets_lost_percent == pytest.approx(12.4)
    # RTCP took 83 ms there and back for the sound and 82 ms for the picture, which comes last.
    assert received["rtt"] == pytest.approx(0.082)


async def test_statistics_of_a_session_without_a_join_are_refused(call: Recorded) -> None:
    await call.post(RECORDING["combined"])
    async with call.db.read() as tx:
        assert await peers.find_peer(tx, "app", LOSSY) is None
