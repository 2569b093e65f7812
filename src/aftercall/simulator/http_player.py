"""Playing calls to a server through its public API: REST for the rooms, `/v1/collect` for the
rest, just as an application and its browsers would."""

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import msgspec
import zstandard

from aftercall.simulator.call import Call, SentEntry

_BATCH_S: Final = 60
"""How much of a call a batch holds at the most when time need not pass, in seconds."""
_ROUND_S: Final = 10.0
"""How long it should take to hand in a batch of every peer. A peer that is not heard for half a
minute has left, so far as the server knows."""
_MOST_BYTES: Final = 1_500_000
_MOST_ENTRIES: Final = 400
_TRIES: Final = 6
_BUSY: Final = 503
_OVER_BUDGET: Final = 429
_RECENT_MS: Final = 1_000
"""A call that began no longer ago is played as it happens."""
_FOREIGN_PEER: Final = "foreign_peer"
"""The refusal of a peer id that somebody else has: a seed names the same peers again."""
_ENTRY: Final = msgspec.json.Encoder()


class PlayFailed(Exception):
    """The server refused; the message is its answer."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """The server to play to, and the rights there."""

    url: str
    account_id: str
    app_id: str
    token: str

    def path(self, rest: str) -> str:
        """The address of a RealtimeKit operation of the app."""
        return (
            f"{self.url.rstrip('/')}/client/v4/accounts/{self.account_id}"
            f"/realtime/kit/{self.app_id}/{rest}"
        )


@dataclass(kw_only=True)
class Tally:
    """Counts of what was played so far."""

    calls: int = 0
    batches: int = 0
    entries: int = 0
    duplicates: int = 0
    rejected: list[dict[str, Any]] = field(default_factory=list)
    sessions: list[dict[str, Any]] = field(default_factory=list)
    """For each call: `session_id`, `meeting_id`, `title`, and its `peers` with their weather."""


class Player:
    """Plays calls to one server. `speed` is how many seconds of a call pass in one of ours;
    `None`: as fast as the server takes them."""

    def __init__(
        self,
        server: Server,
        *,
        speed: float | None,
        on_second: Callable[[], None] = lambda: None,
    ) -> None:
        self.tally = Tally()
        self._announced: set[str] = set()
        self._server = server
        self._speed = speed
        self._on_second = on_second
        self._packer = zstandard.ZstdCompressor(level=3)
        limits = httpx.Limits(max_connections=32, max_keepalive_connections=32)
        self._client = httpx.AsyncClient(timeout=30, limits=limits)

    async def close(self) -> None:
        await self._client.aclose()

    def begin_ms(self, length_s: int, *, ended_ago_s: float = 0) -> int:
        """When a call that starts to be played now has begun, so that it ends on time.

        Played at once it ends now; played at twice the speed of life it began half its length
        ago, and its end and ours meet. Nothing is dated in the future.
        """
        plays_for_s = length_s / self._speed if self._speed else 0.0
        return round((time.time() + plays_for_s - length_s - ended_ago_s) * 1000)

    async def play(self, call: Call) -> None:
        """Play one call from the first join to the last leave."""
        meeting = await self._create("meetings", {"title": call.title})
        tokens = [
            await self._create(
                f"meetings/{meeting['id']}/participants",
                {
                    "name": guest.person.name,
                    "preset_name": "group_call_participant",
                    "custom_participant_id": guest.person.custom_id,
                },
            )
            for guest in call.guests
        ]
        is_past = call.begin_ms < time.time() * 1000 - _RECENT_MS
        played = {"session_id": None, "meeting_id": meeting["id"], "title": call.title}
        peers: dict[str, dict[str, Any]] = {}
        started = round_began = time.monotonic()
        batch_s = 1 if self._speed is None else call.interval_s
        waiting: list[SentEntry] = []
        due = 0
        for second, sent in call.play():
            waiting += sent
            for one in sent:
                kind = call.guests[one.guest].weather.kind.value
                peers.setdefault(one.peer.id, {"peer_id": one.peer.id, "weather": kind})
            if second >= due or second == call.length_s:
                if self._speed is not None:
                    await asyncio.sleep(started + second / self._speed - time.monotonic())
                if is_past:
                    await self._announce(waiting, tokens, meeting["id"])
                played["session_id"] = await self._hand_in(waiting, tokens) or played["session_id"]
                waiting = []
                if self._speed is None:
                    batch_s = next_batch_s(batch_s, time.monotonic() - round_began)
                    round_began = time.monotonic()
                due = second + batch_s
            self._on_second()
        if self._speed is None:
            await self._close(meeting["id"], call)
        self.tally.calls += 1
        self.tally.sessions.append({**played, "peers": list(peers.values())})

    async def _announce(
        self, waiting: Iterable[SentEntry], tokens: list[Any], meeting_id: str
    ) -> None:
        """Report arrivals as the host: clients cannot join before their tokens were issued."""
        arrivals = [one for one in waiting if one.entry["type"] == "join"]
        if not arrivals:
            return
        if arrivals[0].peer.id not in self._announced and await self.is_known(arrivals[0].peer.id):
            raise PlayFailed("the app holds calls of this seed already; take another seed")
        self._announced |= {one.peer.id for one in arrivals}
        events = [
            {
                "type": "peer_joined",
                "at": one.entry["at"],
                "meeting_id": meeting_id,
                "peer_id": one.peer.id,
                **{k: v for k, v in one.entry.items() if k == "previous_peer_id"},
                "participant": {
                    "user_id": tokens[one.guest]["id"],
                    "custom_participant_id": tokens[one.guest]["custom_participant_id"],
                    "display_name": tokens[one.guest]["name"],
                },
            }
            for one in arrivals
        ]
        await self._post(
            f"{self._server.url.rstrip('/')}/v1/apps/{self._server.app_id}/events",
            token=self._server.token,
            content=_ENTRY.encode({"events": events}),
            headers={"content-type": "application/json"},
        )

    async def is_known(self, peer_id: str) -> bool:
        """Whether the app has a peer of that id."""
        answer = await self._client.get(
            self._server.path(f"sessions/peer-report/{peer_id}?filters=device_info"),
            headers={"authorization": f"Bearer {self._server.token}"},
        )
        return answer.is_success

    async def _close(self, meeting_id: str, call: Call) -> None:
        """Let the host end a call that was handed in afterwards: its session need not be kept
        open for somebody who might come back."""
        closed = {
            "type": "session_closed",
            "at": call.begin_ms + call.length_s * 1000,
            "meeting_id": meeting_id,
        }
        await self._post(
            f"{self._server.url.rstrip('/')}/v1/apps/{self._server.app_id}/events",
            token=self._server.token,
            content=_ENTRY.encode({"events": [closed]}),
            headers={"content-type": "application/json"},
        )

    async def _create(self, what: str, body: dict[str, Any]) -> Any:
        answer = await self._post(
            self._server.path(what),
            token=self._server.token,
            content=_ENTRY.encode(body),
            headers={"content-type": "application/json"},
        )
        return answer["data"]

    async def _hand_in(self, waiting: Iterable[SentEntry], tokens: list[Any]) -> str | None:
        """Send what waits, a batch per peer; the session's id, if the server names it."""
        by_peer: dict[str, list[SentEntry]] = {}
        for sent in waiting:
            by_peer.setdefault(sent.peer.id, []).append(sent)
        session_id: str | None = None
        for peer_id, entries in by_peer.items():
            token = tokens[entries[0].guest]["token"]
            for chunk in _chunks(entries):
                answer = await self._send(peer_id, token, chunk)
                session_id = (answer.get("session") or {}).get("id") or session_id
        return session_id

    async def _send(self, peer_id: str, token: str, entries: list[bytes]) -> dict[str, Any]:
        head = _ENTRY.encode({"v": 1, "peer_id": peer_id, "sent_at": round(time.time() * 1000)})
        body = head[:-1] + b',"entries":[' + b",".join(entries) + b"]}"
        answer = await self._post(
            f"{self._server.url.rstrip('/')}/v1/collect",
            token=token,
            content=self._packer.compress(body),
            headers={"content-type": "application/json", "content-encoding": "zstd"},
        )
        taken: dict[str, Any] = answer["data"]
        if any(refusal["code"] == _FOREIGN_PEER for refusal in taken["rejected"]):
            raise PlayFailed("the app holds calls of this seed already; take another seed")
        self.tally.batches += 1
        self.tally.entries += taken["accepted"]
        self.tally.duplicates += taken["duplicates"]
        self.tally.rejected += taken["rejected"]
        return taken

    async def _post(
        self, url: str, *, token: str, content: bytes, headers: dict[str, str]
    ) -> dict[str, Any]:
        """POST until it is taken; a server that is away or busy is asked again for a while, and one
        that answers 429 is asked again when it says so."""
        attempt = 0
        while True:
            try:
                answer = await self._client.post(
                    url, content=content, headers={**headers, "authorization": f"Bearer {token}"}
                )
            except httpx.TransportError as error:
                if attempt == _TRIES - 1:
                    raise PlayFailed(f"{self._server.url} cannot be reached: {error}") from error
                await asyncio.sleep(0.2 * 2**attempt)
                attempt += 1
                continue
            if answer.is_success:
                body: dict[str, Any] = msgspec.json.decode(answer.content)
                return body
            attempt += answer.status_code != _OVER_BUDGET
            if answer.status_code not in (_OVER_BUDGET, _BUSY) or attempt == _TRIES:
                raise PlayFailed(f"{url} answered {answer.status_code}: {_reason(answer)}")
            await asyncio.sleep(float(answer.headers.get("retry-after", 1)))


def next_batch_s(batch_s: int, took_s: float) -> int:
    """How much of a call the next batch of every peer holds, in seconds, when the last ones held
    `batch_s` and took so long. It grows by steps: people arrive in the meantime."""
    fitting_s = round(batch_s * _ROUND_S / max(took_s, 0.1))
    return max(1, min(_BATCH_S, 2 * batch_s, fitting_s))


def _chunks(sent: list[SentEntry]) -> Iterator[list[bytes]]:
    """Entries encoded, in batches that the server's limits allow."""
    chunk: list[bytes] = []
    size = 0
    for one in sent:
        entry = _ENTRY.encode(one.entry)
        if chunk and (size + len(entry) > _MOST_BYTES or len(chunk) == _MOST_ENTRIES):
            yield chunk
            chunk, size = [], 0
        chunk.append(entry)
        size += len(entry)
    if chunk:
        yield chunk


def _reason(answer: httpx.Response) -> str:
    try:
        errors = msgspec.json.decode(answer.content)["errors"]
        return "; ".join(str(error["message"]) for error in errors)
    except (msgspec.DecodeError, KeyError, TypeError):
        return answer.text[:200] or answer.reason_phrase
