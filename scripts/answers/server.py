"""A release's server over a data folder, with its clock held and its ids drawn from a seed."""

import json
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

ACCOUNT: Final = "023e105f4ecef8ad9ca31a8372d0c353"
APP: Final = "14a396e7-ca44-4937-bf1f-050a69118543"
OTHER_APP: Final = "5c1b7f0e-9d34-4c0a-8f6e-2b9d0a7c4e11"
TOKEN: Final = "answers-144c9defac04969c7bfad8efaa8ea194"
OTHER_TOKEN: Final = "answers-9c7bfad8efaa8ea194144c9defac0496"
HOST: Final = "localhost"
"""The `Host` of every request, so that links in answers do not name a port of this run."""

_HERE: Final = Path(__file__).resolve().parent
_WITHIN_S: Final = 60.0
_QUIET_S: Final = 2.5
"""How long a database must stay unchanged before its server counts as idle; sweeps and jobs are
looked for every second."""
_TOKEN_LIFE_S: Final = 20 * 365 * 86_400
"""Participants' tokens are checked against the machine's clock, which is ahead of the held one."""


@dataclass(frozen=True, kw_only=True)
class Release:
    """The `aftercall` program of one release, run over a data folder."""

    program: Path
    data: Path

    @property
    def database(self) -> Path:
        return self.data / "aftercall.db"

    @property
    def _clock(self) -> Path:
        return self.data / "clock"

    def set_clock(self, at_ms: int) -> None:
        """Hold the clock of every program of this data folder at a moment (ms since 1970)."""
        new = self._clock.with_suffix(".new")
        new.write_text(str(at_ms))
        new.replace(self._clock)

    def environment(self, seed: str) -> dict[str, str]:
        """The environment of a program whose clock is held and whose ids come from the seed."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("AFTERCALL_", "PYTHON"))}
        return kept | {
            "AFTERCALL_TOKEN_LIFE_S": str(_TOKEN_LIFE_S),
            "AFTERCALL_LOG_LEVEL": "warning",
            "ANSWERS_CLOCK": str(self._clock),
            "ANSWERS_SEED": seed,
            "PYTHONHASHSEED": "0",
            "PYTHONPATH": str(_HERE / "held_clock"),
            "TZ": "UTC",
        }

    def run(self, *words: str, seed: str, env: dict[str, str] | None = None) -> Any:
        """The JSON that a command printed. Exits with the command's error when it fails."""
        done = subprocess.run(
            [self.program, *words],
            env=self.environment(seed) | (env or {}),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            raise SystemExit(f"{words[0]} failed: {done.stderr}")
        return json.loads(done.stdout)

    def make_apps(self) -> None:
        """An account with two apps, all with ids and tokens of our choice."""
        for name, app, token, more in (
            ("First", APP, TOKEN, ["--whole-account"]),
            ("Second", OTHER_APP, OTHER_TOKEN, []),
        ):
            whose = ["--account-id", ACCOUNT, "--app-id", app, "--token", token]
            where = ["--json", "--data-dir", str(self.data)]
            self.run("app", "create", name, *whose, *where, *more, seed=name)

    @contextmanager
    def serving(self, *options: str, seed: str) -> Iterator[str]:
        """The URL of a server that ends with the block."""
        log = self.data / f"{seed}.log"
        words = ["serve", "--port", "0", "--data-dir", str(self.data), *options]
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [self.program, *words], env=self.environment(seed), stdout=sink, stderr=sink
            )
        try:
            yield _url_once_ready(process, log)
        finally:
            process.terminate()
            process.wait()

    def wait_until_idle(self) -> None:
        """Until nothing has been written to the database for some seconds."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as db:
            since, version = time.monotonic(), None
            while time.monotonic() - since < _QUIET_S:
                time.sleep(0.1)
                (now,) = db.execute("PRAGMA data_version").fetchone()
                if now != version:
                    since, version = time.monotonic(), now


def client(url: str, **options: Any) -> httpx.Client:
    """An HTTP client that follows no redirects and adds no varying headers."""
    headers = {"host": HOST, "user-agent": "answers", "accept-encoding": "identity"}
    return httpx.Client(base_url=url, headers=headers, timeout=_WITHIN_S, **options)


def _url_once_ready(process: subprocess.Popen[bytes], log: Path) -> str:
    """Asks for a file rather than `/readyz`: each question to the API draws an id from the seed."""
    give_up_at = time.monotonic() + _WITHIN_S
    while time.monotonic() < give_up_at and process.poll() is None:
        found = re.search(rb"^Aftercall \S+ on (http://\S+),", log.read_bytes(), re.MULTILINE)
        if found:
            url = found[1].decode()
            try:
                with client(url) as http:
                    http.get("/collector/none.js")
            except httpx.TransportError:
                pass
            else:
                return url
        time.sleep(0.05)
    process.kill()
    raise SystemExit(f"the server did not start: {log.read_text(errors='replace')}")
