"""The log of a server holds ids, and nothing that opens a door or that somebody wrote."""

import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest

from tests.acceptance import http_client
from tests.acceptance.server import Server, command, running

pytestmark = pytest.mark.acceptance

NAME, TEXT, ADDRESS = "Adelheid Quastenflosser", "xylophones are my secret", "203.0.113.77"
FORGED = "ac_forged-forged-forged-forged-forged"


def add_member(client: httpx.Client, server: Server) -> str:
    """The token of a new member of a new meeting."""
    meeting = client.post(server.kit("meetings"), json={"title": f"With {NAME}"}).json()["data"]
    body = {"name": NAME, "preset_name": "guest", "custom_participant_id": "ada"}
    member = client.post(server.kit(f"meetings/{meeting['id']}/participants"), json=body)
    return str(member.json()["data"]["token"])


def collect(server: Server, token: str, *entries: dict[str, Any]) -> int:
    """The status of the answer to entries of a new peer."""
    now = round(time.time() * 1000)
    stated = [{"at": now - 1_000, "seq": seq, **each} for seq, each in enumerate(entries)]
    body = {"v": 1, "peer_id": str(uuid4()), "sent_at": now, "entries": stated}
    headers = {"authorization": f"Bearer {token}", "x-forwarded-for": ADDRESS}
    return http_client.post(f"{server.url}/v1/collect", headers=headers, json=body).status_code


def test_the_log_holds_no_tokens_texts_names_links_and_addresses(tmp_path: Path) -> None:
    env = {"AFTERCALL_LOG_LEVEL": "debug"}
    secrets = [NAME, TEXT, ADDRESS, FORGED]
    with running(tmp_path, chosen=True, env=env) as server:
        with http_client.Client(headers=server.headers) as client:
            token = add_member(client, server)
            network = {"network": {"ip": ADDRESS}}
            chat = {"type": "chat", "id": str(uuid4()), "text": TEXT}
            join = {"type": "join", "interval_ms": 7_000}
            event = {"type": "event", "name": "describe", "data": network}
            assert collect(server, token, join, event, chat) == 202
            assert collect(server, FORGED, join, chat) == 401
            assert collect(server, token, {"type": TEXT, "text": ADDRESS}) in {202, 400, 422}
            (session,) = client.get(server.kit("sessions")).json()["data"]["sessions"]
            links = client.get(server.kit(f"sessions/{session['id']}/chat")).json()["data"]
            link = links["chat_download_url"]
            assert TEXT in http_client.get(link).text
            assert http_client.get(f"{link}x").status_code >= 400
            where = ("--data-dir", str(server.data_dir), "--app-id", server.app_id)
            sign_in = command("link", *where).stdout.strip().rpartition("=")[2].rpartition("/")[2]
            shown = command("read-link", "create", session["id"], "--with-talk", *where)
            assert shown.returncode == 0, shown.stderr
            code = shown.stdout.split()[0].rpartition("#")[2].rpartition("/")[2]
            for body in ({"link": sign_in}, {"link": sign_in}, {"token": FORGED}):
                client.post(f"{server.url}/v1/sign-in", json=body)
            client.get(server.kit("sessions"), headers={"authorization": f"Bearer {FORGED}"})
        secrets += [server.api_token, token, sign_in, code, urlsplit(link).query or link]
        log = server.log
    text = log.read_text()
    assert session["id"] in text or server.app_id in text
    assert all(len(each) > 8 for each in secrets)
    assert [each for each in secrets if each in text] == []
