"""What each kind of job does."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from aftercall.service.alerts.outbox import DELIVER_ALERT
from aftercall.service.dump_uploads import DELETE_IMPORT, IMPORT_DUMPS
from aftercall.service.privacy.deletions import DELETE_ALL
from aftercall.service.privacy.erasures import ERASE_PERSON
from aftercall.service.privacy.person_exports import DELETE_EXPORT, EXPORT_PERSON
from aftercall.service.recording.follow_ups import FINALISE, SUMMARISE
from aftercall.service.sample_day import PLAY_SAMPLE_DAY
from aftercall.service.services import Services
from aftercall.service.transcriptions import DELETE_TRACKS, TRANSCRIBE
from aftercall.service.webhooks.subscriptions import DELETE_WEBHOOK
from aftercall.settings import own_url
from aftercall.work.person_export import write_person_export
from aftercall.work.sample_day import play_sample_day
from aftercall.work.transcription import transcribe_session
from aftercall.work.uploaded_dumps import read_upload

Payload: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Task:
    """`run` takes a job's payload and may be repeated; `give_up` is called with the payload and the
    last error when the job is dead."""

    run: Callable[[Payload], Awaitable[object]]
    give_up: Callable[[Payload, str], Awaitable[object]] | None = None


def tasks_of(services: Services) -> Mapping[str, Task]:
    """The tasks by name."""
    summaries = services.summaries

    async def finalise(payload: Payload) -> None:
        await services.finaliser.finalise(payload["app_id"], payload["session_id"])

    async def summarise(payload: Payload) -> None:
        await summaries.carry_out(payload["app_id"], payload["session_id"])

    async def give_summary_up(payload: Payload, error: str) -> None:
        await summaries.give_up(payload["app_id"], payload["session_id"], error)

    async def erase_person(payload: Payload) -> None:
        await services.erasures.carry_out(payload["app_id"], payload["erasure_id"])

    async def export_person(payload: Payload) -> None:
        await write_person_export(services.person_exports, payload["app_id"], payload["export_id"])

    async def delete_export(payload: Payload) -> None:
        await services.person_exports.delete(payload["app_id"], payload["export_id"])

    async def import_dumps(payload: Payload) -> None:
        await read_upload(services, payload["app_id"], payload["import_id"])

    async def delete_import(payload: Payload) -> None:
        await services.dump_uploads.delete(payload["app_id"], payload["import_id"])

    async def transcribe(payload: Payload) -> None:
        await transcribe_session(services, payload["app_id"], payload["session_id"], payload["id"])

    async def delete_tracks(payload: Payload) -> None:
        await services.transcriptions.expire(
            payload["app_id"], payload["session_id"], payload["id"]
        )

    async def delete_webhook(payload: Payload) -> None:
        await services.webhooks.delete_deliveries(payload["app_id"], payload["webhook_id"])

    async def play_day(payload: Payload) -> None:
        here = own_url(services.settings.host, services.settings.port)
        await play_sample_day(services.sample_days, here, payload)

    return {
        PLAY_SAMPLE_DAY: Task(run=play_day),
        IMPORT_DUMPS: Task(run=import_dumps),
        DELETE_IMPORT: Task(run=delete_import),
        TRANSCRIBE: Task(run=transcribe),
        DELETE_TRACKS: Task(run=delete_tracks),
        EXPORT_PERSON: Task(run=export_person),
        DELETE_EXPORT: Task(run=delete_export),
        ERASE_PERSON: Task(run=erase_person),
        DELIVER_ALERT: Task(run=services.alert_deliveries.carry_out),
        DELETE_ALL: Task(run=services.deletions.carry_out),
        DELETE_WEBHOOK: Task(run=delete_webhook),
        FINALISE: Task(run=finalise),
        SUMMARISE: Task(run=summarise, give_up=give_summary_up),
    }
