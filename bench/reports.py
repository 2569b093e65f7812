"""Time to answer a peer report over HTTP, beside a server that only sends such bytes.

    python bench/reports.py [--minutes 60] [--streams 20] [--rounds 300]

The call is that of `fold.py`: two streams sent and the rest received, a sample every seven
seconds. The requests are its report after the end of the session, one part of that by `filters`,
the older shapes in the participant's details, and the report during the session: the first look at
a participant of whom nothing is kept, and later looks, each after one new sample. The client only
reads bytes. Times are from the request to the last byte; rounds are interleaved.
"""

import argparse
import asyncio
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from random import Random

from fold import INTERVAL_MS, START_AT, sample_json
from servers import PROGRAM, cpu_seconds, process
from session_end import fill

from aftercall.core.instants import EpochMs
from aftercall.service.reports.session_reports import SessionReports
from aftercall.store import samples
from aftercall.store.engine.database import Database
from aftercall.store.samples import SampleRow

LIVE_PEERS = 12
LOOKS = 4
"""Later looks at each live peer."""
FRESH_S = 2.5
"""After this time a live report is made again."""


@dataclass(kw_only=True)
class Question:
    """A repeated request, and the time of each answer."""

    name: str
    connection: socket.socket
    pid: int
    requests: Iterator[bytes]
    before: Callable[[int], None] = lambda number: None
    """What happens before a request, by its number, and is not measured."""
    size: int = 0
    spent_ms: list[float] = field(default_factory=list)
    cpu_s: float = 0.0

    def ask(self) -> None:
        self.before(len(self.spent_ms))
        began_cpu, began = cpu_seconds(self.pid), time.perf_counter()
        self.connection.sendall(next(self.requests))
        self.size = read_answer(self.connection)
        self.spent_ms.append((time.perf_counter() - began) * 1000)
        self.cpu_s += cpu_seconds(self.pid) - began_cpu

    def clear(self) -> None:
        """Discard what was measured so far."""
        self.spent_ms.clear()
        self.cpu_s = 0.0

    def quantile_ms(self, quantile: float) -> float:
        ordered = sorted(self.spent_ms)
        return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))]


def read_answer(connection: socket.socket) -> int:
    """The length of a body with Content-Length or chunked, read to its end."""
    received = bytearray()
    while (head_ends := received.find(b"\r\n\r\n")) < 0:
        received += connection.recv(1 << 20)
    head = bytes(received[:head_ends]).lower()
    if not head.startswith(b"http/1.1 200"):
        raise SystemExit(f"Answered {head[:200]!r} {bytes(received[-300:])!r}")
    got = len(received) - head_ends - 4
    at = head.find(b"content-length:")
    if at < 0:
        tail = bytes(received[-5:])
        while tail != b"0\r\n\r\n":
            more = connection.recv(1 << 20)
            got += len(more)
            tail = (tail + more)[-5:]
        return got
    length = int(head[at + 15 :].split(b"\r\n", 1)[0])
    buffer = bytearray(1 << 20)
    while got < length:
        got += connection.recv_into(buffer)
    return length


def connect(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


async def put_calls(url: str, app_id: str, minutes: int, streams: int) -> None:
    """One ended session with its report, and one live session."""
    db = await Database.open(url)
    try:
        end_at = await fill(db, 1, minutes, streams, app_id=app_id, session_id="ended")
        await SessionReports(db=db, clock=lambda: end_at).fold_session(app_id, "ended")
        await fill(db, LIVE_PEERS, minutes, streams, app_id=app_id, session_id="live")
    finally:
        await db.close()


@contextmanager
def aftercall(port: int, minutes: int, streams: int) -> Iterator[tuple[int, dict[str, str], str]]:
    """Aftercall over a database with the calls; its process, its credentials and the database."""
    with tempfile.TemporaryDirectory() as folder:
        where = ["--data-dir", folder]
        made = subprocess.run(
            [str(PROGRAM), "app", "create", "Bench", "--json", *where],
            check=True,
            capture_output=True,
        )
        rights: dict[str, str] = json.loads(made.stdout)
        url = f"sqlite:///{Path(folder) / 'aftercall.db'}"
        asyncio.run(put_calls(url, rights["app_id"], minutes, streams))
        command = [str(PROGRAM), "serve", "--port", str(port), "--no-work", *where]
        with process("aftercall", command, port, "/readyz") as pid:
            yield pid, rights, url


def request(path: str, token: str = "", encoding: str = "identity") -> bytes:
    return (
        f"GET {path} HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
        f"accept-encoding: {encoding}\r\n\r\n"
    ).encode()


class LiveSamples:
    """Adds a sample to each live peer in turn, as the intake would."""

    def __init__(self, url: str, app_id: str, minutes: int, streams: int) -> None:
        self._url = url
        self._app_id = app_id
        self._streams = streams
        self._steps = minutes * 60_000 // INTERVAL_MS
        self._began = 0.0

    def add(self, number: int) -> None:
        turn, me = divmod(number, LIVE_PEERS)
        if not me:
            # What was looked at in the turn before is no longer fresh.
            time.sleep(max(0.0, self._began + FRESH_S - time.monotonic()))
            self._began = time.monotonic()
        step = self._steps + 1 + turn
        body = sample_json(step, self._streams, Random(number), me=me, people=LIVE_PEERS)
        at = EpochMs(START_AT + step * INTERVAL_MS)
        row = SampleRow(self._app_id, f"live-peer-{me}", "live", step, at, at, body)
        asyncio.run(self._append(row))

    async def _append(self, row: SampleRow) -> None:
        db = await Database.open(self._url)
        try:
            async with db.write() as tx:
                await samples.append(tx, [row])
        finally:
            await db.close()


def live_questions(port: int, pid: int, rights: dict[str, str], new: LiveSamples) -> list[Question]:
    """The first look at each live peer, and later looks in turn."""
    base = f"/client/v4/accounts/{rights['account_id']}/realtime/kit/{rights['app_id']}/sessions"
    every = [
        request(f"{base}/peer-report/live-peer-{me}", rights["api_token"])
        for me in range(LIVE_PEERS)
    ]
    first, later = (
        Question(name=name, connection=connect(port), pid=pid, requests=cycle(every), before=before)
        for name, before in (("live, first look", lambda _: None), ("live, later look", new.add))
    )
    # The first one of all also loads what folds.
    first.ask()
    first.clear()
    for _ in range(LIVE_PEERS - 1):
        first.ask()
    for _ in range(LOOKS * LIVE_PEERS):
        later.ask()
    return [first, later]


def questions(port: int, pid: int, rights: dict[str, str]) -> list[Question]:
    base = f"/client/v4/accounts/{rights['account_id']}/realtime/kit/{rights['app_id']}/sessions"
    token = rights["api_token"]

    def question(name: str, *requests: bytes) -> Question:
        return Question(name=name, connection=connect(port), pid=pid, requests=cycle(requests))

    report = f"{base}/peer-report/ended-peer-0"
    return [
        question("ended, whole", request(report, token)),
        question("ended, whole, gzip", request(report, token, "gzip")),
        question("ended, `filters=device_info`", request(f"{report}?filters=device_info", token)),
        question("ended, details", request(f"{base}/ended/participants/ended-peer-0", token)),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--streams", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=300)
    parser.add_argument("--port", type=int, default=18180, help="the first of two ports")
    given = parser.parse_args()
    if os.cpu_count() == 2:
        os.sched_setaffinity(0, {1})
    with ExitStack() as stack:
        running = aftercall(given.port, given.minutes, given.streams)
        pid, rights, url = stack.enter_context(running)
        asked = questions(given.port, pid, rights)
        asked[0].ask()
        plain = [sys.executable, "-m", "uvicorn", "noop:app", "--loop", "uvloop"]
        plain += ["--http", "httptools", "--no-access-log", "--log-level", "error"]
        plain += ["--lifespan", "off", "--port", str(given.port + 1)]
        plain_pid = stack.enter_context(process("noop", plain, given.port + 1, "/"))
        only = request(f"/bytes/{asked[0].size}")
        asked.insert(
            0,
            Question(
                name="as many bytes, from memory",
                connection=connect(given.port + 1),
                pid=plain_pid,
                requests=cycle([only]),
            ),
        )
        measure(asked, given.rounds)
        new = LiveSamples(url, rights["app_id"], given.minutes, given.streams)
        asked += live_questions(given.port, pid, rights, new)
    print(table(asked))


def measure(asked: list[Question], rounds: int) -> None:
    """Interleaved; the first tenth is discarded."""
    for number in range(rounds + rounds // 10):
        for question in asked:
            question.ask()
        if number == rounds // 10:
            for question in asked:
                question.clear()


def table(asked: list[Question]) -> str:
    lines = ["| answer | bytes | p50 ms | p99 ms | CPU ms |", "|---|---|---|---|---|"]
    for each in asked:
        cpu_ms = 1000 * each.cpu_s / len(each.spent_ms)
        lines.append(
            f"| {each.name} | {each.size:,} | {statistics.median(each.spent_ms):.1f} "
            f"| {each.quantile_ms(0.99):.1f} | {cpu_ms:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
