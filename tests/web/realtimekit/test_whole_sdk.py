"""Every method of the official SDK gets a true answer."""

from typing import Any, Final

import msgspec
from cloudflare import APIStatusError, AsyncCloudflare

from aftercall.core.records import ViewType
from aftercall.wire.preset_parts import USUAL_PERMISSIONS, USUAL_UI, usual_config
from tests.web.realtimekit.whole_sdk import PEER, arguments, furnish, methods

RestServer = Any

REFUSED: Final = dict.fromkeys(
    (
        "active_session.create_poll",
        "livestreams.start_livestreaming_a_meeting",
        "livestreams.stop_livestreaming_a_meeting",
        "recordings.pause_resume_stop_recording",
        "recordings.start_recordings",
        "recordings.start_track_recording",
    ),
    "call_not_controlled",
)
"""Orders to a call."""

TOO_EARLY: Final = dict.fromkeys(
    (
        "sessions.generate_summary_of_transcripts",
        "sessions.get_session_summary",
        "sessions.get_session_transcripts",
    ),
    "session_live",
)
"""Questions whose answer there is after the end."""

TURNS: Final = ("create", "edit", "replace", "update", "kick_participants", "kick_all", "delete")
"""The methods that change something come last, in this order."""

PARTS: Final[dict[str, Any]] = {
    "config": msgspec.to_builtins(usual_config(ViewType.GROUP_CALL)),
    "permissions": msgspec.to_builtins(USUAL_PERMISSIONS),
    "ui": msgspec.to_builtins(USUAL_UI),
}


def _turn(name: str) -> int:
    return next((turn for turn, start in enumerate(TURNS, 1) if name.startswith(start)), 0)


async def test_nothing_that_the_sdk_knows_is_unknown(server: RestServer) -> None:
    owner = await server.new_client(is_of_account=True)
    ids = await furnish(server, owner)
    client = AsyncCloudflare(
        api_token=owner.token,
        base_url="http://aftercall.test/client/v4",
        http_client=server.client,
        max_retries=0,
    )
    every = sorted(methods(client.realtime_kit), key=lambda each: _turn(each.name))
    assert len(every) == 55
    reasons: dict[str, str] = {}
    for number, method in enumerate(every):
        bodies = {"participant_ids": [PEER]} | (PARTS if method.resource == "presets" else {})
        try:
            await method.call(**arguments(method, ids, bodies | {"name": f"name {number}"}))
        except APIStatusError as error:
            body: Any = error.body
            reasons[str(method)] = body["error"]["reason"]
            if str(method) in REFUSED:
                assert error.status_code == 422
                assert error.response.headers["x-should-retry"] == "false"
    assert reasons == REFUSED | TOO_EARLY
