"""The call page: a small call between browsers that leaves a record.

`GET /try` is the page, `POST /try/session` lets somebody in, `/try/socket` is the relay of
`web.demo_call.signalling`, `GET /try/quality` is how good the call is at the moment.
All of it is switched off by the setting `try_page`.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec
from cachetools import LRUCache
from litestar.types import Receive, Scope, Send

from aftercall.core.errors import (
    AftercallError,
    Busy,
    InvalidBody,
    Malformed,
    NotFound,
    Refused,
    Unauthenticated,
)
from aftercall.core.instants import MINUTE_MS
from aftercall.core.list_queries import MeetingQuery
from aftercall.core.records import Meeting, Member
from aftercall.core.storable_json import read_json
from aftercall.service.services import Services
from aftercall.web.demo_call.quality import Badge, live_badges
from aftercall.web.demo_call.signalling import MOST_PEERS, Signalling
from aftercall.web.http.errors import JSON, answer_error, answer_unforeseen
from aftercall.web.http.request_body import headers_of, read_body
from aftercall.web.http.static_files import StaticFiles, answer_asset, answer_bytes

PREFIX: Final = "/try"
MOST_BODY_BYTES: Final = 8_192
ENTRIES_PER_MINUTE: Final = 120
"""Entries a minute over all callers, as they are anonymous."""

ROOM_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 _-]{0,63}")
KEEP_ALIVE_S: Final = 60
ROOMS_KEPT: Final = 1_000
RECORD_PATH: Final = "/sessions/{session_id}"
"""Where the dashboard shows a session."""

_SETTING: Final = "try_room"
_TEXT: Final = "text/plain; charset=utf-8"
_NOT_BUILT: Final = b"The call page is not built. Install Node 20 or later and run `make pages`.\n"


class _Entry(msgspec.Struct, kw_only=True):
    name: str
    room: str
    token: str | None = None
    """The participant token of an earlier entry to the same room, to be the same person."""


class DemoCallPage:
    """The ASGI application below `/try`; `app_id` names the app whose records the calls are."""

    def __init__(
        self,
        services: Services,
        folder: Path,
        *,
        app_id: Callable[[], Awaitable[str]],
        entries_per_minute: int = ENTRIES_PER_MINUTE,
    ) -> None:
        self._services = services
        self._app_id = app_id
        self._assets = StaticFiles(folder)
        self._meetings: LRUCache[str, str] = LRUCache(ROOMS_KEPT)
        self._making_room = asyncio.Lock()
        self._entries_per_minute = entries_per_minute
        self._entries = 0
        self._minute = 0
        self._signalling = Signalling(
            verify=services.access.admit_participant,
            clock=services.clock,
            new_id=services.new_id,
        )

    def is_for(self, path: str) -> bool:
        """Whether a path is one of the call page's."""
        return path == PREFIX or path.startswith(PREFIX + "/")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope["path"].removeprefix(PREFIX)
        kind: str = scope["type"]
        if kind == "websocket":
            await self._connect(path, scope, receive, send)
            return
        try:
            await self._answer(path, scope, receive, send)
        except AftercallError as error:
            failed = answer_error(error)
        except Exception as error:
            failed = answer_unforeseen(error, self._services.new_id())
        else:
            return
        extra = [(k.encode(), v.encode()) for k, v in failed.headers.items()]
        await answer_bytes(send, failed.status, failed.body, JSON, *extra)

    async def _connect(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if self._services.settings.try_page and path == "/socket":
            await self._signalling(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": "Nothing lives here"})

    async def _answer(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        if not self._services.settings.try_page:
            raise NotFound("The call page is switched off", code="no_route")
        method = scope.get("method")
        if path == "/session" and method == "POST":
            entered = await self._enter(await _read_json(scope, receive))
            await answer_bytes(send, 200, msgspec.json.encode(entered), JSON)
            return
        if path == "/quality" and method == "GET":
            await answer_bytes(send, 200, msgspec.json.encode(await self._badges(scope)), JSON)
            return
        asset = self._assets.find("index.html" if path in {"", "/"} else path[1:])
        if method not in {"GET", "HEAD"}:
            raise Malformed(f"This address does not answer to {method}", code="method_not_allowed")
        if asset is not None:
            await answer_asset(asset, scope, send)
        elif path in {"", "/"}:
            await answer_bytes(send, 503, _NOT_BUILT, _TEXT)
        else:
            raise NotFound("Nothing lives at this address", code="no_route")

    async def _enter(self, body: bytes) -> dict[str, Any]:
        """Admit a guest: add a participant to the room's meeting, and make its token."""
        try:
            entry = read_json(body, lambda text: msgspec.json.decode(text, type=_Entry))
        except msgspec.MsgspecError as error:
            raise InvalidBody(str(error)) from None
        name = " ".join(entry.name.split())
        room = " ".join(entry.room.split())
        if not 1 <= len(name) <= 64 or not name.isprintable():
            raise InvalidBody("A name has 1 to 64 characters", field="name")
        if ROOM_NAME.fullmatch(room) is None:
            raise InvalidBody(
                "A room's name has 1 to 64 letters, digits, spaces, `_` or `-`",
                field="room",
            )
        self._count_entry()
        app_id = await self._app_id()
        meeting_id = await self._meeting_of(app_id, room)
        member = await self._member_of(app_id, meeting_id, name, entry.token)
        token, expires_at = await self._services.access.issue_participant_token(member)
        return {
            "app_id": app_id,
            "meeting_id": meeting_id,
            "participant_id": member.id,
            "token": token,
            "token_expires_at": expires_at,
            "record_path": RECORD_PATH,
        }

    async def _badges(self, scope: Scope) -> dict[str, list[Badge]]:
        """The quality of the call at the moment for the peers named (`?peer_id=`, repeated)."""
        scheme, _, token = (
            headers_of(scope).get(b"authorization", b"").decode("latin-1").partition(" ")
        )
        if scheme.lower() != "bearer":
            raise Unauthenticated("Authentication is needed", code="token_missing")
        grant = await self._services.access.admit_participant(token)
        asked = parse_qs(scope["query_string"].decode("latin-1")).get("peer_id", [])
        badges = await live_badges(self._services, grant, asked[:MOST_PEERS])
        return {"peers": badges}

    def _count_entry(self) -> None:
        minute = self._services.clock() // MINUTE_MS
        if minute != self._minute:
            self._minute, self._entries = minute, 0
        self._entries += 1
        if self._entries > self._entries_per_minute:
            raise Busy("Too many are coming in; try again in a minute", retry_after_s=60)

    async def _meeting_of(self, app_id: str, room: str) -> str:
        """The meeting of a room, created with its first guest."""
        async with self._making_room:
            known = self._meetings.get(room)
            if known is None:
                meeting = await self._find_room(app_id, room) or await self._make_room(app_id, room)
                known = self._meetings[room] = meeting.id
            return known

    async def _find_room(self, app_id: str, room: str) -> Meeting | None:
        query = MeetingQuery(app_id=app_id, search=room, limit=100)
        found = await self._services.meetings.list_meetings(query)
        return next((m for m in found.items if m.settings.get(_SETTING) == room), None)

    async def _make_room(self, app_id: str, room: str) -> Meeting:
        return await self._services.meetings.create_meeting(
            app_id, title=room, keep_alive_s=KEEP_ALIVE_S, settings={_SETTING: room}
        )

    async def _member_of(
        self, app_id: str, meeting_id: str, name: str, token: str | None
    ) -> Member:
        """The participant whose token from an earlier entry this is, or a new one."""
        rooms = self._services.meetings
        if token:
            try:
                grant = await self._services.access.verify_participant_token(token)
                if (grant.app_id, grant.meeting_id) == (app_id, meeting_id):
                    return await rooms.change_member(app_id, meeting_id, grant.member_id, name=name)
            except (Refused, NotFound):
                pass
        return await rooms.add_member(
            app_id,
            meeting_id,
            name=name,
            picture=None,
            custom_participant_id=self._services.new_id(),
            preset_name="group_call_participant",
        )


async def _read_json(scope: Scope, receive: Receive) -> bytes:
    """The body; it must call itself JSON, which a foreign page cannot make a browser send."""
    headers = headers_of(scope)
    if headers.get(b"content-type", b"").partition(b";")[0].strip() != b"application/json":
        raise Malformed("The body must be JSON", code="unsupported_media_type")
    return await read_body(
        receive, headers, largest=MOST_BODY_BYTES, largest_inflated=MOST_BODY_BYTES
    )
