"""Presets over HTTP; and Cloudflare's own client, strict about every member, reads the answers."""

import copy
from typing import Any

import jwt
import msgspec
import pytest
from cloudflare import AsyncCloudflare

from aftercall.core.records import ViewType
from aftercall.wire.preset_parts import USUAL_PERMISSIONS, USUAL_UI, usual_config

RestServer = Any


def _body(name: str = "host", view_type: ViewType = ViewType.GROUP_CALL) -> dict[str, Any]:
    return {
        "name": name,
        "config": msgspec.to_builtins(usual_config(view_type)),
        "permissions": msgspec.to_builtins(USUAL_PERMISSIONS),
        "ui": msgspec.to_builtins(USUAL_UI),
    }


async def _created(caller: Any, body: dict[str, Any]) -> dict[str, Any]:
    answer = await caller.request("POST", "/presets", json=body)
    assert answer.status_code == 201, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data


async def _add(caller: Any, preset_name: str) -> tuple[dict[str, Any], str]:
    meeting = (await caller.request("POST", "/meetings", json={"title": "M"})).json()["data"]
    answer = await caller.request(
        "POST",
        f"/meetings/{meeting['id']}/participants",
        json={"custom_participant_id": "ada", "preset_name": preset_name},
    )
    data: dict[str, Any] = answer.json()["data"]
    return data, f"/meetings/{meeting['id']}/participants/{data['id']}"


async def _names(caller: Any, **parameters: Any) -> list[str]:
    listed = (await caller.request("GET", "/presets", params=parameters)).json()["data"]
    return [preset["name"] for preset in listed]


async def test_the_official_client_accepts_every_answer(server: RestServer) -> None:
    caller = await server.new_client()
    client = AsyncCloudflare(
        api_token=caller.token,
        base_url="http://aftercall.test/client/v4",
        http_client=server.client,
        max_retries=0,
        _strict_response_validation=True,
    ).realtime_kit.presets
    where: dict[str, Any] = {"account_id": caller.account_id, "app_id": caller.app_id}
    made = await client.create(**where, **_body())
    id = made.data.id
    found = await client.get_preset_by_id(id, **where)
    assert found.data.name == "host"
    body = {"name": "guest"}
    changed = await client.update(id, **where, **body)  # type: ignore[arg-type]
    assert changed.data.name == "guest"
    replaced = await client.replace_preset_by_id(id, **where, **_body("host"))
    assert replaced.data.name == "host"
    listed = await client.get(
        caller.app_id, account_id=caller.account_id, page_no=0, per_page=0, search="HO"
    )
    assert [each.id for each in listed.data] == [id]
    assert listed.paging.total_count == 1
    assert (await client.delete(id, **where)).data.id == id
    assert await _names(caller) == []


async def test_members_of_the_parts_that_nobody_named_are_kept(server: RestServer) -> None:
    caller = await server.new_client()
    body = _body()
    body["permissions"]["can_fly"] = {"how": ["high"]}
    made = await _created(caller, body)
    assert made["permissions"] == body["permissions"]
    answer = await caller.request(
        "PATCH", f"/presets/{made['id']}", json={"permissions": {"can_record": True}}
    )
    assert answer.json()["data"]["permissions"] == body["permissions"] | {"can_record": True}
    assert answer.json()["data"]["config"] == body["config"]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        (("name",), "", '"name"'),
        (("config", "view_type"), "CINEMA", '"config.view_type" must be one of'),
        (("config", "media", "video", "quality"), "8k", '"config.media.video.quality"'),
        (("permissions", "polls"), None, '"permissions.polls" must be an object'),
        (("ui",), [], '"ui" must be an object'),
        (("colour",), 1, '"colour" is not allowed'),
    ],
)
async def test_a_wrong_member_is_named(
    server: RestServer, path: tuple[str, ...], value: Any, sentence: str
) -> None:
    caller = await server.new_client()
    kept = await _created(caller, _body("kept"))
    body = copy.deepcopy(_body())
    place: Any = body
    change: Any = value
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    for name in reversed(path):
        change = {name: change}
    for method, url, sent in (
        ("POST", "/presets", body),
        ("PUT", f"/presets/{kept['id']}", body),
        ("PATCH", f"/presets/{kept['id']}", change),
    ):
        answer = await caller.request(method, url, json=sent)
        assert answer.status_code == 422, (method, answer.text)
        assert sentence in answer.json()["error"]["message"]
    assert (await caller.request("GET", f"/presets/{kept['id']}")).json()["data"] == kept


async def test_a_name_in_use_is_refused_and_not_tried_again(server: RestServer) -> None:
    caller = await server.new_client()
    await _created(caller, _body("host"))
    other = await _created(caller, _body("guest"))
    for method, url in (("POST", "/presets"), ("PUT", f"/presets/{other['id']}")):
        answer = await caller.request(method, url, json=_body("host"))
        assert answer.status_code == 422
        assert answer.json()["error"]["reason"] == "preset_exists"


async def test_the_preset_of_every_participant_is_one_of_the_apps(server: RestServer) -> None:
    caller = await server.new_client()
    _, path = await _add(caller, "webinar_presenter")
    assert await _names(caller) == ["webinar_presenter"]
    await caller.request("PATCH", path, json={"preset_name": "webinar_viewer"})
    await _add(caller, "webinar_viewer")
    listed = (await caller.request("GET", "/presets")).json()["data"]
    ids = {preset["name"]: preset["id"] for preset in listed}
    assert len(listed) == 2 and set(ids) == {"webinar_presenter", "webinar_viewer"}
    found = (await caller.request("GET", f"/presets/{ids['webinar_viewer']}")).json()["data"]
    assert found["config"]["view_type"] == "WEBINAR"
    removed = (await caller.request("DELETE", path)).json()["data"]
    assert removed["preset_id"] == ids["webinar_viewer"]


async def test_the_view_type_of_a_preset_counts_whatever_its_name(server: RestServer) -> None:
    caller = await server.new_client()
    await _created(caller, _body("speaker", ViewType.AUDIO_ROOM))
    member, path = await _add(caller, "speaker")

    def view_type(token: str) -> Any:
        return jwt.decode(token, options={"verify_signature": False})["viewType"]

    assert view_type(member["token"]) == "AUDIO_ROOM"
    grant = await server.services.access.verify_participant_token(member["token"])
    assert grant.identity.view_type is ViewType.AUDIO_ROOM
    (preset,) = (await caller.request("GET", "/presets")).json()["data"]
    await caller.request("DELETE", f"/presets/{preset['id']}")
    renewed = (await caller.request("POST", f"{path}/token")).json()["data"]
    assert view_type(renewed["token"]) == "GROUP_CALL"


async def test_presets_of_another_app_are_not_found(server: RestServer) -> None:
    owner, stranger = await server.new_client(), await server.new_client()
    made = await _created(owner, _body())
    for method, body in (("GET", None), ("PATCH", {}), ("PUT", _body()), ("DELETE", None)):
        answer = await stranger.request(method, f"/presets/{made['id']}", json=body)
        assert answer.status_code == 404
        assert answer.json()["error"]["reason"] == "preset_not_found"
    assert await _names(stranger) == []
    assert await _names(owner) == ["host"]


async def test_texts_that_no_database_stores_are_mended(server: RestServer) -> None:
    caller = await server.new_client()
    body = _body("ho\0st")
    body["ui"]["design_tokens"]["logo"] = "a\0b"
    body["permissions"]["note"] = {"deep": ["\0"]}
    made = await _created(caller, body)
    assert made["name"] == "ho\ufffdst"
    assert made["ui"]["design_tokens"]["logo"] == "a\ufffdb"
    assert made["permissions"]["note"] == {"deep": ["\ufffd"]}
    assert (await caller.request("GET", f"/presets/{made['id']}")).json()["data"] == made
