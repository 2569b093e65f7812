"""Prometheus and Alertmanager of Debian, with the rule file that is shipped, watch a server."""

import json
import re
import socket
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.required_programs import needs
from tests.acceptance.server import Server, running
from tests.http_receiver import HttpReceiver, open_receiver

pytestmark = pytest.mark.acceptance

RULES = Path(__file__).resolve().parents[2] / "deploy" / "monitoring" / "alerts.yaml"
EVERY = "1s"
NAME = "AftercallJobsDead"


@contextmanager
def program(log: Path, *words: str) -> Iterator[None]:
    """A program for as long as the block lasts."""
    with log.open("wb") as sink:
        process = subprocess.Popen(words, stdout=sink, stderr=subprocess.STDOUT, cwd=log.parent)
    try:
        yield
        assert process.poll() is None, log.read_text(errors="replace")[-2_000:]
    finally:
        process.terminate()
        process.wait(TIMEOUT_S)


def free_port() -> int:
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        port: int = bound.getsockname()[1]
        return port


def write(path: Path, content: dict[str, Any]) -> str:
    """JSON is YAML."""
    path.write_text(json.dumps(content))
    return str(path)


@contextmanager
def monitored(server: Server, receiver: HttpReceiver, folder: Path) -> Iterator[None]:
    """Prometheus scrapes the server each second and reports to an Alertmanager that posts to the
    receiver. The rules are those that are shipped, without their waiting times of minutes."""
    rules, waits = re.subn(r"^ +for: \S+$\n", "", RULES.read_text(), flags=re.MULTILINE)
    assert waits == rules.count("- alert:")
    (folder / "rules.yaml").write_text(rules)
    manager = f"127.0.0.1:{free_port()}"
    post = {"url": f"{receiver.url}/alerts", "send_resolved": True}
    route = {"receiver": "test", "group_wait": "0s", "group_interval": EVERY}
    manager_config = {
        "route": {**route, "repeat_interval": "1h", "group_by": ["alertname"]},
        "receivers": [{"name": "test", "webhook_configs": [post]}],
    }
    target = {"targets": [server.url.removeprefix("http://")]}
    config = {
        "global": {"scrape_interval": EVERY, "evaluation_interval": EVERY},
        "scrape_configs": [{"job_name": "aftercall", "static_configs": [target]}],
        "rule_files": ["rules.yaml"],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [manager]}]}]},
    }
    with ExitStack() as stack:
        stack.enter_context(
            program(
                folder / "alertmanager.log",
                "prometheus-alertmanager",
                f"--config.file={write(folder / 'alertmanager.json', manager_config)}",
                f"--storage.path={folder / 'alertmanager'}",
                f"--web.listen-address={manager}",
                "--cluster.listen-address=",
            )
        )
        stack.enter_context(
            program(
                folder / "prometheus.log",
                "prometheus",
                f"--config.file={write(folder / 'prometheus.json', config)}",
                f"--storage.tsdb.path={folder / 'prometheus'}",
                f"--web.listen-address=127.0.0.1:{free_port()}",
                f"--rules.alert.resend-delay={EVERY}",
            )
        )
        yield


def set_dead_job(server: Server, *, is_dead: bool) -> None:
    now = round(time.time() * 1000)
    with closing(sqlite3.connect(server.data_dir / "aftercall.db", timeout=TIMEOUT_S)) as db, db:
        if is_dead:
            row = ("dead", "finalise", "dead", "{}", now, now, 9, None, "No such table", now)
            marks = ", ".join("?" * len(row))
            db.execute(f"INSERT INTO jobs VALUES ({marks})", row)
        else:
            db.execute("DELETE FROM jobs WHERE id = 'dead'")


def alerts_in(receiver: HttpReceiver) -> list[dict[str, Any]]:
    """The alerts on dead jobs that came, in the order in which they came."""
    posted = [alert for each in list(receiver.received) for alert in each.json["alerts"]]
    return [alert for alert in posted if alert["labels"]["alertname"] == NAME]


@needs("prometheus")
@needs("prometheus-alertmanager")
def test_an_alert_reaches_its_receiver_and_resolves(tmp_path: Path) -> None:
    data_dir = tmp_path / "data"
    data_dir.mkdir()
    with running(data_dir) as server, open_receiver() as receiver:
        with monitored(server, receiver, tmp_path):
            set_dead_job(server, is_dead=True)
            assert receiver.wait_until(lambda: bool(alerts_in(receiver)), TIMEOUT_S)
            (firing,) = alerts_in(receiver)
            assert firing["status"] == "firing"
            assert firing["labels"]["severity"] == "warn"
            assert firing["annotations"]["summary"] == (
                "1 jobs failed too often to be tried again."
            )
            set_dead_job(server, is_dead=False)
            assert receiver.wait_until(lambda: len(alerts_in(receiver)) > 1, TIMEOUT_S)
            resolved = alerts_in(receiver)[-1]
            assert resolved["status"] == "resolved"
            assert resolved["fingerprint"] == firing["fingerprint"]
        others = {
            alert["labels"]["alertname"]
            for each in receiver.received
            for alert in each.json["alerts"]
        }
        assert others == {NAME}
