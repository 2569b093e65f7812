"""A call on the call page between participants with a network each, some of which are impaired for
a while."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from playwright.async_api import Page

from tests.acceptance.browser_dumps import internals, save_dump
from tests.acceptance.call_page import Tab, open_tab
from tests.acceptance.chromium import browser, find_chromium
from tests.acceptance.final_reports import close_session, report_of, sentences
from tests.acceptance.machine_lateness import Machine, moment, watched
from tests.acceptance.network_namespaces import impaired_link, why_not
from tests.acceptance.packet_relay import CLEAN, Impairment
from tests.acceptance.server import Server, running
from tests.acceptance.voice_file import write_voice

LOSS_PERCENT: Final = 5
"""At which an issue of loss begins."""

SLACK_S: Final = 12
"""An issue begins and ends with reports, which come every three seconds, on the browser's clock."""

BAD: Final = Impairment(delay_ms=40, jitter_ms=10, loss=0.15, rate_bps=1_000_000)
"""Three times the loss at which an issue begins, and a round trip far below where one does."""


@dataclass(frozen=True, kw_only=True)
class Phase:
    """A part of a call; without a name nothing is impaired."""

    seconds: float
    name: str = ""
    way: Literal["uplink", "downlink"] = "uplink"


@dataclass(frozen=True, kw_only=True)
class Impaired:
    """When a network was impaired (seconds since the epoch), and the share of packets lost."""

    first_at: float
    last_at: float
    lost_share: float

    def is_when(self, issues: Sequence[dict[str, Any]]) -> bool:
        """Whether these issues together begin and end with the impairment."""
        first = min(moment(issue["first_at"]) for issue in issues)
        last = max(moment(issue["last_at"]) for issue in issues)
        return abs(first - self.first_at) < SLACK_S and abs(last - self.last_at) < SLACK_S


@dataclass(kw_only=True)
class HeldCall:
    """The call, and the final report on everybody."""

    peer_ids: dict[str, str]
    reports: dict[str, dict[str, Any]]
    impaired: list[Impaired]
    machine: Machine
    dumps: dict[str, Path] = field(default_factory=dict)
    """What the browsers' own pages saved just before the end."""

    def about(self, name: str) -> tuple[list[str], str]:
        """The sentences about a participant, and how late the machine was."""
        return sentences(self.reports[name]), self.machine.described()

    def losses(self, name: str, way: str) -> list[dict[str, Any]]:
        """The issues of packet loss on a participant's uplink or downlink."""
        return [
            issue
            for issue in self.reports[name]["issues"]
            if issue["name"].endswith(f"_network_{way}")
            and issue["worst"].get("loss_percent", 0) >= LOSS_PERCENT
        ]


@contextmanager
def server_for_impaired_calls(data_dir: Path) -> Iterator[Server]:
    """A server that asks for a report every three seconds; skips without network namespaces."""
    reason = why_not()
    if reason is not None:
        pytest.skip(f"networks cannot be impaired here: {reason}")
    with running(data_dir, env={"AFTERCALL_INTERVAL_MS": "3000"}) as started:
        yield started


def hold(
    server: Server,
    folder: Path,
    names: Sequence[str],
    phases: Sequence[Phase],
    *,
    with_dumps: bool = False,
) -> HeldCall:
    """Holds the call, ends it, and reads its reports."""
    held, session_id = asyncio.run(_hold(server, folder, names, phases, with_dumps))
    close_session(server, session_id)
    held.reports = {name: report_of(server, id) for name, id in held.peer_ids.items()}
    return held


async def _hold(
    server: Server,
    folder: Path,
    names: Sequence[str],
    phases: Sequence[Phase],
    with_dumps: bool,
) -> tuple[HeldCall, str]:
    chromium = find_chromium()
    assert chromium is not None
    voice = write_voice(folder / "voice.wav")
    async with AsyncExitStack() as stack:
        link = await stack.enter_async_context(
            impaired_link(folder, chromium, server_port=server.port, ends=len(names))
        )
        machine = stack.enter_context(watched())
        ends = dict(zip(names, link.ends, strict=True))
        tabs: list[Tab] = []
        pages: dict[str, Page] = {}
        for name, end in ends.items():
            running_browser = await stack.enter_async_context(
                browser(end.chromium, f"--use-file-for-fake-audio-capture={voice}")
            )
            if with_dumps:
                pages[name] = await stack.enter_async_context(internals(running_browser))
            tabs.append(await open_tab(running_browser, name))
        for tab in tabs:
            await tab.join(server.url, "impaired")
        for tab in tabs:
            await tab.wait_until_connected(len(names) - 1)
        impaired: list[Impaired] = []
        for phase in phases:
            if not phase.name:
                await asyncio.sleep(phase.seconds)
                continue
            way = getattr(ends[phase.name], phase.way)
            before, first_at = way.impair(BAD), time.time()
            await asyncio.sleep(phase.seconds)
            lost_share = way.impair(CLEAN).since(before).lost_share
            impaired.append(Impaired(first_at=first_at, last_at=time.time(), lost_share=lost_share))
        for tab in tabs:
            machine.timers += await tab.late_timers()
        dumps = {name: await save_dump(page, folder / f"{name}.gz") for name, page in pages.items()}
        (session_id,) = {await tab.leave() for tab in tabs}
        machine.deliveries = link.relay.late()
    peer_ids = {tab.name: tab.stays[-1].peer_id for tab in tabs}
    held = HeldCall(peer_ids=peer_ids, reports={}, impaired=impaired, machine=machine, dumps=dumps)
    return held, session_id
