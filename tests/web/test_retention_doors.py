"""Data past their time are unavailable at every door, before and after they are deleted."""

from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest

from aftercall.core.audio_tracks import Transcription
from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.retention import DataKind
from aftercall.store import transcriptions
from aftercall.store.engine.database import Database
from aftercall.web.routes import APP_HANDLERS, OWN_APP_HANDLERS
from aftercall.work.tasks import tasks_of
from tests.recorder_harness import NOON
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import ApiClient, RestServer

CHAT, LINE = "Hello", "We agreed on Friday"
ADDRESSES = ("Lisbon", "Utrecht", "Nairobi", "192.0.2.", "198.51.100.", "203.0.113.")


class Door(NamedTuple):
    """A place where data of a session are read."""

    path: str
    shows: frozenset[DataKind]
    """The kinds of which it shows data."""
    without: frozenset[DataKind]
    """The kinds without which it answers 404."""


K = DataKind


def doors(session: str, peer: str, person: str) -> dict[str, Door]:
    def door(path: str, *shows: DataKind, without: tuple[DataKind, ...] = ()) -> Door:
        return Door(path, frozenset(shows), frozenset({*without}))

    kit, own = "kit", "own"
    one = f"/sessions/{session}"
    call = f"/calls/{session}"
    whole = (K.SESSIONS,)
    return {
        "session": door(f"{kit}{one}", K.SESSIONS, without=whole),
        "sessions": door(f"{kit}/sessions", K.SESSIONS),
        "found": door(f"{kit}/sessions?search=Over", K.SESSIONS),
        "participants": door(f"{kit}{one}/participants", K.SESSIONS, without=whole),
        "participant": door(
            f"{kit}{one}/participants/{peer}", K.SESSIONS, K.REPORTS, K.ADDRESSES,
            without=(K.REPORTS, *whole),
        ),
        "report": door(
            f"{kit}/sessions/peer-report/{peer}", K.SESSIONS, K.REPORTS, K.ADDRESSES,
            without=(K.REPORTS, *whole),
        ),
        "recordings": door(f"{kit}/recordings", K.SESSIONS),
        "recording": door(f"{kit}/recordings/rec", K.SESSIONS, without=whole),
        "livestreams of all": door(f"{kit}/livestreams", K.SESSIONS),
        "livestream": door(f"{kit}/livestreams/live", K.SESSIONS, without=whole),
        "livestream session": door(f"{kit}/livestreams/sessions/live", K.SESSIONS, without=whole),
        "livestreams": door(f"{kit}{one}/livestream-sessions", without=whole),
        "chat link": door(f"{kit}{one}/chat", without=(K.CHAT, *whole)),
        "transcript link": door(f"{kit}{one}/transcript", without=(K.TRANSCRIPTS, *whole)),
        "summary link": door(f"{kit}{one}/summary", without=(K.SUMMARIES, *whole)),
        "calls": door(f"{own}/calls", K.SESSIONS),
        "calls as CSV": door(f"{own}/calls?format=csv", K.SESSIONS),
        "calls found": door(f"{own}/calls?search=Over", K.SESSIONS),
        "call": door(
            f"{own}{call}", K.SESSIONS, K.CHAT, K.TRANSCRIPTS, K.SUMMARIES, K.REPORTS, K.ADDRESSES,
            without=whole,
        ),
        "call's chat": door(f"{own}{call}/chat", K.CHAT, without=(K.CHAT, *whole)),
        "call's transcript": door(
            f"{own}{call}/transcript", K.TRANSCRIPTS, without=(K.TRANSCRIPTS, *whole)
        ),
        "call's transcription": door(
            f"{own}{call}/transcription", without=(K.TRANSCRIPTS, *whole)
        ),
        "charts": door(
            f"{own}{call}/peers/{peer}/series", K.SESSIONS, K.REPORTS, K.ADDRESSES,
            without=(K.REPORTS, *whole),
        ),
        "connection": door(f"{own}{call}/peers/{peer}/connection", without=whole),
        "attendance": door(f"{own}{call}/attendance", K.SESSIONS, without=whole),
        "attendance as CSV": door(f"{own}{call}/attendance?format=csv", K.SESSIONS, without=whole),
        "people": door(f"{own}/people", K.SESSIONS),
        "person": door(f"{own}/people/{person}", K.SESSIONS, without=whole),
        "month": door(f"{own}/attendance?month=2026-11", K.SESSIONS),
        "person's month": door(
            f"{own}/people/{person}/attendance?month=2026-11", K.SESSIONS, without=whole
        ),
    }  # fmt: skip


_OVER: dict[str, Any] = {"at": 5_000, "session_id": "over", "meeting_id": "room", "error": "Over"}
EGRESSES: tuple[dict[str, Any], ...] = (
    {"type": "recording_changed", "recording_id": "rec", "status": "uploaded", **_OVER},
    {"type": "livestream_changed", "livestream_id": "live", "status": "ended", "name": "Over",
     **_OVER},
)  # fmt: skip


class Record(NamedTuple):
    intake: IntakeHarness
    session_id: str
    names: frozenset[str]
    doors: dict[str, Door]
    downloads: dict[str, tuple[str, DataKind]]


@pytest.fixture
async def record(server: RestServer, db: Database) -> AsyncIterator[Record]:
    async with open_intake(server) as intake:
        await record_calls(intake)
        await intake.events(*EGRESSES)
        owner = intake.owner
        (session,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
        audio = Transcription(
            app_id=owner.app_id,
            session_id=session["id"],
            id="audio",
            requested_at=NOON,
            requested_by="token",
        )
        async with db.write() as tx:
            await transcriptions.save(tx, audio)
        people = await intake.people(session["id"])
        listed = (await _get(owner, "own/people")).json()["data"]["items"]
        downloads: dict[str, tuple[str, DataKind]] = {}
        for kind, name in (
            (K.CHAT, "chat"),
            (K.TRANSCRIPTS, "transcript"),
            (K.SUMMARIES, "summary"),
        ):
            answer = await owner.request("GET", f"/sessions/{session['id']}/{name}")
            members = answer.json()["data"]
            (url,) = [v for v in members.values() if isinstance(v, str) and "/downloads/" in v]
            downloads[name] = (url, kind)
        yield Record(
            intake,
            session["id"],
            frozenset(each["display_name"] for each in people),
            doors(session["id"], people[0]["id"], listed[0]["person"]),
            downloads,
        )


async def _get(owner: ApiClient, path: str) -> Any:
    if path.startswith("kit"):
        return await owner.request("GET", path.removeprefix("kit"))
    return await owner.request_url("GET", f"/v1/apps/{owner.app_id}{path.removeprefix('own')}")


def _shown(text: str, names: frozenset[str]) -> set[DataKind]:
    """The kinds of which an answer shows data."""
    found = set()
    if any(f'"{name}"' in text or name in text for name in names) or "Over" in text:
        found.add(K.SESSIONS)
    if CHAT in text:
        found.add(K.CHAT)
    if f'"text":"{LINE}' in text or f'"transcript":"{LINE}' in text:
        found.add(K.TRANSCRIPTS)
    if any(word in text for word in ADDRESSES):
        found.add(K.ADDRESSES)
    if ('"is_final":true' in text and '"mos' in text) or '"quality_stats":[{' in text:
        found.add(K.REPORTS)
    return found


JUDGED = {K.SESSIONS, K.CHAT, K.TRANSCRIPTS, K.ADDRESSES}
"""The kinds that `_shown` tells apart at every door."""


async def _looks(record: Record) -> dict[str, tuple[int, set[DataKind]]]:
    """The status of each door, and what it shows."""
    found = {}
    for name, door in record.doors.items():
        answer = await _get(record.intake.owner, door.path)
        assert answer.status_code in (200, 404), (name, answer.text)
        found[name] = (answer.status_code, _shown(answer.text, record.names) & JUDGED)
    return found


async def _statuses(record: Record) -> dict[str, int]:
    client = record.intake.owner.client
    return {
        name: (await client.get(url)).status_code for name, (url, _) in record.downloads.items()
    }


async def _keep_for_a_day(record: Record, *kinds: DataKind) -> None:
    owner = record.intake.owner
    forever = {"transcripts": 0, "summaries": 0}
    answer = await owner.request_url(
        "PUT",
        f"/v1/apps/{owner.app_id}/retention",
        json=forever | {kind.value: "1d" for kind in kinds},
    )
    assert answer.status_code == 200, answer.text


def _pass_days(record: Record, days: float) -> None:
    clock = record.intake.server.clock
    clock.now = EpochMs(clock.now + round(days * DAY_MS))


async def test_every_door_shows_what_it_is_for_as_long_as_that_is_kept(record: Record) -> None:
    await _keep_for_a_day(record)
    for name, (status, shown) in (await _looks(record)).items():
        assert status == 200, name
        assert record.doors[name].shows & JUDGED <= shown, name
    assert set((await _statuses(record)).values()) == {200}


@pytest.mark.parametrize("is_deleted", [False, True], ids=["not deleted yet", "deleted"])
@pytest.mark.parametrize("kind", list(DataKind), ids=str)
async def test_no_door_shows_what_is_past_its_time(
    record: Record, kind: DataKind, is_deleted: bool
) -> None:
    await _keep_for_a_day(record, kind)
    _pass_days(record, 1.1)
    if is_deleted:
        await record.intake.server.services.deletion.run()
    for name, (status, shown) in (await _looks(record)).items():
        door = record.doors[name]
        assert status == (404 if kind in door.without else 200), name
        assert kind not in shown, name
        # The city of a participant is in the digest of its report.
        gone = {kind, K.ADDRESSES} if kind is K.REPORTS else {kind}
        if kind is not K.SESSIONS and status == 200:
            assert door.shows & JUDGED - gone <= shown, name
    for name, status in (await _statuses(record)).items():
        is_over = kind in (record.downloads[name][1], K.SESSIONS)
        assert status == (404 if is_over else 200), name


async def test_the_errors_say_whose_time_is_over(record: Record) -> None:
    kinds = (K.REPORTS, K.CHAT, K.TRANSCRIPTS, K.SUMMARIES)
    await _keep_for_a_day(record, *kinds)
    _pass_days(record, 1.1)
    codes = {}
    for name in ("report", "chat link", "transcript link", "summary link", "call's chat"):
        answer = await _get(record.intake.owner, record.doors[name].path)
        codes[name] = answer.json()["error"]["reason"]
    assert codes == {
        "report": "report_expired",
        "chat link": "chat_expired",
        "transcript link": "transcript_expired",
        "summary link": "summary_expired",
        "call's chat": "chat_expired",
    }
    answer = await record.intake.owner.request("POST", f"/sessions/{record.session_id}/summary")
    assert (answer.status_code, answer.json()["error"]["reason"]) == (404, "transcript_expired")
    page = (await _get(record.intake.owner, record.doors["call"].path)).json()["data"]
    assert page["expired"] == [kind.value for kind in kinds]
    assert page["artefacts"] == []


async def test_what_comes_late_brings_nothing_back(record: Record) -> None:
    intake = record.intake
    await _keep_for_a_day(record, *DataKind)
    _pass_days(record, 1.1)
    place = {"session_id": "over", "meeting_id": "room"}
    late = [
        {"type": "chat_sent", "id": "late 1", "at": 6_000, "user_id": "u", "text": "Late", **place},
        {"type": "line_spoken", "id": "late 2", "at": 6_000, "end_at": 7_000, "user_id": "u",
         "text": "Late", **place},
        {"type": "session_opened", "id": "late 3", "at": 0, "title": "Again", **place},
        {"type": "peer_joined", "id": "late 4", "at": 5_000, "peer_id": "again",
         "participant": {"user_id": "u", "display_name": "Kim"}, **place},
        {"type": "peer_left", "id": "late 5", "at": 5_000, "peer_id": "unknown", **place},
        {"type": "sample_taken", "id": "late 6", "at": 5_000, "peer_id": "again", "sequence": 1,
         "sample": {"connections": []}, **place},
    ]  # fmt: skip
    for is_deleted in (False, True):
        if is_deleted:
            await intake.server.services.deletion.run()
        results = await intake.events(*late)
        assert {each["status"] for each in results} == {"rejected"}
        assert "past_retention" in {each["code"] for each in results}
        assert [each for each in await intake.sessions() if each["status"] == "ENDED"] == []


async def test_a_session_that_goes_on_loses_nothing(record: Record) -> None:
    await _keep_for_a_day(record, *DataKind)
    _pass_days(record, 1.1)
    await record.intake.server.services.deletion.run()
    live = [each for each in await record.intake.sessions() if each["status"] == "LIVE"]
    assert len(live) == 1
    assert [each async for each in record.intake.server.services.data_check.broken()] == []


async def test_a_refold_and_a_late_job_make_no_report_of_samples_that_are_gone(
    record: Record,
) -> None:
    services = record.intake.server.services
    before = (await _get(record.intake.owner, record.doors["report"].path)).json()
    await _keep_for_a_day(record, K.SAMPLES)
    _pass_days(record, 1.1)
    for is_deleted in (False, True):
        if is_deleted:
            await services.deletion.run()
        payload = {"app_id": record.intake.owner.app_id, "session_id": "over"}
        await tasks_of(services)["finalise"].run(payload | {"session_id": record.session_id})
        assert [step async for step in services.session_reports.refold()] == []
        assert (await _get(record.intake.owner, record.doors["report"].path)).json() == before
    assert [each async for each in services.data_check.broken()] == []


def test_the_table_of_doors_has_every_operation_that_reads_sessions() -> None:
    handlers: tuple[Any, ...] = (*APP_HANDLERS, *OWN_APP_HANDLERS)
    read = {path for handler in handlers for path in handler.paths if "GET" in handler.http_methods}
    named = {door.path.partition("?")[0][3:] for door in doors("S", "P", "H").values()}
    generic = {
        path.replace("{session_id:str}", "S")
        .replace("{participant_id:str}", "P")
        .replace("{peer_id:str}", "P")
        .replace("{person_id:str}", "H")
        .replace("{person:str}", "H")
        .replace("{recording_id:str}", "rec")
        .replace("{livestream_id:str}", "live")
        .replace("{livestream_session_id:str}", "live")
        for path in read
    }
    of_no_ended_session = {
        path
        for path in generic
        if path.startswith(("/meetings", "/presets", "/webhooks", "/analytics")) or path in OTHERS
    }
    assert generic - named - of_no_ended_session == set()


OTHERS = {
    "/live",
    "/overview",
    "/overview/breakdowns",
    "/usage",
    "/retention",
    "/audit",
    "/erasures",
    "/erasures/{erasure_id:str}",
}
OTHERS |= {"/exports/{export_id:str}", "/read-links", "/calls/S/read-link", "/calls/S/read-links"}
OTHERS |= {
    "/source-keys",
    "/imports",
    "/imports/{import_id:str}",
    "/imports/{import_id:str}/cancel",
    "/sessions/S/export",
}
OTHERS |= {"/alerts", "/alerts/{alert_id:str}", "/alert-channels"}
OTHERS |= {"/alert-rules", "/alert-rules/{rule_id:str}"}
OTHERS |= {
    "/recordings/active-recording/{meeting_id:str}",
    "/livestreams/live/active-livestream-session",
}
"""Live sessions; sums over days and months; what is kept; what was done, by whom; exports,
whose files have tests of their own, and imports, too; links, which say nothing of their session;
alerts, which name nothing past its time.

Deliveries of webhooks go with their session, as `tests/work/test_webhooks.py` shows."""
