"""The wheel is all that a stranger needs: installed alone, without Node and without a checkout, it
serves the pages and keeps a first record."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from tests.acceptance import http_client
from tests.acceptance.server import FIRST_START, Server, wait_until_ready

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
PREVIOUS = ROOT / "tests/store/migrations/0005-sqlite.sql"
"""A database that an earlier wheel made, with an ended call of three people."""

FIRST_RECORD_S = 60
UV = Path(sys.executable).with_name("uv")


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`aftercall`, installed from the wheel into an environment of its own."""
    if not (ROOT / "src/aftercall/_static/dashboard/index.html").exists():
        pytest.skip("the pages are not built, and the wheel would lack them")
    folder = tmp_path_factory.mktemp("wheel")
    build = ("build", "--wheel", "--no-build-isolation", "--python", sys.executable)
    run(UV, *build, "--out-dir", folder, ROOT)
    (wheel,) = folder.glob("*.whl")
    environment = folder / "environment"
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    install = ("pip", "install", "--python", environment / "bin/python")
    run(UV, *install, "--constraints", ROOT / "requirements/run.txt", wheel)
    return environment / "bin/aftercall"


def run(*words: Path | str) -> None:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def started_at(program: Path) -> float:
    """When the server is first started, of a wheel that is installed."""
    assert program.exists()
    return time.monotonic()


@pytest.fixture(scope="module")
def server(
    program: Path, started_at: float, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """A server on its first start, in a folder that holds nothing else, where no Node is found."""
    assert started_at
    folder = tmp_path_factory.mktemp("stranger")
    assert shutil.which("node", path=str(program.parent)) is None
    process, url, log = serve(program, folder)
    try:
        printed = dict(FIRST_START.findall(log.read_text()))
        yield Server(
            url=url,
            data_dir=folder / "data",
            log=log,
            account_id=printed["account"],
            app_id=printed["app"],
            api_token=printed["token"],
            process=process,
        )
    finally:
        process.terminate()
        process.wait(http_client.TIMEOUT_S)


def serve(program: Path, folder: Path) -> tuple[subprocess.Popen[bytes], str, Path]:
    """A server that is ready, over the folder's `data`; its URL and its log."""
    log = folder / "serve.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [program, "serve", "--port", "0"],
            cwd=folder,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env=without_node(program, folder),
        )
    return process, wait_until_ready(process, log, 0), log


def without_node(program: Path, folder: Path) -> dict[str, str]:
    return {"PATH": str(program.parent), "HOME": str(folder), "LANG": "C.UTF-8"}


def command(program: Path, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *words],
        cwd=folder,
        capture_output=True,
        text=True,
        env=without_node(program, folder),
    )


def test_it_keeps_a_first_record_within_a_minute(server: Server, started_at: float) -> None:
    with http_client.Client(headers=server.headers) as client:
        meeting = client.post(server.kit("meetings"), json={"title": "First"}).json()["data"]["id"]
        member = client.post(
            server.kit(f"meetings/{meeting}/participants"),
            json={
                "name": "Ada",
                "preset_name": "group_call_participant",
                "custom_participant_id": "ada",
            },
        ).json()["data"]
    now = round(time.time() * 1000)
    entries = [
        {"type": "join", "at": now - 9_000, "seq": 0, "interval_ms": 7_000},
        {"type": "sample", "at": now - 2_000, "seq": 1, "connections": []},
        {"type": "leave", "at": now - 1_000, "seq": 2},
    ]
    sent = http_client.post(
        f"{server.url}/v1/collect",
        headers={"authorization": f"Bearer {member['token']}"},
        json={"v": 1, "peer_id": str(uuid4()), "sent_at": now, "entries": entries},
    )
    assert sent.status_code == 202, sent.text
    assert sent.json()["data"]["accepted"] == len(entries), sent.text
    listed = http_client.get(server.kit("sessions"), headers=server.headers).json()
    (session,) = listed["data"]["sessions"]
    assert session["meeting_display_name"] == "First"
    assert session["total_participants"] == 1
    assert http_client.get(f"{server.url}/", follow_redirects=True).status_code == 200
    assert time.monotonic() - started_at < FIRST_RECORD_S


@pytest.mark.parametrize("page", ["/", "/try", "/docs"])
def test_it_serves_each_page_with_its_scripts_and_styles(server: Server, page: str) -> None:
    html = http_client.get(server.url + page, follow_redirects=True)
    assert html.status_code == 200
    assets = re.findall(r'(?:src|href)="(/[^"]+\.(?:js|css))"', html.text)
    assert assets
    for asset in assets:
        assert http_client.get(server.url + asset).status_code == 200, asset


def test_it_serves_the_collector(server: Server) -> None:
    script = http_client.get(f"{server.url}/collector/aftercall-collector.js")
    assert script.status_code == 200
    assert "getStats" in script.text


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The folder of a server whose data an earlier wheel wrote."""
    (tmp_path / "data").mkdir()
    with closing(sqlite3.connect(tmp_path / "data/aftercall.db")) as connection:
        connection.executescript(PREVIOUS.read_text())
    return tmp_path


def test_it_brings_the_data_of_an_earlier_one_up_to_date(program: Path, earlier: Path) -> None:
    process, url, _ = serve(program, earlier)
    try:
        made = command(program, earlier, "token", "create", "Reader", "--whole-account", "--json")
        assert made.returncode == 0, made.stderr
        listed = command(program, earlier, "app", "list", "--json")
        (app,) = json.loads(listed.stdout)
        headers = {"authorization": f"Bearer {json.loads(made.stdout)['api_token']}"}
        kit = f"{url}/client/v4/accounts/{app['account_id']}/realtime/kit/{app['id']}"
        with http_client.Client(headers=headers) as client:
            found = client.get(f"{kit}/sessions?status=ENDED").json()["data"]["sessions"]
            (over,) = [each for each in found if each["meeting_display_name"] == "Over"]
            people = client.get(f"{kit}/sessions/{over['id']}/participants").json()["data"]
            assert len(people["participants"]) == 3
            for person in people["participants"]:
                report = client.get(f"{kit}/sessions/peer-report/{person['id']}")
                quality = report.json()["data"]["participant"]["peer_report"]["quality"]
                assert quality["audio_producer_cumulative"]
    finally:
        process.terminate()
        process.wait(http_client.TIMEOUT_S)
    checked = command(program, earlier, "check", "--data")
    assert (checked.returncode, checked.stdout) == (0, "The database keeps its promises.\n")


@pytest.mark.parametrize("words", [("serve", "--port", "0"), ("migrate",), ("check", "--data")])
def test_it_refuses_the_data_of_a_later_one_in_a_sentence(
    program: Path, earlier: Path, words: tuple[str, ...]
) -> None:
    file = earlier / "data/aftercall.db"
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    refused = command(program, earlier, *words)
    assert refused.returncode == 3
    sentence = refused.stderr.strip()
    assert "9999" in sentence
    assert "Traceback" not in sentence
    assert len(sentence.splitlines()) == 1
    with closing(sqlite3.connect(file)) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [
            ("9999",)
        ]
        assert connection.execute("SELECT count(*) FROM sessions").fetchone() > (1,)


def test_nothing_of_it_comes_from_the_checkout(program: Path) -> None:
    done = subprocess.run(
        [program.with_name("python"), "-c", "import aftercall; print(aftercall.__file__)"],
        cwd=os.sep,
        capture_output=True,
        text=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(program.parents[1])
