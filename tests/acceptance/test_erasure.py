"""A server that is killed again and again erases a person; nothing is left in database, files and
log."""

import asyncio
import time
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from aftercall.store.engine.database import Database
from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.personal_calls import CALLS, record_calls
from tests.acceptance.server import Server, command, start
from tests.database_bytes import everything_in
from tests.service.privacy.erasure_harness import places_of_seeds
from tests.service.privacy.personal_call import CUSTOM, SEEDS

pytestmark = pytest.mark.acceptance

KILLS = 4


def ask(server: Server, method: str, path: str, **request: Any) -> Any:
    url = f"{server.url}/v1{path}"
    send = http_client.get if method == "GET" else http_client.post
    answer = send(url, headers=server.headers, **request)
    answer.raise_for_status()
    return answer.json()["data"]


def wait_for(server: Server, path: str, is_so: Any) -> Any:
    give_up_at = time.monotonic() + TIMEOUT_S / 3
    while time.monotonic() < give_up_at:
        found = ask(server, "GET", path)
        if is_so(found):
            return found
        time.sleep(0.2)
    raise AssertionError(f"{path} stays {found}")


async def test_an_erasure_survives_kills_and_leaves_nothing(
    own_database_url: str, tmp_path: Path
) -> None:
    rights = await record_calls(own_database_url, tmp_path)
    env = {"AFTERCALL_DATABASE_URL": own_database_url, "AFTERCALL_PRIVACY": "full"}
    app = f"/apps/{rights['app_id']}"
    server = await asyncio.to_thread(start, tmp_path, rights, env=env)
    try:
        wait_for(server, "/jobs", lambda jobs: jobs == {"waiting": [], "dead": []})
        person = {"custom_participant_id": CUSTOM}
        exported = ask(server, "POST", f"{app}/exports", json=person)
        archive = wait_for(
            server, f"{app}/exports/{exported['id']}", lambda each: each["state"] == "done"
        )
        assert http_client.get(archive["url"]).content.startswith(b"PK")
        erasure = ask(server, "POST", f"{app}/erasures", json=person)
        for kill in count():
            state = ask(server, "GET", f"{app}/erasures/{erasure['id']}")["state"]
            if state == "done" or kill == KILLS:
                break
            await asyncio.sleep(0.2 + 0.15 * kill)
            server.kill()
            server = await asyncio.to_thread(start, tmp_path, rights, port=server.port, env=env)
        done = wait_for(
            server, f"{app}/erasures/{erasure['id']}", lambda each: each["state"] == "done"
        )
        assert done["counts"]["sessions"] == CALLS
        assert done["counts"]["messages"] == done["counts"]["transcript_lines"] == CALLS
        wait_for(server, "/jobs", lambda jobs: jobs == {"waiting": [], "dead": []})
    finally:
        server.stop()
    db = await Database.open(own_database_url)
    assert await places_of_seeds(db) == set()
    is_sqlite = db.is_sqlite
    await db.close()
    checked = command("check", "--data", env=env)
    assert checked.returncode == 0, checked.stdout
    folders = [tmp_path]
    if is_sqlite:
        folders.append(Path(make_url(own_database_url).database or "").parent)
    held = {
        (str(path), each)
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file()
        for each in SEEDS
        if each.encode() in path.read_bytes()
    }
    assert held == set()
    dump = everything_in(own_database_url)
    assert [each for each in SEEDS if each.encode() in dump] == []
