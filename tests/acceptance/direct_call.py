"""Calls between an application's own pages: the test makes their connections, so that it can leave
one out, replace one, or connect another library."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_MS
from tests.acceptance.machine_lateness import PROBE, Machine
from tests.acceptance.server import Server

SCRIPT = Path(__file__).with_name("node") / "direct-call.js"
FLAGS = ("--auto-accept-this-tab-capture", "--autoplay-policy=no-user-gesture-required")


@dataclass(kw_only=True)
class Person:
    """A participant in a page, and the id of its peer."""

    name: str
    page: Page
    peer_id: str = ""
    sources: list[str] = field(default_factory=list)

    async def join(self, server: Server, meeting_id: str, *sources: str) -> None:
        """Opens the sources (`microphone`, `camera`, `screen`) and attaches the collector."""
        token = await asyncio.to_thread(admit, server, meeting_id, self.name)
        for source in sources:
            await self.open(source)
        self.peer_id = await self.page.evaluate(
            "([url, token, name]) => person.join(url, token, name)", [server.url, token, self.name]
        )

    async def open(self, source: str) -> None:
        await self.page.evaluate("(source) => person.open(source)", source)
        self.sources.append(source)

    async def now(self) -> float:
        """By the page's clock, in seconds since the epoch."""
        now_ms: float = await self.page.evaluate("Date.now()")
        return now_ms / 1_000

    async def offer(self, connection: str) -> dict[str, Any]:
        offered: dict[str, Any] = await self.page.evaluate(
            "([name, sources]) => person.offer(name, sources)", [connection, self.sources]
        )
        return offered

    async def answer(
        self, connection: str, offered: dict[str, Any], other: str, sources: Sequence[str]
    ) -> dict[str, Any]:
        answered: dict[str, Any] = await self.page.evaluate(
            "([name, offer, other, sources]) => person.answer(name, offer, other, sources)",
            [connection, offered, other, list(sources)],
        )
        return answered

    async def accept(self, connection: str, answered: dict[str, Any], other: str) -> None:
        await self.page.evaluate(
            "([name, answer, other]) => person.accept(name, answer, other)",
            [connection, answered, other],
        )

    async def wait_until_connected(self, connection: str) -> None:
        await self.page.wait_for_function("(name) => person.isConnected(name)", arg=connection)

    async def hang_up(self, connection: str) -> None:
        await self.page.evaluate("(name) => person.hangUp(name)", connection)

    async def show_slide(self, number: int) -> None:
        await self.page.evaluate("(number) => person.showSlide(number)", number)

    async def leave(self, machine: Machine) -> None:
        """Leaves; adds the late timers of the page to the machine's."""
        late = await self.page.evaluate("window.readLateTimers()")
        machine.timers += [(at, by) for at, by in late]
        await self.page.evaluate("person.leave()")


async def open_person(chromium: Browser, server: Server, name: str) -> Person:
    """A page with a profile of its own and the collector in it."""
    context = await chromium.new_context(bypass_csp=True, permissions=["camera", "microphone"])
    context.set_default_timeout(TIMEOUT_MS)
    await context.add_init_script(PROBE)
    page = await context.new_page()
    await page.goto(f"{server.url}/healthz")
    await page.add_script_tag(url=f"{server.url}/collector/aftercall-collector.iife.js")
    await page.add_script_tag(path=SCRIPT)
    return Person(name=name, page=page)


async def connect(
    caller: Person,
    callee: Person,
    *,
    name: str = "",
    withheld: Sequence[str] = (),
) -> str:
    """Connects two people, who send each other all they opened but what the callee withholds
    from the caller; the name of the connection."""
    name = name or f"{caller.name}-{callee.name}"
    sent = [source for source in callee.sources if source not in withheld]
    offered = await caller.offer(name)
    answered = await callee.answer(name, offered, caller.peer_id, sent)
    await caller.accept(name, answered, callee.peer_id)
    for person in (caller, callee):
        await person.wait_until_connected(name)
    return name


def make_meeting(server: Server, title: str) -> str:
    answer = http_client.post(server.kit("meetings"), headers=server.headers, json={"title": title})
    meeting_id: str = answer.raise_for_status().json()["data"]["id"]
    return meeting_id


def admit(server: Server, meeting_id: str, name: str) -> str:
    """A token for a participant."""
    answer = http_client.post(
        server.kit(f"meetings/{meeting_id}/participants"),
        headers=server.headers,
        json={"name": name, "custom_participant_id": name, "preset_name": "group_call_host"},
    )
    token: str = answer.raise_for_status().json()["data"]["token"]
    return token


def session_of(server: Server, meeting_id: str) -> str:
    """The id of the meeting's only session."""
    asked = {"associated_id": meeting_id}
    answer = http_client.get(server.kit("sessions"), headers=server.headers, params=asked)
    (session,) = answer.raise_for_status().json()["data"]["sessions"]
    session_id: str = session["id"]
    return session_id
