"""Latency of a quiet app while another app floods the intake.

Starts `aftercall serve` with two apps on SQLite. Four peers of the quiet app send ten reports a
second each: alone, beside another app that sends as much, and beside one that sends as fast as it
can, either reports over many connections or a backend's posts of joins. The budgets of the flooding
app are lifted, so that only the fairness of the queue is measured. Each client is its own process.
Prints a table in Markdown.
"""

import argparse
import json
import multiprocessing
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count

import uvloop
from intake import request_maker, sample_json, tokens_of
from load import MakeRequest, Outcome, run_load
from servers import PROGRAM, process

QUIET_PEERS = 4
QUIET_PER_SECOND = 40.0
UNLIMITED = {
    f"AFTERCALL_{name}_PER_MIN": "0"
    for name in (
        "PEER_SAMPLES", "TOKEN_REQUESTS", "TOKEN_BYTES", "APP_REQUESTS", "APP_BYTES", "APP_EVENTS",
        "APP_TALK_CHARACTERS",
    )
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Sender:
    """What one client process sends."""

    port: int
    tokens: Sequence[str]
    path: str = ""
    """Of the events of an app; empty: reports."""
    facts: int = 0
    per_second: float | None = None


def backend_maker(sender: Sender, number: int) -> MakeRequest:
    """Posts of so many joins, each of another peer, in meetings of eight."""
    numbers = count()
    head = (
        f"POST {sender.path} HTTP/1.1\r\nhost: 127.0.0.1\r\n"
        f"authorization: Bearer {sender.tokens[0]}\r\n"
        "content-type: application/json\r\ncontent-length: "
    ).encode()

    def make() -> bytes:
        post, now = next(numbers), int(time.time() * 1000)
        joins = [
            {
                "type": "peer_joined",
                "at": now,
                "meeting_id": f"m-{number}-{post}-{fact // 8}",
                "peer_id": f"p-{number}-{post}-{fact}",
                "participant": {"custom_participant_id": f"u-{fact}"},
            }
            for fact in range(sender.facts)
        ]
        body = json.dumps({"events": joins}).encode()
        return head + str(len(body)).encode() + b"\r\n\r\n" + body

    return make


def send(sender: Sender, seconds: float) -> Outcome:
    """Send for a while; run in a process of its own."""
    if sender.path:
        makers = [backend_maker(sender, time.time_ns() % 10**9 + n) for n in range(8)]
    else:
        report = sample_json()
        makers = [request_maker(token, report, is_noop=False) for token in sender.tokens]
    if os.cpu_count() == 2:
        os.sched_setaffinity(0, {1})
    return uvloop.run(run_load(sender.port, makers, seconds=seconds, per_second=sender.per_second))


def create_app(folder: str, name: str) -> dict[str, str]:
    """An app in the server's database, with a token of its own."""
    made = subprocess.run(
        [str(PROGRAM), "app", "create", name, "--json", "--data-dir", folder],
        check=True,
        capture_output=True,
    )
    rights: dict[str, str] = json.loads(made.stdout)
    return rights


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--seconds", type=float, default=8)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--connections", type=int, default=80)
    arguments.add_argument("--port", type=int, default=18190)
    given = arguments.parse_args()
    os.environ.update(UNLIMITED)
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as clients,
    ):
        quiet_app, flooding = create_app(folder, "Quiet"), create_app(folder, "Flood")
        serve = [str(PROGRAM), "serve", "--port", str(given.port), "--data-dir", folder]
        with process("aftercall", serve, given.port, "/readyz", keep=UNLIMITED):
            quiet = Sender(
                port=given.port,
                tokens=tokens_of(given.port, quiet_app, QUIET_PEERS),
                per_second=QUIET_PER_SECOND,
            )
            many = tokens_of(given.port, flooding, given.connections)
            posts = f"/v1/apps/{flooding['app_id']}/events"
            backend = (flooding["api_token"],)
            others = {
                "nobody": None,
                "as much of another app": Sender(
                    port=given.port, tokens=many[:QUIET_PEERS], per_second=QUIET_PER_SECOND
                ),
                f"reports over {given.connections} connections": Sender(
                    port=given.port, tokens=many
                ),
                "posts of 10 joins over 8": Sender(
                    port=given.port, tokens=backend, path=posts, facts=10
                ),
                "posts of 500 joins over 8": Sender(
                    port=given.port, tokens=backend, path=posts, facts=500
                ),
            }
            latencies: dict[str, list[float]] = {name: [] for name in others}
            refused = dict.fromkeys(others, 0)
            beside = dict.fromkeys(others, 0.0)
            for _ in range(given.rounds):
                for name, other in others.items():
                    noise = other and clients.submit(send, other, given.seconds + 1)
                    time.sleep(0.5)
                    outcome = clients.submit(send, quiet, given.seconds - 1).result()
                    latencies[name] += outcome.latencies_s
                    refused[name] += sum(outcome.failures.values())
                    if noise:
                        beside[name] += noise.result().per_second / given.rounds
    print("| beside | its requests/s | quiet app: p50 / p90 / p99, ms | answered | refused |")
    print("|---|---|---|---|---|")
    for name, each in latencies.items():
        outcome = Outcome(latencies_s=each)
        shown = " / ".join(f"{outcome.latency_ms(q):.1f}" for q in (0.5, 0.9, 0.99) if each)
        print(f"| {name} | {beside[name]:,.0f} | {shown} | {len(each)} | {refused[name]} |")


if __name__ == "__main__":
    main()
