"""`aftercall serve` as an operator starts and stops it."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.acceptance import patient
from tests.acceptance.patient import PATIENCE_S
from tests.acceptance.server import (
    PROGRAM,
    command,
    environment,
    make_app,
    running,
    start,
    wait_until_ready,
)

pytestmark = [pytest.mark.acceptance, pytest.mark.xdist_group("serve")]

TOKEN = re.compile(r"^  token    (ac_\S+)$", re.MULTILINE)
IDS = re.compile(r"^  (account|app) +(\S+)$", re.MULTILINE)


def serve(folder: Path, log: Path, *words: str) -> subprocess.Popen[bytes]:
    with log.open("wb") as sink:
        return subprocess.Popen(
            [str(PROGRAM), "serve", "--port", "0", "--data-dir", str(folder), *words],
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=environment({}),
        )


def test_the_first_start_makes_an_app_that_can_be_used_and_later_ones_do_not(
    tmp_path: Path,
) -> None:
    first, second = tmp_path / "first.log", tmp_path / "second.log"
    process = serve(tmp_path, first)
    try:
        url = wait_until_ready(process, first, 0)
        said = first.read_text()
        ids = dict(IDS.findall(said))
        found = TOKEN.search(said)
        assert found is not None
        answer = patient.get(
            f"{url}/client/v4/accounts/{ids['account']}/realtime/kit/{ids['app']}/sessions",
            headers={"authorization": f"Bearer {found[1]}"},
        )
        assert answer.json()["data"]["sessions"] == []
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    process = serve(tmp_path, second)
    try:
        wait_until_ready(process, second, 0)
        assert TOKEN.search(second.read_text()) is None
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0


def test_a_demo_takes_its_simulated_calls_along_when_it_stops(tmp_path: Path) -> None:
    log = tmp_path / "demo.log"
    process = serve(tmp_path, log, "--demo")
    try:
        wait_until_ready(process, log, 0)
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        simulating = [int(child) for child in children.read_text().split()]
        assert len(simulating) == 1
    finally:
        process.terminate()
        assert process.wait(PATIENCE_S) == 0
    with pytest.raises(ProcessLookupError):
        os.kill(simulating[0], 0)


def test_an_address_in_use_is_told_in_a_sentence(tmp_path: Path) -> None:
    with running(tmp_path) as server:
        refused = command("serve", "--port", str(server.port), "--data-dir", str(tmp_path / "b"))
    assert refused.returncode == 1
    assert f"cannot listen on 127.0.0.1:{server.port}" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_several_workers_on_sqlite_are_refused(tmp_path: Path) -> None:
    refused = command("serve", "--workers", "2", "--data-dir", str(tmp_path))
    assert refused.returncode == 2
    assert "PostgreSQL" in refused.stderr


def test_an_unreachable_database_is_told_in_a_sentence(tmp_path: Path) -> None:
    url = "postgresql://nobody@127.0.0.1:9/none"
    refused = command("serve", "--database-url", url, "--data-dir", str(tmp_path))
    assert refused.returncode in {1, 3}
    assert "Traceback" not in refused.stderr
    assert len(refused.stderr.splitlines()) == 1


@pytest.mark.parametrize("own_database_url", ["postgresql"], indirect=True)
def test_several_workers_serve_one_postgres(tmp_path: Path, own_database_url: str) -> None:
    words = {"AFTERCALL_DATABASE_URL": own_database_url, "AFTERCALL_WORKERS": "2"}
    server = start(tmp_path, make_app(tmp_path, database_url=own_database_url), env=words)
    try:
        for _ in range(10):
            assert patient.get(server.kit("sessions"), headers=server.headers).is_success
    finally:
        server.stop()
    assert server.process.returncode == 0
