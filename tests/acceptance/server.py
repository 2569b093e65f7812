"""A real `aftercall serve` in a process of its own, on loopback, as an operator would start it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_S

PROGRAM = Path(sys.executable).with_name("aftercall")
SDK_ACCOUNT = "023e105f4ecef8ad9ca31a8372d0c353"
SDK_APP = "14a396e7-ca44-4937-bf1f-050a69118543"
SDK_TOKEN = "144c9defac04969c7bfad8efaa8ea194"
"""What the official SDKs' own tests name."""
OLDER_SDK_APP = "app_id"
"""The app that the tests of SDKs before 5.8 name."""
FIRST_START = re.compile(r"^  (account|app|token) +(\S+)$", re.MULTILINE)
"""What a server prints when it starts on an empty database: ids, and a token for every app."""


class ServerFailed(Exception):
    """The server did not start; the message is its output."""


@dataclass(kw_only=True)
class Server:
    """A running server, and the ids and token of the app that was made in it."""

    url: str
    data_dir: Path
    log: Path
    account_id: str
    app_id: str
    api_token: str
    process: subprocess.Popen[bytes]

    @property
    def base_url(self) -> str:
        """What an official SDK is given as `base_url`."""
        return f"{self.url}/client/v4"

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])

    def kit(self, rest: str) -> str:
        """The address of a RealtimeKit operation."""
        return f"{self.base_url}/accounts/{self.account_id}/realtime/kit/{self.app_id}/{rest}"

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.api_token}"}

    @property
    def rights(self) -> dict[str, str]:
        """The ids and the token, for another server over the same data folder."""
        return {name: getattr(self, name) for name in ("account_id", "app_id", "api_token")}

    def kill(self) -> None:
        """`kill -9`: no shutdown, no last flush."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        """Ask it to stop, and wait until it has."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(TIMEOUT_S)


def command(*words: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [str(PROGRAM), *words],
        capture_output=True,
        text=True,
        env=environment(env or {}),
        timeout=TIMEOUT_S,
    )


def environment(more: Mapping[str, str]) -> dict[str, str]:
    """This process's environment without settings of Aftercall, and `more`. Programs keep their
    compiled modules, as installed ones do: to compile them takes longer than to start."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONDONTWRITEBYTECODE" and not name.startswith("AFTERCALL_")
    }
    # A test that looks at the database sees each sample in its interval.
    return {**kept, "AFTERCALL_SAMPLES_PER_REQUEST": "1", **more}


def make_app(data_dir: Path, *, chosen: bool = False) -> dict[str, Any]:
    """An app in the data folder's database: `account_id`, `app_id`, `api_token`. With `chosen`,
    those that the official SDKs' own tests name; theirs is a token for every app."""
    words = ["app", "create", "Acceptance", "--json", "--data-dir", str(data_dir)]
    if chosen:
        words += ["--whole-account"]
        words += ["--account-id", SDK_ACCOUNT, "--app-id", SDK_APP, "--token", SDK_TOKEN]
    done = command(*words)
    if done.returncode != 0:
        raise ServerFailed(done.stderr)
    if chosen:
        older = command("app", "create", "Older", "--app-id", OLDER_SDK_APP, *words[4:6])
        if older.returncode != 0:
            raise ServerFailed(older.stderr)
    made: dict[str, Any] = json.loads(done.stdout)
    return made


def start(
    data_dir: Path,
    rights: Mapping[str, Any] | None = None,
    *,
    port: int = 0,
    env: Mapping[str, str] | None = None,
) -> Server:
    """Start a server over the data folder and wait until it is ready. Without `rights` the database
    is empty, and the server makes an account, an app and a token. With a `port`, the server is
    asked there, and not at the public URL that it may name."""
    log = data_dir / "serve.log"
    with log.open("ab") as sink:
        begins_at = sink.tell()
        process = subprocess.Popen(
            [str(PROGRAM), "serve", "--port", str(port), "--data-dir", str(data_dir)],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment(env or {}),
        )
    url = wait_until_ready(process, log, begins_at, port)
    if rights is None:
        printed = dict(FIRST_START.findall(log.read_text(errors="replace")))
        rights = {"account_id": printed["account"], "app_id": printed["app"]}
        rights |= {"api_token": printed["token"]}
    return Server(url=url, data_dir=data_dir, log=log, process=process, **rights)


def wait_until_ready(
    process: subprocess.Popen[bytes], log: Path, begins_at: int, port: int = 0
) -> str:
    """The URL the server named in its log, once it is ready there, or on the port."""
    give_up_at = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up_at and process.poll() is None:
        output = log.read_bytes()[begins_at:].decode(errors="replace")
        found = re.search(r"^Aftercall \S+ on (https?://\S+),", output, re.MULTILINE)
        if found:
            try:
                asked = f"http://127.0.0.1:{port}" if port else found[1]
                if http_client.get(f"{asked}/readyz").is_success:
                    return found[1]
            except httpx.TransportError:
                pass
        time.sleep(0.05)
    process.kill()
    process.wait()
    raise ServerFailed(log.read_bytes()[begins_at:].decode(errors="replace"))


@contextmanager
def running(
    data_dir: Path, *, chosen: bool = False, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A fresh server for as long as the block lasts."""
    server = start(data_dir, make_app(data_dir, chosen=True) if chosen else None, env=env)
    try:
        yield server
    finally:
        server.stop()


def simulate(server: Server, *words: str) -> dict[str, Any]:
    """Play calls to the server; what `aftercall simulate --json` printed."""
    done = command(
        *("simulate", "--json", "--url", server.url),
        *("--account", server.account_id, "--app", server.app_id),
        *words,
        env={"SIMULATE_TOKEN": server.api_token},
    )
    if done.returncode != 0:
        raise AssertionError(f"simulate failed: {done.stderr}")
    played: dict[str, Any] = json.loads(done.stdout)
    return played


def wait_until_ended(
    server: Server, session_id: str, *, within_s: float = TIMEOUT_S
) -> dict[str, Any]:
    """The session's details once it is ENDED."""
    give_up_at = time.monotonic() + within_s
    details: dict[str, Any] = {}
    while time.monotonic() < give_up_at:
        answer = http_client.get(server.kit(f"sessions/{session_id}"), headers=server.headers)
        answer.raise_for_status()
        details = answer.json()["data"]
        if details["status"] == "ENDED":
            return details
        time.sleep(0.2)
    raise AssertionError(f"the session has not ended: {details}")
