"""The relay, spoken to as a browser would, without a socket in between."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import pytest

from aftercall.core.errors import Refused, Unauthenticated
from aftercall.core.events import Identity
from aftercall.core.instants import EpochMs
from aftercall.service.accounts.tokens import ParticipantGrant
from aftercall.web.demo_call import signalling
from aftercall.web.demo_call.signalling import Signalling

NOW = EpochMs(1_795_262_400_000)


async def verify(token: str) -> ParticipantGrant:
    """A token is `meeting:member`."""
    if ":" not in token:
        raise Unauthenticated("The participant token is not one of ours")
    meeting_id, _, member_id = token.partition(":")
    return ParticipantGrant(
        app_id="app",
        meeting_id=meeting_id,
        member_id=member_id,
        identity=Identity(),
        generation=0,
        expires_at=EpochMs(NOW + 1),
    )


class Browser:
    """The client's end of one WebSocket."""

    def __init__(self, relay: Signalling) -> None:
        self._to_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._from_server: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._to_server.put_nowait({"type": "websocket.connect"})
        scope: Any = {"type": "websocket", "path": "/try/socket", "headers": []}
        receive: Any = self._to_server.get
        self.stay = asyncio.ensure_future(relay(scope, receive, self._send))

    async def _send(self, message: Any) -> None:
        self._from_server.put_nowait(message)

    def say(self, **message: Any) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "text": json.dumps(message)})

    def send_text(self, text: str) -> None:
        self._to_server.put_nowait({"type": "websocket.receive", "text": text})

    def join(self, token: str, **about: str) -> None:
        self.say(type="join", token=token, about=about)

    def go(self) -> None:
        self._to_server.put_nowait({"type": "websocket.disconnect", "code": 1001})

    async def hear(self) -> Any:
        """The next message, or the close."""
        async with asyncio.timeout(60):
            while (message := await self._from_server.get())["type"] == "websocket.accept":
                pass
        return json.loads(message["text"]) if "text" in message else message


Open = Callable[[], Browser]


@asynccontextmanager
async def opened(relay: Signalling) -> AsyncIterator[Open]:
    browsers: list[Browser] = []

    def open_browser() -> Browser:
        browsers.append(Browser(relay))
        return browsers[-1]

    yield open_browser
    for browser in browsers:
        browser.go()
    await asyncio.gather(*(browser.stay for browser in browsers))


@pytest.fixture
def relay() -> Signalling:
    return Signalling(verify=verify, clock=lambda: NOW, new_id=lambda: str(uuid4()))


@pytest.fixture
async def open_browser(relay: Signalling) -> AsyncIterator[Open]:
    async with opened(relay) as open_one:
        yield open_one


async def test_peers_in_a_room_are_announced_and_exchange_messages(open_browser: Open) -> None:
    ann, bob = open_browser(), open_browser()
    ann.join("blue:ann", name="Ann")
    welcome = await ann.hear()
    assert welcome["type"] == "welcome"
    assert welcome["peers"] == []
    bob.join("blue:bob", name="Bob")
    met = await bob.hear()
    assert met["peers"] == [{"id": welcome["id"], "about": {"name": "Ann"}}]
    assert await ann.hear() == {"type": "peer_joined", "id": met["id"], "about": {"name": "Bob"}}

    bob.say(type="signal", to=welcome["id"], data={"description": {"type": "offer"}})
    assert await ann.hear() == {
        "type": "signal",
        "from": met["id"],
        "data": {"description": {"type": "offer"}},
    }
    ann.say(type="tell", data={"kind": "chat", "text": "Hello"})
    assert await bob.hear() == {
        "type": "told",
        "from": welcome["id"],
        "data": {"kind": "chat", "text": "Hello"},
    }
    bob.go()
    assert (await ann.hear())["type"] == "peer_left"


async def test_rooms_are_isolated_from_each_other(open_browser: Open) -> None:
    ann, bob, eve = open_browser(), open_browser(), open_browser()
    ann.join("blue:ann")
    there = await ann.hear()
    eve.join("red:eve")
    assert (await eve.hear())["peers"] == []
    eve.say(type="signal", to=there["id"], data=1)
    eve.say(type="tell", data=2)
    bob.join("blue:bob")
    # The first message to Ann is Bob's, so none of Eve's was sent to her.
    assert (await ann.hear())["type"] == "peer_joined"


async def test_a_peer_beyond_the_limit_is_refused_as_full(open_browser: Open) -> None:
    for number in range(signalling.MOST_PEERS):
        browser = open_browser()
        browser.join(f"blue:{number}")
        assert (await browser.hear())["type"] == "welcome"
    fifth = open_browser()
    fifth.join("blue:fifth")
    closed = await fifth.hear()
    assert (closed["code"], closed["reason"]) == (signalling.TRY_LATER, "The call is full")


@pytest.mark.parametrize(
    "message",
    [
        {"type": "join", "token": "stolen"},
        {"type": "join"},
        {"type": "tell", "data": 1},
        {"type": "join", "token": "blue:ann", "about": {"name": 5}},
    ],
)
async def test_a_connection_without_a_valid_join_is_closed(
    open_browser: Open, message: dict[str, Any]
) -> None:
    browser = open_browser()
    browser.say(**message)
    closed = await browser.hear()
    assert closed["type"] == "websocket.close"
    assert closed["code"] == signalling.POLICY


async def test_a_message_that_is_too_large_ends_the_connection(open_browser: Open) -> None:
    browser = open_browser()
    browser.join("blue:ann")
    await browser.hear()
    browser.say(type="tell", data="x" * signalling.MOST_BYTES)
    assert (await browser.hear())["code"] == signalling.TOO_BIG


async def test_a_connection_that_sends_too_much_is_closed_alone(open_browser: Open) -> None:
    ann, bob = open_browser(), open_browser()
    ann.join("blue:ann")
    await ann.hear()
    bob.join("blue:bob")
    await bob.hear()
    for number in range(signalling.MESSAGE_BURST + 1):
        ann.say(type="tell", data=number)
    assert (await ann.hear())["type"] == "peer_joined"
    assert (await ann.hear())["code"] == signalling.POLICY
    heard = [await bob.hear() for _ in range(signalling.MESSAGE_BURST + 1)]
    assert heard[-1]["type"] == "peer_left"
    bob.say(type="tell", data=1)
    assert not bob.stay.done()


async def test_a_client_that_reads_nothing_buffers_few_bytes_and_is_closed(
    relay: Signalling,
) -> None:
    is_taking = asyncio.Event()

    class Stuck(Browser):
        async def _send(self, message: Any) -> None:
            await super()._send(message)
            if message["type"] == "websocket.send":
                await is_taking.wait()

    stuck, loud = Stuck(relay), Browser(relay)
    stuck.join("blue:stuck")
    await stuck.hear()
    loud.join("blue:loud")
    for _ in range(12):
        loud.say(type="tell", data="x" * 60_000)
    loud.say(type="signal", to=(await loud.hear())["id"], data="the last")
    assert (await loud.hear())["data"] == "the last"
    is_taking.set()
    heard = []
    while (message := await stuck.hear()).get("type") != "websocket.close":
        heard.append(message)
    assert message["code"] == signalling.TRY_LATER
    assert sum(len(json.dumps(each)) for each in heard) < signalling.MOST_BYTES_WAITING
    loud.go()
    await asyncio.gather(stuck.stay, loud.stay)


async def test_an_empty_room_is_forgotten(relay: Signalling) -> None:
    async with opened(relay) as open_one:
        browser = open_one()
        browser.join("blue:ann")
        await browser.hear()
    async with opened(relay) as open_one:
        browser = open_one()
        browser.join("blue:ann")
        assert (await browser.hear())["peers"] == []


async def test_a_client_whose_token_is_revoked_during_the_call_is_closed() -> None:
    revoked: set[str] = set()

    async def verify_again(token: str) -> ParticipantGrant:
        if token in revoked:
            raise Refused("This participant token has been revoked.", code="token_revoked")
        return await verify(token)

    relay = Signalling(
        verify=verify_again, clock=lambda: NOW, new_id=lambda: str(uuid4()), admit_every_s=0.01
    )
    async with opened(relay) as open_browser:
        ann, bob = open_browser(), open_browser()
        ann.join("m:ann")
        assert (await ann.hear())["type"] == "welcome"
        bob.join("m:bob")
        assert (await bob.hear())["type"] == "welcome"
        revoked.add("m:bob")
        assert (await bob.hear())["code"] == 1008
        assert (await ann.hear())["type"] == "peer_joined"
        assert (await ann.hear())["type"] == "peer_left"


@pytest.mark.parametrize("first", [True, False])
async def test_a_message_nested_too_deeply_closes_only_its_connection(
    open_browser: Open, first: bool
) -> None:
    browser = open_browser()
    if not first:
        browser.join("m:ann")
        assert (await browser.hear())["type"] == "welcome"
    deep = "[" * 30_000 + "]" * 30_000
    text = f'{{"type": "{"join" if first else "tell"}", "token": "m:ann", "data": {deep}}}'
    browser.send_text(text)
    assert (await browser.hear())["code"] == 1008
