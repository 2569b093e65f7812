"""Orders to a call or its media, all of them refused: Aftercall records calls and controls none.

They are operations all the same, so that a client learns what it asked for cannot be done here,
rather than that it mistyped an address. Whatever the path names must exist.
"""

from typing import Final

from litestar import post, put

from aftercall.core.egresses import EgressKind
from aftercall.core.errors import CallNotControlled
from aftercall.service.services import Services
from aftercall.web.http.dependencies import PathId, ProvidedServices, ProvidedTenant, Tenant
from aftercall.web.openapi.operations import described
from aftercall.wire.query import parse_path_id

_RECORDINGS: Final = "Recordings"
_LIVESTREAMS: Final = "Livestreams"
_SESSION: Final = "Active session"
_ABOUT: Final = "Always refused, with 422 and `call_not_controlled`: Aftercall controls no call."
_NOTHING: Final[dict[str, str]] = {"type": "null"}
_MEETING: Final = "/meetings/{meeting_id:str}"
_LIVESTREAM: Final = "/livestreams/{livestream_id:str}"


@post(
    "/recordings",
    opt=described(
        summary="Start a recording", tag=_RECORDINGS, about=_ABOUT, answer=_NOTHING, refusals=(422,)
    ),
)
async def start_recording(tenant: ProvidedTenant) -> None:
    raise _refusal("start a recording")


@post(
    "/recordings/track",
    opt=described(
        summary="Start a recording of tracks",
        tag=_RECORDINGS,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(422,),
    ),
)
async def start_track_recording(tenant: ProvidedTenant) -> None:
    raise _refusal("start a recording")


@put(
    "/recordings/{recording_id:str}",
    opt=described(
        summary="Pause, resume or stop a recording",
        tag=_RECORDINGS,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def change_recording(
    services: ProvidedServices, tenant: ProvidedTenant, recording_id: PathId
) -> None:
    id = parse_path_id(recording_id, what="recording")
    await services.egresses.find_egress(tenant.app_id, EgressKind.RECORDING, id)
    raise _refusal("pause, resume or stop a recording")


@post(
    "/livestreams",
    opt=described(
        summary="Create a livestream",
        tag=_LIVESTREAMS,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(422,),
    ),
)
async def create_livestream(tenant: ProvidedTenant) -> None:
    raise _refusal("create a livestream")


@put(
    _LIVESTREAM + "/enable",
    opt=described(
        summary="Enable a livestream",
        tag=_LIVESTREAMS,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def enable_livestream(
    services: ProvidedServices, tenant: ProvidedTenant, livestream_id: PathId
) -> None:
    await _find_livestream(services, tenant, livestream_id)
    raise _refusal("enable a livestream")


@put(
    _LIVESTREAM + "/disable",
    opt=described(
        summary="Disable a livestream",
        tag=_LIVESTREAMS,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def disable_livestream(
    services: ProvidedServices, tenant: ProvidedTenant, livestream_id: PathId
) -> None:
    await _find_livestream(services, tenant, livestream_id)
    raise _refusal("disable a livestream")


@post(
    _LIVESTREAM + "/reset-stream-key",
    opt=described(
        summary="Reset the key of a livestream",
        tag=_LIVESTREAMS,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def reset_stream_key(
    services: ProvidedServices, tenant: ProvidedTenant, livestream_id: PathId
) -> None:
    await _find_livestream(services, tenant, livestream_id)
    raise _refusal("reset the key of a livestream")


@post(
    _MEETING + "/livestreams",
    opt=described(
        summary="Start a livestream of a meeting",
        tag=_LIVESTREAMS,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def start_livestream(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> None:
    await _find_meeting(services, tenant, meeting_id)
    raise _refusal("start a livestream")


@post(
    _MEETING + "/active-livestream/stop",
    opt=described(
        summary="Stop the livestream of a meeting",
        tag=_LIVESTREAMS,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def stop_livestream(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> None:
    await _find_meeting(services, tenant, meeting_id)
    raise _refusal("stop a livestream")


@post(
    _MEETING + "/active-session/poll",
    opt=described(
        summary="Create a poll in the session going on",
        tag=_SESSION,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def create_poll(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> None:
    await _find_meeting(services, tenant, meeting_id)
    raise _refusal("show a poll to the people in a call")


@post(
    _MEETING + "/active-session/mute",
    opt=described(
        summary="Mute participants of the session going on",
        tag=_SESSION,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def mute_participants(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> None:
    await _find_meeting(services, tenant, meeting_id)
    raise _refusal("mute anybody")


@post(
    _MEETING + "/active-session/mute-all",
    opt=described(
        summary="Mute everybody in the session going on",
        tag=_SESSION,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422),
    ),
)
async def mute_all_participants(
    services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
) -> None:
    await _find_meeting(services, tenant, meeting_id)
    raise _refusal("mute anybody")


async def _find_meeting(services: Services, tenant: Tenant, meeting_id: str) -> None:
    id = parse_path_id(meeting_id, what="meeting")
    await services.meetings.find_meeting(tenant.app_id, id)


async def _find_livestream(services: Services, tenant: Tenant, livestream_id: str) -> None:
    id = parse_path_id(livestream_id, what="livestream")
    await services.egresses.find_egress(tenant.app_id, EgressKind.LIVESTREAM, id)


def _refusal(order: str) -> CallNotControlled:
    return CallNotControlled(
        f"Aftercall records calls and controls none: it cannot {order}. Ask the "
        "server that carries the call."
    )


handlers = (
    start_recording,
    start_track_recording,
    change_recording,
    create_livestream,
    enable_livestream,
    disable_livestream,
    reset_stream_key,
    start_livestream,
    stop_livestream,
    create_poll,
    mute_participants,
    mute_all_participants,
)
