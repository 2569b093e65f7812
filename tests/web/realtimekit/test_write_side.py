"""Apps, meetings, their participants and the session going on, over HTTP; and Cloudflare's own
client, strict about every member, reads what is answered."""

import asyncio
from typing import Any

import httpx
import jwt
import pytest
from cloudflare import AsyncCloudflare

from aftercall.core.events import Identity, PeerJoined

RestServer = Any
BuildServer = Any


def _official(server: RestServer, caller: Any) -> AsyncCloudflare:
    return AsyncCloudflare(
        api_token=caller.token,
        base_url="http://aftercall.test/client/v4",
        http_client=server.client,
        max_retries=0,
        _strict_response_validation=True,
    )


async def _meeting(caller: Any, **body: Any) -> dict[str, Any]:
    answer = await caller.request("POST", "/meetings", json=body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def _add(caller: Any, meeting_id: str, custom_id: str = "ada") -> dict[str, Any]:
    body = {"custom_participant_id": custom_id, "preset_name": "group_call_host"}
    answer = await caller.request("POST", f"/meetings/{meeting_id}/participants", json=body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def test_the_official_client_accepts_every_answer_of_the_write_operations(
    server: RestServer,
) -> None:
    caller = await server.new_client(is_of_account=True)
    client = _official(server, caller).realtime_kit
    where: dict[str, Any] = {"account_id": caller.account_id}
    made_app = await client.apps.post(name="Another", **where)
    apps = await client.apps.get(search="anoth", sort_order="ASC", page_no=0, per_page=0, **where)
    assert made_app.data and made_app.data.app and apps.data
    assert [app.id for app in apps.data] == [made_app.data.app.id]

    meeting = (
        await client.meetings.create(
            caller.app_id,
            title="Weekly",
            session_keep_alive_time_in_secs=90,
            ai_config={"summarization": {"word_limit": 200, "text_format": "markdown"}},
            recording_config={"storage_config": {"type": "gcs", "bucket": "b", "secret": "s"}},
            **where,
        )
    ).data
    assert meeting is not None
    ids = where | {"app_id": caller.app_id, "meeting_id": meeting.id}
    listed = await client.meetings.get(caller.app_id, status="ACTIVE", search="week", **where)
    assert [row.id for row in listed.data] == [meeting.id]
    assert listed.paging.total_count == 1
    changed = await client.meetings.update_meeting_by_id(status="INACTIVE", **ids)
    assert changed.data and changed.data.status == "INACTIVE"
    assert changed.data.session_keep_alive_time_in_secs == 90
    replaced = await client.meetings.replace_meeting_by_id(title="New", **ids)
    assert replaced.data and replaced.data.ai_config is None
    found = await client.meetings.get_meeting_by_id(**ids)
    assert found.data and found.data.title == "New"


async def test_the_official_client_accepts_meeting_participants(server: RestServer) -> None:
    caller = await server.new_client()
    client = _official(server, caller).realtime_kit.meetings
    meeting = await _meeting(caller)
    ids: dict[str, Any] = {
        "account_id": caller.account_id,
        "app_id": caller.app_id,
        "meeting_id": meeting["id"],
    }
    added = (
        await client.add_participant(custom_participant_id="ada", preset_name="host", **ids)
    ).data
    assert added is not None
    assert added.name == "ada"
    one = ids | {"participant_id": added.id}
    edited = await client.edit_participant(name="Ada", **one)
    assert edited.data and edited.data.name == "Ada"
    assert jwt.decode(edited.data.token, options={"verify_signature": False})["name"] == "Ada"
    found = await client.get_meeting_participant(**one)
    assert found.data.custom_participant_id == "ada"
    listed = await client.get_meeting_participants(page_no=1, per_page=10, **ids)
    assert [row.id for row in listed.data] == [added.id]
    fresh = await client.refresh_participant_token(**one)
    assert fresh.data.token.startswith("eyJ")
    removed = await client.delete_meeting_participant(**one)
    assert removed.data and removed.data.custom_participant_id == "ada"
    answer = await caller.request("GET", f"/meetings/{meeting['id']}/participants/{added.id}")
    assert answer.status_code == 404


async def _join(server: RestServer, caller: Any, meeting_id: str, member: dict[str, Any]) -> None:
    joined = PeerJoined(
        id=f"joined-{member['id']}",
        at=server.clock(),
        meeting_id=meeting_id,
        peer_id=f"peer-of-{member['id']}"[:36],
        identity=Identity(
            user_id=member["id"], custom_participant_id=member["custom_participant_id"]
        ),
    )
    await server.recorder.record(caller.app_id, [joined], source="events")


async def test_the_official_client_reads_and_ends_the_active_session(server: RestServer) -> None:
    caller = await server.new_client()
    client = _official(server, caller).realtime_kit.active_session
    meeting = await _meeting(caller, title="Now")
    for name in ("ada", "bob"):
        await _join(server, caller, meeting["id"], await _add(caller, meeting["id"], name))
    server.clock.move(60_000)
    ids: dict[str, Any] = {
        "account_id": caller.account_id,
        "app_id": caller.app_id,
        "meeting_id": meeting["id"],
    }
    going = (await client.get_active_session(**ids)).data
    assert going is not None
    assert (going.status, going.live_participants) == ("LIVE", 2)
    assert going.meeting_display_name == "Now"
    kicked = await client.kick_participants(custom_participant_ids=["ada"], **ids)
    assert kicked.data and kicked.data.participants
    assert len(kicked.data.participants) == 1
    everybody = await client.kick_all_participants(**ids)
    assert everybody.data and everybody.data.kicked_participants_count == 1
    answer = await caller.request("GET", f"/meetings/{meeting['id']}/active-session")
    assert answer.status_code == 404
    assert answer.json()["error"]["message"] == (
        f"No active session found for meeting_id {meeting['id']}"
    )


@pytest.mark.parametrize("content_type", ["application/json", None])
async def test_a_post_with_an_empty_body_is_accepted_as_the_clients_send_it(
    server: RestServer, content_type: str | None
) -> None:
    caller = await server.new_client()
    headers = {} if content_type is None else {"content-type": content_type}
    answer = await caller.request("POST", "/meetings", content=b"", headers=headers)
    assert answer.status_code == 201
    meeting_id = answer.json()["data"]["id"]
    answer = await caller.request(
        "POST", f"/meetings/{meeting_id}/active-session/kick-all", content=b"", headers=headers
    )
    assert answer.json()["error"]["reason"] == "no_active_session"


async def test_a_token_has_its_expiry(build_server: BuildServer) -> None:
    server = build_server(token_life_s=3_600)
    caller = await server.new_client()
    meeting = await _meeting(caller)
    added = await _add(caller, meeting["id"])
    assert added["token_expires_at"] == "2026-11-21T13:00:00.000Z"
    path = f"/meetings/{meeting['id']}/participants/{added['id']}/token"
    server.clock.move(60_000)
    fresh = (await caller.request("POST", path)).json()["data"]
    assert fresh["token_expires_at"] == "2026-11-21T13:01:00.000Z"


async def test_put_replaces_a_meeting_participant(server: RestServer) -> None:
    caller = await server.new_client()
    meeting = await _meeting(caller)
    added = await _add(caller, meeting["id"])
    path = f"/meetings/{meeting['id']}/participants/{added['id']}"
    body = {"custom_participant_id": "new", "preset_name": "guest", "name": "N", "picture": "p"}
    replaced = (await caller.request("PUT", path, json=body)).json()["data"]
    assert {k: replaced[k] for k in body} == body
    assert replaced["id"] == added["id"]
    cleared = (await caller.request("PATCH", path, json={"picture": None, "name": None})).json()[
        "data"
    ]
    assert (cleared["picture"], cleared["name"]) == (None, "N")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"custom_participant_id": "a"}, '"preset_name" is required'),
        ({"preset_name": "p"}, '"custom_participant_id" is required'),
        ({"custom_participant_id": "a", "preset_name": "p", "x": 1}, '"x" is not allowed'),
    ],
)
async def test_an_invalid_body_is_answered_with_422_and_a_message(
    server: RestServer, body: dict[str, Any], message: str
) -> None:
    caller = await server.new_client()
    meeting = await _meeting(caller)
    answer = await caller.request("POST", f"/meetings/{meeting['id']}/participants", json=body)
    assert answer.status_code == 422
    assert answer.json()["error"]["message"] == message


async def test_a_keep_alive_time_out_of_range_is_refused_or_clamped(
    build_server: BuildServer,
) -> None:
    body = {"session_keep_alive_time_in_secs": 30}
    strict = build_server()
    caller = await strict.new_client()
    assert (await caller.request("POST", "/meetings", json=body)).status_code == 422
    lenient = build_server(lenient_keep_alive=True)
    caller = await lenient.new_client()
    assert (await _meeting(caller, **body))["session_keep_alive_time_in_secs"] == 60


async def test_an_app_can_only_be_created_with_a_token_of_the_account(server: RestServer) -> None:
    caller = await server.new_client()
    answer = await caller.request_url("POST", f"{caller.kit}/apps", json={"name": "n"})
    assert (answer.status_code, answer.json()["error"]["reason"]) == (403, "foreign_app")


async def test_lists_are_paged_and_ordered(server: RestServer) -> None:
    caller = await server.new_client()
    titles = [f"Meeting {number}" for number in range(5)]
    for title in titles:
        server.clock.move(1_000)
        await _meeting(caller, title=title)
    answer = (await caller.request("GET", "/meetings?page_no=2&per_page=2")).json()
    assert [row["title"] for row in answer["data"]] == ["Meeting 2", "Meeting 1"]
    assert answer["paging"] == {"total_count": 5, "start_offset": 3, "end_offset": 4}
    answer = (await caller.request("GET", "/meetings?page_no=9")).json()
    assert answer["paging"] == {"total_count": 5, "start_offset": 0, "end_offset": 0}
    answer = (await caller.request("GET", "/meetings?page_no=1000000000&per_page=200")).json()
    assert answer["data"] == []


async def test_concurrent_changes_leave_a_consistent_meeting(server: RestServer) -> None:
    caller = await server.new_client()
    meeting = await _meeting(caller)
    path = f"/meetings/{meeting['id']}"
    bodies: list[dict[str, Any]] = [{"title": "A"}, {"persist_chat": True}, {"status": "INACTIVE"}]
    answers: list[httpx.Response] = await asyncio.gather(
        *(caller.request("PATCH", path, json=body) for body in bodies)
    )
    assert {answer.status_code for answer in answers} == {200}
    found = (await caller.request("GET", path)).json()["data"]
    assert found | bodies[0] | bodies[1] | bodies[2] == found
