"""Every operation of the document, requested with the token of another tenant."""

from typing import Any

import pytest

from aftercall.core.egresses import EgressKind, EgressStatus
from aftercall.core.events import EgressReported, Identity, PeerJoined

RestServer = Any
BuildServer = Any
EGRESS = "recording-or-livestream-1"
EGRESS_IDS = ("recording_id", "livestream_id", "livestream_session_id")
SESSION_PEER = "5f6bfa3e-9a44-4a0c-8f35-3f0e5f3f5b7a"


async def _furnish(server: RestServer, owner: Any) -> dict[str, str]:
    """Something of the owner's behind every id a path can name."""
    meeting = (await owner.request("POST", "/meetings", json={"title": "Theirs"})).json()["data"]
    member = (
        await owner.request(
            "POST",
            f"/meetings/{meeting['id']}/participants",
            json={"custom_participant_id": "ada", "preset_name": "p"},
        )
    ).json()["data"]
    joined = PeerJoined(
        id="joined",
        at=server.clock(),
        meeting_id=meeting["id"],
        peer_id=SESSION_PEER,
        identity=Identity(user_id=member["id"]),
    )
    reports = [
        EgressReported(
            id=kind,
            at=server.clock(),
            meeting_id=meeting["id"],
            kind=kind,
            egress_id=EGRESS,
            status=EgressStatus.ACTIVE,
        )
        for kind in EgressKind
    ]
    await server.recorder.record(owner.app_id, [joined, *reports], source="events")
    active = await owner.request("GET", f"/meetings/{meeting['id']}/active-session")
    wanted = {"name": "w", "url": "https://crm.example.com", "events": ["meeting.ended"]}
    webhook = (await owner.request("POST", "/webhooks", json=wanted)).json()["data"]
    (preset,) = (await owner.request("GET", "/presets")).json()["data"]
    return {
        "account_id": owner.account_id,
        "app_id": owner.app_id,
        "meeting_id": meeting["id"],
        "participant_id": member["id"],
        "preset_id": preset["id"],
        "webhook_id": webhook["id"],
        "session_id": active.json()["data"]["id"],
        "peer_id": SESSION_PEER,
        **dict.fromkeys(EGRESS_IDS, EGRESS),
    }


async def _operations(server: RestServer) -> list[tuple[str, str]]:
    paths = (await server.client.get("/docs/openapi.json")).json()["paths"]
    return [
        (method, path)
        for path, methods in paths.items()
        if path.startswith("/client/v4/")
        for method in methods
    ]


async def test_a_token_of_another_account_is_refused_everywhere(server: RestServer) -> None:
    owner = await server.new_client()
    ids = await _furnish(server, owner)
    strangers = [await server.new_client(), await server.new_client(is_of_account=True)]
    operations = await _operations(server)
    assert len(operations) >= 17
    for stranger in strangers:
        for method, path in operations:
            answer = await stranger.request_url(method, path.format(**ids), json={})
            assert answer.status_code == 403, (method, path, answer.text)
            assert answer.json()["errors"][0]["code"] == 10000


async def test_ids_of_another_app_are_not_found_in_the_own_app(server: RestServer) -> None:
    owner, stranger = await server.new_client(), await server.new_client(is_of_account=True)
    ids = await _furnish(server, owner)
    own = ids | {"account_id": stranger.account_id, "app_id": stranger.app_id}
    bodies = {
        "kick": {"participant_ids": [ids["participant_id"]]},
        "participants": {"custom_participant_id": "eve", "preset_name": "p"},
        ids["participant_id"]: {"custom_participant_id": "eve", "preset_name": "p"},
    }
    for method, path in await _operations(server):
        names = [
            name
            for name in (
                *("meeting_id", "session_id", "peer_id", "preset_id", "webhook_id"),
                *EGRESS_IDS,
            )
            if name in path
        ]
        if not names:
            continue
        url = path.format(**own)
        body = {} if method == "patch" else bodies.get(url.split("/")[-1], {})
        answer = await stranger.request_url(method, url, json=body)
        assert answer.status_code == 404, (method, path, answer.text)


async def test_an_app_of_another_account_is_not_found_below_the_own_account(
    server: RestServer,
) -> None:
    owner, stranger = await server.new_client(), await server.new_client(is_of_account=True)
    ids = await _furnish(server, owner) | {"account_id": stranger.account_id}
    for method, path in await _operations(server):
        if "{app_id}" in path:
            answer = await stranger.request_url(method, path.format(**ids), json={})
            assert answer.status_code == 404, (method, path, answer.text)
            assert answer.json()["error"]["reason"] == "app_not_found"


async def test_lists_contain_only_rows_of_the_own_app(server: RestServer) -> None:
    owner, stranger = await server.new_client(), await server.new_client()
    await _furnish(server, owner)
    assert (await stranger.request("GET", "/meetings")).json()["data"] == []
    apps = (await stranger.request_url("GET", f"{stranger.kit}/apps")).json()["data"]
    assert (await stranger.request("GET", "/presets")).json()["data"] == []
    assert (await stranger.request("GET", "/webhooks")).json()["data"] == []
    assert [app["id"] for app in apps] == [stranger.app_id]


@pytest.mark.parametrize("header", ["", "Bearer ", "Bearer ac_x", "Basic Og==", "Token t"])
async def test_requests_without_credentials_are_refused_everywhere(
    server: RestServer, header: str
) -> None:
    owner = await server.new_client()
    ids = await _furnish(server, owner)
    for method, path in await _operations(server):
        answer = await server.client.request(
            method, path.format(**ids), headers={"authorization": header}
        )
        assert answer.status_code == 401, (method, path)
