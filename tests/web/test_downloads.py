"""Downloads over HTTP."""

import csv
import io
import json
from typing import Any

import httpx
import pytest

from aftercall.core.events import SessionClosed
from aftercall.web.downloads import own_address
from tests.recorder_harness import at, chat_message, join_session, leave, transcript_line

RestServer = Any
BuildServer = Any


async def _caller(server: RestServer) -> Any:
    caller = await server.new_client()
    server.clock.move(3_600_000)
    await server.recorder.record(
        caller.app_id,
        [
            join_session("call-ana", 0, user="ana"),
            transcript_line("<b>Fish & chips --> now</b>", 30),
            chat_message("=1+1", 45),
            leave("call-ana", 300),
            SessionClosed(id="closed", at=at(300), session_id="call"),
        ],
        source="events",
    )
    return caller


async def _url(caller: Any, path: str) -> str:
    data = (await caller.request("GET", path)).json()["data"]
    return str(next(value for name, value in data.items() if name.endswith("_url")))


async def _download(server: RestServer, caller: Any, path: str) -> httpx.Response:
    answer: httpx.Response = await server.client.get(await _url(caller, path))
    assert answer.status_code == 200, answer.text
    return answer


@pytest.mark.parametrize(
    ("path", "media_type", "name", "text"),
    [
        (
            "chat",
            "text/csv; charset=utf-8",
            "call-chat.csv",
            "id,participantId,sessionId,meetingId,displayName,pinned,isEdited,payloadType,payload,"
            "createdAt\n"
            "call chat 45,u-ana,call,m-call,Ana,false,false,TEXT_MESSAGE,'=1+1,"
            "2026-11-21T12:00:45.000Z\n",
        ),
        (
            "transcript",
            "text/csv; charset=utf-8",
            "call-transcript.csv",
            '"30000","call-ana","u-ana","crm-ana","Ana","<b>Fish & chips --> now</b>"\n',
        ),
        (
            "transcript?csv_style=dyte",
            "text/csv; charset=utf-8",
            "call-transcript-dyte.csv",
            "Timestamp, Participant ID, User ID, Custom Participant ID, Participant Name, "
            "Transcript\n2026-11-21T12:00:30.000Z,call-ana,u-ana,crm-ana,Ana,"
            "<b>Fish & chips --> now</b>\n",
        ),
        (
            "transcript?format=VTT",
            "text/vtt; charset=utf-8",
            "call-transcript.vtt",
            "WEBVTT\n\n00:00:30.000 --> 00:00:32.000\n"
            "Ana: &lt;b&gt;Fish &amp; chips --&gt; now&lt;/b&gt;\n\n",
        ),
        (
            "transcript?format=SRT",
            "application/x-subrip; charset=utf-8",
            "call-transcript.srt",
            "1\n00:00:30,000 --> 00:00:32,000\n"
            "Ana: <\u2060b>Fish & chips --\u2060> now<\u2060/b>\n\n",
        ),
    ],
)
async def test_each_file_has_its_content_and_media_type(
    server: RestServer, path: str, media_type: str, name: str, text: str
) -> None:
    answer = await _download(server, await _caller(server), f"/sessions/call/{path}")
    assert answer.text == text
    assert answer.headers["content-type"] == media_type
    assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-store"


async def test_json_files_contain_the_unchanged_texts(server: RestServer) -> None:
    caller = await _caller(server)
    chat = await _download(server, caller, "/sessions/call/chat?format=json")
    assert chat.headers["content-type"] == "application/json"
    assert [message["payload"] for message in chat.json()] == ["=1+1"]
    transcript = await _download(server, caller, "/sessions/call/transcript?format=JSON")
    assert [line["sentence"] for line in transcript.json()] == ["<b>Fish & chips --> now</b>"]
    assert transcript.json()[0]["peerData"]["leftAt"] == "2026-11-21T12:05:00.000Z"


async def test_a_long_chat_is_downloaded_completely(server: RestServer) -> None:
    caller = await _caller(server)
    stated = [chat_message(f"message, {n}", 50 + n / 100) for n in range(2_500)]
    await server.recorder.record(caller.app_id, stated, source="events")
    answer = await _download(server, caller, "/sessions/call/chat")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["payload"] for row in rows[1:]] == [f"message, {n}" for n in range(2_500)]


async def test_a_summary_is_markdown(server: RestServer) -> None:
    caller = await _caller(server)
    assert (await caller.request("POST", "/sessions/call/summary")).status_code == 200
    await server.services.summaries.carry_out(caller.app_id, "call")
    data = (await caller.request("GET", "/sessions/call/summary")).json()["data"]
    answer = await server.client.get(data["summaryDownloadUrl"])
    assert answer.headers["content-type"] == "text/markdown; charset=utf-8"
    assert answer.text.startswith("Ana spoke for 2 s")


async def test_a_link_needs_a_valid_signature_and_time_but_no_token(server: RestServer) -> None:
    caller = await _caller(server)
    url = await _url(caller, "/sessions/call/chat")
    forged = await server.client.get(url.replace("chat.csv", "chat.json"))
    assert (forged.status_code, forged.json()["error"]["reason"]) == (403, "link_invalid")
    server.clock.move(7 * 86_400_000)
    expired = await server.client.get(url)
    assert (expired.status_code, expired.json()["error"]["reason"]) == (403, "link_expired")
    assert "expired" in expired.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/downloads/a", "/downloads/a/b/c/d/e/f", "/downloads/"])
async def test_other_paths_below_downloads_are_not_found(server: RestServer, path: str) -> None:
    assert (await server.client.get(path)).status_code == 404


@pytest.mark.parametrize("path", ["/downloads/%00/b/1/d/chat.csv", "/downloads/a/b/%ff/d/chat.csv"])
async def test_unreadable_links_are_refused(server: RestServer, path: str) -> None:
    assert (await server.client.get(path)).status_code == 403


async def test_links_have_the_public_address(build_server: BuildServer) -> None:
    server = build_server(public_url="https://calls.example/")
    url = await _url(await _caller(server), "/sessions/call/chat")
    assert url.startswith("https://calls.example/downloads/")


async def test_without_a_public_address_links_have_the_address_of_the_request(
    server: RestServer,
) -> None:
    url = await _url(await _caller(server), "/sessions/call/chat")
    assert url.startswith("http://aftercall.test/downloads/")


async def test_a_session_without_chat_or_transcript_has_empty_files(server: RestServer) -> None:
    caller = await server.new_client()
    server.clock.move(3_600_000)
    await server.recorder.record(
        caller.app_id,
        [
            join_session("call-ana", 0, user="ana"),
            SessionClosed(id="closed", at=at(300), session_id="call"),
        ],
        source="events",
    )
    empty = await _download(server, caller, "/sessions/call/transcript")
    assert empty.content == b""
    nothing = await _download(server, caller, "/sessions/call/transcript?format=json")
    assert json.loads(nothing.content) == []
    header = await _download(server, caller, "/sessions/call/chat")
    assert header.text.count("\n") == 1


def scope(host: str, server: tuple[str, int] | None = ("10.0.0.5", 8787)) -> dict[str, Any]:
    return {"scheme": "http", "headers": [(b"host", host.encode())], "server": server}


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost:8787", "http://localhost:8787"),
        ("127.0.0.1:8787", "http://127.0.0.1:8787"),
        ("[::1]:8787", "http://[::1]:8787"),
        ("10.0.0.5:9000", "http://10.0.0.5:9000"),
        ("evil.example", "http://10.0.0.5:8787"),
        ("localhost.evil.example:8787", "http://10.0.0.5:8787"),
        ("evil.example/127.0.0.1", "http://10.0.0.5:8787"),
        ("", "http://10.0.0.5:8787"),
    ],
)
def test_a_link_never_contains_an_untrusted_host(host: str, address: str) -> None:
    assert own_address(scope(host)) == address


def test_a_link_to_an_ipv6_address_has_brackets() -> None:
    assert own_address(scope("evil.example", ("2001:db8::5", 8787))) == "http://[2001:db8::5]:8787"
