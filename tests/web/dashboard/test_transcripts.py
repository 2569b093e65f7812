"""Finished transcripts come in over HTTP, and are seen wherever a transcript is."""

import gzip
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from aftercall.core.records import Role
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import IntakeHarness, open_intake
from tests.web.rest_server import ApiClient, BuildServer

LARGEST = 20_000
FILE = b"WEBVTT\n\n00:05.000 --> 00:07.000\n<v Kim>We agreed on <b>Monday</b> after all.\n"
HOSTILE = (
    "WEBVTT\n\n00:05.000 --> 00:07.000\n"
    "<v \u202e<script>alert(1)</script>>&lt;img src=x onerror=alert(1)&gt;\n"
)


@dataclass
class EndedCall:
    """A call with a recorded transcript of one line, and a summary."""

    intake: IntakeHarness
    id: str

    @property
    def path(self) -> str:
        return f"/v1/apps/{self.intake.owner.app_id}/calls/{self.id}"

    async def upload(
        self, content: bytes | None, query: str = "", *, by: ApiClient | None = None, **more: Any
    ) -> Any:
        client = by or self.intake.owner
        url = f"{self.path}/transcript{query}"
        return await client.request_url("PUT", url, content=content, **more)

    async def texts(self) -> list[str]:
        page = await self.intake.owner.request_url("GET", self.path)
        return [line["text"] for line in page.json()["data"]["transcript"]["items"]]

    async def downloaded(self, format: str) -> bytes:
        path = f"/sessions/{self.id}/transcript?format={format}"
        link = await self.intake.owner.request("GET", path)
        url = link.json()["data"]["transcript_download_url"]
        content: bytes = (await self.intake.owner.client.get(url)).content
        return content


@pytest.fixture
async def call(build_server: BuildServer) -> AsyncIterator[EndedCall]:
    async with open_intake(build_server(transcript_max_bytes=LARGEST)) as intake:
        await record_calls(intake)
        (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
        yield EndedCall(intake, over["id"])


async def test_an_upload_is_what_every_reader_shows_from_then_on(call: EndedCall) -> None:
    recorded = await call.texts()
    refused = await call.upload(FILE)
    assert (refused.status_code, refused.json()["error"]["reason"]) == (400, "transcript_recorded")
    assert await call.texts() == recorded
    packed = {"content-encoding": "gzip"}
    answer = await call.upload(gzip.compress(FILE), "?replace=true", headers=packed)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    assert (data["format"], data["lines"], data["is_new"]) == ("vtt", 1, True)
    assert data["is_summarised"]
    assert await call.texts() == ["We agreed on Monday after all."]
    assert b"We agreed on Monday after all." in await call.downloaded("SRT")
    form = await call.upload(None, files=[("file", ("call.vtt", FILE))])
    assert form.status_code == 200 and not form.json()["data"]["is_new"]
    two = [("file", ("a.vtt", FILE)), ("file", ("b.vtt", FILE))]
    refused = await call.upload(None, files=two)
    assert (refused.status_code, refused.json()["error"]["reason"]) == (400, "too_many_files")


async def test_a_download_of_each_format_can_be_uploaded_again(call: EndedCall) -> None:
    recorded = await call.texts()
    captions = await call.downloaded("SRT")
    for format in ("JSON", "SRT", "VTT", "CSV"):
        answer = await call.upload(await call.downloaded(format), "?replace=true")
        assert answer.status_code == 200, answer.text
        assert await call.texts() == recorded
        # A CSV has no ends, and only the ids that were recorded.
        assert format == "CSV" or await call.downloaded("SRT") == captions


async def test_what_is_refused_leaves_the_transcript_as_it_was(call: EndedCall) -> None:
    recorded = await call.texts()
    packed = {"content-encoding": "gzip"}
    for content, headers, status, reason in (
        (b"", {}, 400, "empty_transcript"),
        (b"Dear all,", {}, 400, "unknown_transcript"),
        (b"WEBVTT\n\n00:05.000 -->\nx\n", {}, 400, "bad_transcript"),
        (b"x" * (LARGEST + 1), {}, 413, "too_large"),
        (gzip.compress(b"x" * (LARGEST + 1)), packed, 413, "too_large"),
        (b"no gzip", packed, 400, "bad_encoding"),
        (b"WEBVTT\n\n09:05:00.000 --> 09:05:01.000\nx\n", {}, 400, "line_outside_call"),
    ):
        answer = await call.upload(content, "?replace=true", headers=headers)
        assert (answer.status_code, answer.json()["error"]["reason"]) == (status, reason)
    reader = await call.intake.server.new_client(role=Role.READ, of=call.intake.owner)
    stranger = await call.intake.server.new_client()
    for client, reason in ((reader, "read_only_token"), (stranger, "foreign_app")):
        answer = await call.upload(FILE, by=client)
        assert (answer.status_code, answer.json()["error"]["reason"]) == (403, reason)
    own = f"/v1/apps/{stranger.app_id}/calls/{call.id}/transcript"
    answer = await stranger.request_url("PUT", own, content=FILE)
    assert (answer.status_code, answer.json()["error"]["reason"]) == (404, "session_not_found")
    assert await call.texts() == recorded


async def test_scripts_and_names_that_turn_the_text_round_stay_text(call: EndedCall) -> None:
    answer = await call.upload(HOSTILE.encode(), "?replace=true")
    assert answer.status_code == 200, answer.text
    [text] = await call.texts()
    assert "<img src=x onerror=alert(1)>" in text
    assert b"<img" not in await call.downloaded("VTT")
