"""The wheel is all that a stranger needs: installed alone, without Node and without a checkout, it
serves the pages and keeps a first record."""

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.acceptance import http_client
from tests.acceptance.server import FIRST_START, Server, wait_until_ready

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
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
def server(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on its first start, in a folder that holds nothing else, where no Node is found."""
    folder = tmp_path_factory.mktemp("stranger")
    assert shutil.which("node", path=str(program.parent)) is None
    log = folder / "serve.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [program, "serve", "--port", "0"],
            cwd=folder,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={"PATH": str(program.parent), "HOME": str(folder), "LANG": "C.UTF-8"},
        )
    try:
        url = wait_until_ready(process, log, 0)
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


def test_it_keeps_a_first_record(server: Server) -> None:
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


def test_nothing_of_it_comes_from_the_checkout(program: Path) -> None:
    done = subprocess.run(
        [program.with_name("python"), "-c", "import aftercall; print(aftercall.__file__)"],
        cwd=os.sep,
        capture_output=True,
        text=True,
    )
    assert Path(done.stdout.strip()).is_relative_to(program.parents[1])
