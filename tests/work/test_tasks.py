"""Every kind of job that is written has a task that does it."""

from aftercall.core.instants import MINUTE_MS, EpochMs
from aftercall.core.records import Phase
from aftercall.service.alerts.outbox import DELIVER_ALERT
from aftercall.service.dump_uploads import DELETE_IMPORT, IMPORT_DUMPS
from aftercall.service.privacy.deletions import DELETE_ALL
from aftercall.service.privacy.erasures import ERASE_PERSON
from aftercall.service.privacy.person_exports import DELETE_EXPORT, EXPORT_PERSON
from aftercall.service.recording.follow_ups import FINALISE, SUMMARISE
from aftercall.service.sample_day import PLAY_SAMPLE_DAY
from aftercall.service.transcriptions import DELETE_TRACKS, TRANSCRIBE
from aftercall.service.webhooks.subscriptions import DELETE_WEBHOOK
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.work.tasks import tasks_of
from tests.stored_calls import lossy_call, store_call
from tests.web.rest_server import RestServer

PAYLOAD = {"app_id": "app", "session_id": "session"}


async def test_every_job_has_a_task_and_only_a_summary_can_be_given_up(server: RestServer) -> None:
    tasks = tasks_of(server.services)
    privacy = {EXPORT_PERSON, DELETE_EXPORT, ERASE_PERSON, DELETE_ALL}
    files = {IMPORT_DUMPS, DELETE_IMPORT, TRANSCRIBE, DELETE_TRACKS}
    news = {DELETE_WEBHOOK, DELIVER_ALERT}
    assert set(tasks) == {FINALISE, SUMMARISE, PLAY_SAMPLE_DAY, *privacy, *files, *news}
    assert [name for name, task in tasks.items() if task.give_up is not None] == [SUMMARISE]


async def test_tasks_are_repeatable_and_a_missing_session_is_no_error(
    server: RestServer, db: Database
) -> None:
    call = lossy_call(minutes=1)
    await store_call(db, call, "app")
    server.clock.now = EpochMs(call.end_at + MINUTE_MS)
    tasks = tasks_of(server.services)
    for _ in range(2):
        await tasks[FINALISE].run(PAYLOAD)
        await tasks[SUMMARISE].run(PAYLOAD)
    async with db.read() as tx:
        session = await session_rows.find_session(tx, "app", "session")
    assert session is not None and session.phase is Phase.ENDED
    for name in (FINALISE, SUMMARISE):
        await tasks[name].run(PAYLOAD | {"session_id": "gone"})


async def test_a_repeat_after_everything_is_gone_is_no_error(server: RestServer) -> None:
    """A job runs again when its process was killed before it was finished."""
    tasks = tasks_of(server.services)
    await tasks[ERASE_PERSON].run({"app_id": "app", "erasure_id": "gone"})
    await tasks[EXPORT_PERSON].run({"app_id": "app", "export_id": "gone"})
    for name in (TRANSCRIBE, DELETE_TRACKS):
        await tasks[name].run(PAYLOAD | {"id": "gone"})
    await tasks[DELETE_EXPORT].run({"app_id": "app", "export_id": "gone"})
    await tasks[DELETE_ALL].run({"app_id": "gone", "meeting_id": None})
