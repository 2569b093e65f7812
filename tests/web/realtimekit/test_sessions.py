"""The Sessions operations over HTTP; and Cloudflare's own client, strict about every member,
reads what is answered."""

import json
from typing import Any

import pytest
from cloudflare import AsyncCloudflare, NotFoundError

from aftercall.core.events import SampleTaken, SessionClosed, SessionOpened
from aftercall.core.instants import EpochMs
from aftercall.core.records import ReportShape
from aftercall.service.accounts.tokens import GRANT_LIFE_MS
from tests.recorder_harness import at, chat_message, join_session, leave, transcript_line

RestServer = Any
BuildServer = Any


async def _caller(server: RestServer) -> Any:
    """The client of an app with a session `call` of Ana and Ben, who was in a breakout room; both
    wrote and spoke. The clock is an hour later."""
    caller = await server.new_client()
    server.clock.move(3_600_000)
    await server.recorder.record(
        caller.app_id,
        [
            SessionOpened(
                id="opened", at=at(0), session_id="call", meeting_id="m-call", title="Weekly"
            ),
            SessionOpened(
                id="room",
                at=at(50),
                session_id="room",
                meeting_id="m-room",
                parent_session_id="call",
            ),
            join_session("call-ana", 0, user="ana", interval_ms=7_000),
            join_session("call-ben", 0, user="ben"),
            join_session("room-ben", 60, user="ben", session_id="room"),
            *(_sample("call-ana", n) for n in range(5)),
            transcript_line("We decided to move the release to October.", 30),
            transcript_line("Is the contract with legal already signed?", 40, user="ben"),
            chat_message("=cmd|' /C calc'!A0, \"hi\"", 45),
            leave("call-ben", 60),
            leave("room-ben", 120),
            leave("call-ana", 300),
            SessionClosed(id="closed", at=at(300), session_id="call"),
        ],
        source="events",
    )
    return caller


def _sample(peer_id: str, number: int) -> SampleTaken:
    stats = [
        {
            "id": "OT1",
            "type": "outbound-rtp",
            "timestamp": at(7 * number),
            "ssrc": 1,
            "kind": "audio",
            "mid": "0",
            "packetsSent": 350 * number,
            "bytesSent": 28_000 * number,
        }
    ]
    streams = [{"connection": "pc1", "direction": "send", "ssrc": 1, "kind": "audio"}]
    body = {"connections": [{"id": "pc1", "stats": stats}], "streams": streams}
    return SampleTaken(
        id=f"{peer_id} sample {number}",
        at=at(7 * number),
        session_id="call",
        peer_id=peer_id,
        sequence=number + 1,
        body=json.dumps(body).encode(),
    )


def _official(server: RestServer, caller: Any) -> tuple[Any, dict[str, str]]:
    client = AsyncCloudflare(
        api_token=caller.token,
        base_url="http://aftercall.test/client/v4",
        http_client=server.client,
        max_retries=0,
        _strict_response_validation=True,
    )
    where = {"account_id": caller.account_id, "app_id": caller.app_id}
    return client.realtime_kit.sessions, where


async def _data(caller: Any, path: str, method: str = "GET") -> Any:
    answer = await caller.request(method, path)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["success"] is True
    assert ("result" in body) is ("peer-report" not in path)
    assert body.get("result", body["data"]) == body["data"]
    return body["data"]


async def test_the_official_client_accepts_sessions(server: RestServer) -> None:
    sessions, where = _official(server, await _caller(server))
    answer = await sessions.get_sessions(
        associated_id="m-call",
        start_time="2026-11-21T12:00:00+00:00",
        end_time="2026-11-21T13:00:00Z",
        page_no=0,
        per_page=0,
        participants="1:10",
        search="week",
        sort_by="minutesConsumed",
        sort_order="ASC",
        status="ENDED",
        **where,
    )
    [session] = answer.data.sessions
    assert (session.id, session.status, session.minutes_consumed) == ("call", "ENDED", 6.0)
    assert (answer.paging.total_count, answer.paging.start_offset) == (1, 1)
    details = await sessions.get_session_details("call", include_breakout_rooms=True, **where)
    assert details.data.id == "call"
    assert [room["id"] for room in details.data.breakout_rooms] == ["room"]


async def test_the_official_client_accepts_participants(server: RestServer) -> None:
    sessions, where = _official(server, await _caller(server))
    listed = await sessions.get_session_participants(
        "call", include_peer_events=True, view="consolidated", sort_by="duration", **where
    )
    ana, ben = listed.data.participants
    assert (ana.display_name, ana.duration) == ("Ana", 5.0)
    assert (ben.display_name, ben.duration) == ("Ben", 2.0)
    assert [event.event_name for event in ben.peer_events] == [
        "PEER_CREATED",
        "PEER_JOINING",
        "PEER_LEAVING",
    ]
    found = await sessions.get_session_participant_details(
        "call-ben", include_peer_events=True, session_id="call", **where
    )
    assert found.data.participant.user_id == "u-ben"
    assert len(found.data.participant.peer_events) == 3


async def test_the_official_client_accepts_a_peer_report(server: RestServer) -> None:
    sessions, where = _official(server, await _caller(server))
    answer = await sessions.get_participant_data_from_peer_id(
        "call-ana", include_peer_events=True, **where
    )
    participant = answer.data.participant
    assert (participant.id, participant.role) == ("call-ana", "group_call_host")
    assert [s.packets_sent for s in participant.peer_report.quality.audio_producer][-1] == 350
    assert len(participant.peer_events) == 3


async def test_the_official_client_accepts_chat_transcript_and_summary(server: RestServer) -> None:
    caller = await _caller(server)
    sessions, where = _official(server, caller)
    chat = await sessions.get_session_chat("call", **where)
    assert chat.data.chat_download_url_expiry == "2026-11-28T13:00:00.000Z"
    transcript = await sessions.get_session_transcripts("call", format="SRT", **where)
    assert transcript.data.session_id == "call"
    srt = (await server.client.get(transcript.data.transcript_download_url)).text
    assert srt.startswith("1\n00:00:30,000 --> 00:00:32,000\nAna: We decided to move")
    with pytest.raises(NotFoundError):
        await sessions.get_session_summary("call", **where)
    asked = await sessions.generate_summary_of_transcripts("call", **where)
    assert (asked.data.session_id, asked.data.status) == ("call", "PENDING")
    await server.services.summaries.carry_out(caller.app_id, "call")
    summary = await sessions.get_session_summary("call", **where)
    text = (await server.client.get(summary.data.summary_download_url)).text
    assert "We decided to move the release to October." in text


async def test_details_have_the_members_of_the_first_generation(server: RestServer) -> None:
    data = await _data(await _caller(server), "/sessions/call")
    nested = data.pop("session")
    assert nested == data
    assert data["breakout_rooms"] == []


async def test_a_peer_report_has_the_members_of_every_generation(server: RestServer) -> None:
    caller = await _caller(server)
    data = await _data(caller, "/sessions/peer-report/call-ana")
    nested = data.pop("participant")
    assert nested == data
    assert set(data) >= {"preset_name", "role", "session_id", "peer_report", "peer_stats"}
    assert data["quality_stats"]["peer_ids"] == ["call-ana"]
    assert "peer_events" not in data


@pytest.mark.parametrize("shape", [ReportShape.FLAT, ReportShape.NESTED])
async def test_an_app_that_reads_one_place_is_sent_a_report_once(
    server: RestServer, shape: ReportShape
) -> None:
    caller = await _caller(server)
    other = await _caller(server)
    both = await _data(caller, "/sessions/peer-report/call-ana")
    await server.services.setup.set_report_shape(caller.account_id, caller.app_id, shape)
    server.clock.now = EpochMs(server.clock.now + GRANT_LIFE_MS)
    once = await _data(caller, "/sessions/peer-report/call-ana")
    nested = both.pop("participant")
    assert once == (both if shape is ReportShape.FLAT else {"participant": nested})
    assert "participant" in await _data(other, "/sessions/peer-report/call-ana")
    details = await _data(caller, "/sessions/call/participants/call-ana")
    assert set(details) == {"participant"}


async def test_filters_narrow_the_statistics(server: RestServer) -> None:
    caller = await _caller(server)
    report = await _data(caller, "/sessions/peer-report/call-ana?filters=device_info")
    assert set(report["peer_stats"]) == {"device_info"}
    assert "quality_stats" not in report
    assert "quality" not in report["peer_report"]
    report = await _data(caller, "/sessions/peer-report/call-ana?filters=events,quality_stats")
    assert "peer_events" in report
    assert "device_info" not in report["peer_stats"]
    path = "/sessions/call/participants/call-ana?filters=quality_stats"
    details = (await _data(caller, path))["participant"]
    assert [one["peer_id"] for one in details["quality_stats"]] == ["call-ana"]
    assert set(details["peer_stats"]) == set()


async def test_paging_is_in_both_places(server: RestServer) -> None:
    caller = await _caller(server)
    for path in ("/sessions?per_page=1&page_no=2", "/sessions/call/participants?per_page=1"):
        body = (await caller.request("GET", path)).json()
        assert body["paging"] == body["data"]["paging"]
        assert body["paging"]["total_count"] == 2
    beyond = (await caller.request("GET", "/sessions?page_no=9")).json()
    assert beyond["paging"] == {"total_count": 2, "start_offset": 0, "end_offset": 0}


async def test_result_is_left_out_if_configured(build_server: BuildServer) -> None:
    server = build_server(result_alias=False)
    caller = await _caller(server)
    body = (await caller.request("GET", "/sessions/call")).json()
    assert "result" not in body
    assert body["data"]["id"] == "call"


async def test_a_report_is_equal_plain_and_compressed(server: RestServer) -> None:
    caller = await _caller(server)
    path = "/sessions/peer-report/call-ana"
    packed = await caller.request("GET", path, headers={"accept-encoding": "br, gzip;q=0.5"})
    plain = await caller.request("GET", path, headers={"accept-encoding": "gzip;q=0, identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.headers["vary"] == plain.headers["vary"] == "accept-encoding"
    assert packed.content == plain.content
    assert int(packed.headers["content-length"]) < int(plain.headers["content-length"])
    assert int(plain.headers["content-length"]) == len(plain.content)


async def test_the_list_of_livestreams_is_empty(server: RestServer) -> None:
    caller = await _caller(server)
    data = await _data(caller, "/sessions/call/livestream-sessions")
    assert data["sessions"] == []
    assert (await caller.request("GET", "/sessions/x/livestream-sessions")).status_code == 404


async def test_a_summary_is_refused_during_a_live_session(server: RestServer) -> None:
    caller = await server.new_client()
    await server.recorder.record(
        caller.app_id, [join_session("call-ana", 0, user="ana")], source="events"
    )
    refused = await caller.request("POST", "/sessions/call/summary")
    assert refused.status_code == 400
    assert "LIVE" in refused.json()["errors"][0]["message"]
    for path in ("/sessions/call/transcript", "/sessions/call/summary"):
        absent = await caller.request("GET", path)
        assert (absent.status_code, absent.json()["error"]["reason"]) == (404, "session_live")
    assert (await caller.request("GET", "/sessions/call/chat")).status_code == 200


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sessions/nothing", 404),
        ("/sessions/not%20an%20id", 404),
        ("/sessions/nothing/participants", 404),
        ("/sessions/call/participants/nobody", 404),
        ("/sessions/peer-report/nobody", 404),
        ("/sessions/nothing/chat", 404),
        ("/sessions/nothing/transcript", 404),
        ("/sessions/nothing/summary", 404),
        ("/sessions?status=OVER", 400),
        ("/sessions?participants=a:b", 400),
        ("/sessions/call?include_breakout_rooms=perhaps", 400),
        ("/sessions/call/participants?view=sideways", 400),
        ("/sessions/call/participants/call-ana?filters=conditions", 400),
        ("/sessions/peer-report/call-ana?filters=conditions", 400),
        ("/sessions/call/transcript?format=PDF", 400),
        ("/sessions/call/chat?format=SRT", 400),
    ],
)
async def test_invalid_requests_are_refused(server: RestServer, path: str, status: int) -> None:
    caller = await _caller(server)
    answer = await caller.request("GET", path)
    assert answer.status_code == status, answer.text
    assert answer.json()["success"] is False
