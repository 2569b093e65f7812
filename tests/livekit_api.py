"""A real HTTP server with the two methods of LiveKit's RoomService, written by its protobuf."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

import jwt
from google.protobuf.json_format import MessageToJson, Parse
from livekit.protocol import models, room

ACTIVE = models.ParticipantInfo.ACTIVE


class Reply(NamedTuple):
    """An answer that replaces the right one."""

    status: int
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


class LivekitApi:
    """Lists `rooms`, by name, each with who is in it. Requests must be signed with the key."""

    def __init__(self, port: int, key: str, secret: str) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.rooms: dict[str, tuple[models.Room, list[models.ParticipantInfo]]] = {}
        self.replies: list[Reply] = []
        self.methods: list[str] = []
        self._key, self._secret = key, secret

    def open_room(self, name: str, sid: str, at_s: int) -> None:
        made = models.Room(
            sid=sid, name=name, creation_time=at_s, creation_time_ms=at_s * 1_000,
            departure_timeout=20,
        )  # fmt: skip
        self.rooms[name] = (made, [])

    def enter(
        self, room_name: str, sid: str, identity: str, at_s: int, kind: str = "STANDARD"
    ) -> None:
        who = models.ParticipantInfo(
            sid=sid, identity=identity, name=identity.title(), state=ACTIVE, joined_at=at_s,
            joined_at_ms=at_s * 1_000 + 456, kind=kind,
        )  # fmt: skip
        self.rooms[room_name][1].append(who)

    def leave(self, room_name: str, sid: str) -> None:
        there = self.rooms[room_name][1]
        there[:] = [who for who in there if who.sid != sid]

    def answer(self, path: str, token: str, body: bytes) -> Reply:
        method = path.rpartition("/")[2]
        self.methods.append(method)
        if self.replies:
            return self.replies.pop(0)
        # By the clock of the test, which is not that of the machine.
        claims = jwt.decode(
            token,
            self._secret,
            algorithms=["HS256"],
            options={"verify_exp": False, "verify_nbf": False},
        )
        assert 0 < claims["exp"] - claims["nbf"] <= 60
        assert claims["iss"] == self._key
        if method == "ListRooms":
            Parse(body, room.ListRoomsRequest())
            if claims["video"] != {"roomList": True}:
                return Reply(401)
            listed = [each for each, _ in self.rooms.values()]
            return Reply(200, MessageToJson(room.ListRoomsResponse(rooms=listed)).encode())
        name = Parse(body, room.ListParticipantsRequest()).room
        if claims["video"] != {"roomAdmin": True, "room": name}:
            return Reply(401)
        if name not in self.rooms:
            return Reply(404, b'{"code":"not_found","msg":"requested room does not exist"}')
        people = room.ListParticipantsResponse(participants=self.rooms[name][1])
        return Reply(200, MessageToJson(people).encode())


@contextmanager
def open_livekit_api(key: str, secret: str) -> Iterator[LivekitApi]:
    """A server for as long as the block lasts."""
    found: list[LivekitApi] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            token = (self.headers["authorization"] or "").removeprefix("Bearer ")
            reply = found[0].answer(self.path, token, body)
            self.send_response(reply.status)
            for name, value in reply.headers:
                self.send_header(name, value)
            self.send_header("content-length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing: the tests say what came."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.append(LivekitApi(server.server_port, key, secret))
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield found[0]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
