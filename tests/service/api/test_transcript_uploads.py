"""Uploaded transcripts: whole or not at all, once, within bounds, and what follows from them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from aftercall.core.errors import Malformed, NotFound, TooLarge
from aftercall.core.records import Job, TranscriptLine
from aftercall.core.uploaded_transcript import StoredTranscript, UploadOptions
from aftercall.core.webhooks import Webhook, WebhookEvent
from aftercall.service.audit import CLI, Actor
from aftercall.service.erased_people import PersonIds
from aftercall.service.recording.follow_ups import SUMMARISE
from aftercall.service.services import Services
from aftercall.store import chat_transcript, jobs, webhooks
from aftercall.store.engine.database import Database
from aftercall.wire.transcript_upload.read import read_transcript
from tests.recorder_harness import APP, RecorderHarness, chat_message, join_session, transcript_line
from tests.web.rest_server import BuildServer

FILE = """WEBVTT

00:30.000 --> 00:33.000
<v crm-ana>We decided to move the release to October.

00:40.000 --> 00:42.000
<v Ben>I'll send the contract to legal.

00:43.000 --> 00:44.000
<v Stranger>Good.
"""
OTHER = "WEBVTT\n\n00:30.000 --> 00:33.000\nBen: Nothing was decided.\n"


@dataclass
class Uploads:
    harness: RecorderHarness
    services: Services

    async def upload(
        self, file: str = FILE, *, session: str = "call", app: str = APP, **options: Any
    ) -> StoredTranscript:
        uploads = self.services.transcript_uploads
        found = read_transcript(file.encode(), names=await uploads.names(app, session))
        wanted = UploadOptions(**options)
        return await uploads.store("account", app, session, found, wanted, Actor("token"))

    async def lines(self) -> Sequence[TranscriptLine]:
        async with self.harness.db.read() as tx:
            return await chat_transcript.lines_of_session(tx, APP, "call")

    async def characters(self) -> int:
        async with self.harness.db.read() as tx:
            return await chat_transcript.characters_of(tx, APP, "call")

    async def summary_jobs(self) -> list[Job]:
        async with self.harness.db.read() as tx:
            return [job for job in await jobs.list_jobs(tx) if job.task == SUMMARISE]


@pytest.fixture
async def uploads(db: Database, build_server: BuildServer) -> Uploads:
    """A call of Ana and Ben that has ended, without a transcript."""
    harness = RecorderHarness(db)
    await harness.record_call()
    server = build_server(session_talk_characters=200)
    server.clock.now = harness.now
    return Uploads(harness, server.services)


async def test_lines_are_those_of_the_people_they_name(uploads: Uploads) -> None:
    stored = await uploads.upload()
    assert (stored.is_new, stored.left_out, stored.is_summarised) == (True, 0, False)
    assert [tuple(each) for each in stored.speakers] == [
        ("Ana", "call-ana", 1),
        ("Ben", "call-ben", 1),
        ("Stranger", None, 1),
    ]
    ana, ben, stranger = await uploads.lines()
    assert (ana.peer_id, ana.user_id, ana.custom_participant_id) == (
        "call-ana",
        "u-ana",
        "crm-ana",
    )
    assert (ben.peer_id, ben.text) == ("call-ben", "I'll send the contract to legal.")
    assert (stranger.peer_id, stranger.display_name) == (None, "Stranger")


async def test_the_same_file_again_changes_nothing_and_another_replaces_it(
    uploads: Uploads,
) -> None:
    first = await uploads.upload()
    lines, characters = await uploads.lines(), await uploads.characters()
    assert characters == sum(len(each.text) for each in lines)
    assert await uploads.upload() == first._replace(is_new=False)
    assert (await uploads.lines(), await uploads.characters()) == (lines, characters)
    assert (await uploads.upload(OTHER)).is_new
    [line] = await uploads.lines()
    assert line.text == "Nothing was decided."
    assert await uploads.characters() == len(line.text)


async def test_the_same_file_at_another_beginning_is_another_transcript(uploads: Uploads) -> None:
    await uploads.upload()
    moved = await uploads.upload(offset_ms=1_000)
    assert moved.is_new
    assert [each.start_at - uploads.harness.now for each in await uploads.lines()] == [
        31_000 - 600_000,
        41_000 - 600_000,
        44_000 - 600_000,
    ]


async def test_a_recorded_transcript_is_only_replaced_on_demand(uploads: Uploads) -> None:
    await uploads.harness.record_accepted(transcript_line("As it was heard.", 5))
    with pytest.raises(Malformed, match="recorded, of 1 lines") as refused:
        await uploads.upload()
    assert refused.value.code == "transcript_recorded"
    assert [each.text for each in await uploads.lines()] == ["As it was heard."]
    assert (await uploads.upload(replaces=True)).is_new
    assert len(await uploads.lines()) == 3


async def test_nothing_is_stored_of_a_file_that_is_refused(uploads: Uploads) -> None:
    await uploads.upload(OTHER)
    late = FILE + "\n05:00:00.000 --> 05:00:01.000\nfar away\n"
    with pytest.raises(Malformed, match=r"^Line 12: ") as refused:
        await uploads.upload(late)
    assert refused.value.code == "line_outside_call"
    long = FILE + f"\n00:50.000 --> 00:51.000\n{'x' * 200}\n"
    with pytest.raises(TooLarge) as too_large:
        await uploads.upload(long)
    assert too_large.value.code == "talk_full"
    assert [each.text for each in await uploads.lines()] == ["Nothing was decided."]
    assert await uploads.characters() == len("Nothing was decided.")


async def test_chat_counts_to_what_a_session_may_have(uploads: Uploads) -> None:
    await uploads.harness.record_accepted(chat_message("x" * 150, 1))
    with pytest.raises(TooLarge):
        await uploads.upload()
    assert (await uploads.upload(OTHER)).is_new


async def test_a_call_that_goes_on_or_is_of_another_app_takes_none(uploads: Uploads) -> None:
    await uploads.harness.record_accepted(
        join_session("live-ana", 0, user="ana", session_id="live")
    )
    with pytest.raises(Malformed) as refused:
        await uploads.upload(session="live")
    assert refused.value.code == "session_live"
    for app, session in ((APP, "nothing"), ("another app", "call")):
        with pytest.raises(NotFound):
            await uploads.upload(app=app, session=session)


async def test_after_its_time_no_transcript_is_taken(
    uploads: Uploads, build_server: BuildServer
) -> None:
    server = build_server(transcript_retention_s=60)
    server.clock.now = uploads.harness.now
    server.clock.move(61_000)
    with pytest.raises(NotFound) as gone:
        await server.services.transcript_uploads.names(APP, "call")
    assert gone.value.code == "transcript_expired"


async def test_a_summary_that_there_is_is_made_again(uploads: Uploads) -> None:
    assert not (await uploads.upload()).is_summarised
    summaries = uploads.services.summaries
    await summaries.request(APP, "call")
    await summaries.carry_out(APP, "call")
    assert (await uploads.upload(OTHER)).is_summarised
    assert not (await uploads.upload(OTHER)).is_summarised
    await summaries.carry_out(APP, "call")
    assert await uploads.services.exports.summary(APP, "call") == "Ben spoke for 3 s.\n"


async def test_what_a_summary_was_being_made_of_is_not_kept(uploads: Uploads) -> None:
    await uploads.upload()
    await uploads.services.summaries.request(APP, "call")
    assert (await uploads.upload(OTHER)).is_summarised
    assert len(await uploads.summary_jobs()) == 2


async def test_lines_of_an_erased_person_are_left_out(uploads: Uploads) -> None:
    services = uploads.services
    await uploads.upload()
    await services.erasures.request("account", APP, PersonIds("crm-ana", None), CLI)
    again = await uploads.upload(FILE + "\n00:50.000 --> 00:51.000\n<v Ana>More.\n")
    assert again.left_out == 2
    assert {each.display_name for each in await uploads.lines()} == {"Ben", "Stranger"}


async def test_each_new_transcript_and_its_summary_are_news_for_webhooks(uploads: Uploads) -> None:
    services, harness = uploads.services, uploads.harness
    events = [WebhookEvent.TRANSCRIPT_STORED, WebhookEvent.SUMMARY_STORED]
    webhook = Webhook(
        app_id=APP,
        id="hook",
        name="CRM",
        url="https://crm.example.com",
        events=events,
        sealed_secret="sealed",
        created_at=harness.now,
        updated_at=harness.now,
    )
    async with harness.db.write() as tx:
        await webhooks.save_webhook(tx, webhook)
    await uploads.upload()
    await uploads.upload()
    await services.summaries.request(APP, "call")
    await services.summaries.carry_out(APP, "call")
    found = await services.delivery_log.list_deliveries(APP, "hook")
    assert [each.event for each in reversed(found)] == events


async def test_who_uploaded_is_in_the_audit_log_once(uploads: Uploads) -> None:
    await uploads.upload()
    await uploads.upload()
    entries = await uploads.services.audit_log.list_entries(
        "account", APP, before=None, limit=9, with_account=False
    )
    assert [(each.actor, each.action, each.object) for each in entries] == [
        ("token", "upload_transcript", "call")
    ]
