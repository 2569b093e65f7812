"""Orders to a call or its media, all of them refused: Aftercall records calls and controls none.

They are operations all the same, so that a client learns what it asked for cannot be done here,
rather than that it mistyped an address. Whatever the path names must exist.
"""

from collections.abc import Awaitable, Callable
from typing import Final, NamedTuple

from litestar import post, put
from litestar.handlers import HTTPRouteHandler

from aftercall.core.egresses import EgressKind
from aftercall.core.errors import CallNotControlled
from aftercall.web.http.dependencies import PathId, ProvidedServices, ProvidedTenant
from aftercall.web.openapi.operations import described
from aftercall.wire.query import parse_path_id

_RECORDINGS: Final = "Recordings"
_LIVESTREAMS: Final = "Livestreams"
_SESSION: Final = "Active session"
_ABOUT: Final = "Always refused, with 422 and `call_not_controlled`: Aftercall controls no call."
_NOTHING: Final[dict[str, str]] = {"type": "null"}
_RECORDING: Final = "/recordings/{recording_id:str}"
_LIVESTREAM: Final = "/livestreams/{livestream_id:str}"
_MEETING: Final = "/meetings/{meeting_id:str}"
_VERBS: Final = {"POST": post, "PUT": put}


class _Order(NamedTuple):
    """An operation that is always refused. `name` is its id in the OpenAPI document, `cannot` ends
    the sentence of the refusal."""

    name: str
    verb: str
    path: str
    tag: str
    summary: str
    cannot: str

    def refusal(self) -> CallNotControlled:
        return CallNotControlled(
            f"Aftercall records calls and controls none: it cannot {self.cannot}. Ask the "
            "server that carries the call."
        )


_ORDERS: Final = tuple(
    _Order(*members)
    for members in (
        (
            "start_recording", "POST", "/recordings", _RECORDINGS,
            "Start a recording", "start a recording",
        ),
        (
            "start_track_recording", "POST", "/recordings/track", _RECORDINGS,
            "Start a recording of tracks", "start a recording",
        ),
        (
            "change_recording", "PUT", _RECORDING, _RECORDINGS,
            "Pause, resume or stop a recording", "pause, resume or stop a recording",
        ),
        (
            "create_livestream", "POST", "/livestreams", _LIVESTREAMS,
            "Create a livestream", "create a livestream",
        ),
        (
            "enable_livestream", "PUT", _LIVESTREAM + "/enable", _LIVESTREAMS,
            "Enable a livestream", "enable a livestream",
        ),
        (
            "disable_livestream", "PUT", _LIVESTREAM + "/disable", _LIVESTREAMS,
            "Disable a livestream", "disable a livestream",
        ),
        (
            "reset_stream_key", "POST", _LIVESTREAM + "/reset-stream-key", _LIVESTREAMS,
            "Reset the key of a livestream", "reset the key of a livestream",
        ),
        (
            "start_livestream", "POST", _MEETING + "/livestreams", _LIVESTREAMS,
            "Start a livestream of a meeting", "start a livestream",
        ),
        (
            "stop_livestream", "POST", _MEETING + "/active-livestream/stop", _LIVESTREAMS,
            "Stop the livestream of a meeting", "stop a livestream",
        ),
        (
            "create_poll", "POST", _MEETING + "/active-session/poll", _SESSION,
            "Create a poll in the session going on", "show a poll to the people in a call",
        ),
        (
            "mute_participants", "POST", _MEETING + "/active-session/mute", _SESSION,
            "Mute participants of the session going on", "mute anybody",
        ),
        (
            "mute_all_participants", "POST", _MEETING + "/active-session/mute-all", _SESSION,
            "Mute everybody in the session going on", "mute anybody",
        ),
    )
)  # fmt: skip


def _handler(order: _Order) -> HTTPRouteHandler:
    refuse = _refusing(order)
    refuse.__name__ = order.name
    opt = described(
        summary=order.summary,
        tag=order.tag,
        about=_ABOUT,
        answer=_NOTHING,
        refusals=(404, 422) if "{" in order.path else (422,),
    )
    return _VERBS[order.verb](order.path, opt=opt)(refuse)


def _refusing(order: _Order) -> Callable[..., Awaitable[None]]:
    """What answers an order, by what its path names."""

    async def of_app(tenant: ProvidedTenant) -> None:
        raise order.refusal()

    async def of_recording(
        services: ProvidedServices, tenant: ProvidedTenant, recording_id: PathId
    ) -> None:
        id = parse_path_id(recording_id, what="recording")
        await services.egresses.find_egress(tenant.app_id, EgressKind.RECORDING, id)
        raise order.refusal()

    async def of_livestream(
        services: ProvidedServices, tenant: ProvidedTenant, livestream_id: PathId
    ) -> None:
        id = parse_path_id(livestream_id, what="livestream")
        await services.egresses.find_egress(tenant.app_id, EgressKind.LIVESTREAM, id)
        raise order.refusal()

    async def of_meeting(
        services: ProvidedServices, tenant: ProvidedTenant, meeting_id: PathId
    ) -> None:
        id = parse_path_id(meeting_id, what="meeting")
        await services.meetings.find_meeting(tenant.app_id, id)
        raise order.refusal()

    named = {_RECORDING: of_recording, _LIVESTREAM: of_livestream, _MEETING: of_meeting}
    return next((use for path, use in named.items() if order.path.startswith(path)), of_app)


handlers: Final = tuple(_handler(order) for order in _ORDERS)
