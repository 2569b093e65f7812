"""Behind nginx, HAProxy and Caddy, with TLS and the configurations in `deploy/`: sign-in, event
streams, the intake, downloads, and the addresses of clients."""

import gzip
import json
import shutil
import socket
import sqlite3
import ssl
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.acceptance import http_client
from tests.acceptance.required_programs import needs
from tests.acceptance.server import Server, command, start

pytestmark = [pytest.mark.acceptance, needs("openssl")]

DEPLOY = Path(__file__).parents[2] / "deploy"
HOST = "localhost"
CLIENT = "127.0.0.2"
"""The address that the client comes from; the proxy's own is 127.0.0.1."""
STARTS_WITHIN_S = 60


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with a certificate and its key, for localhost."""
    folder = tmp_path_factory.mktemp("certificate")
    key, pem = folder / "site.key", folder / "site.pem"
    words = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    words += ["-subj", f"/CN={HOST}", "-addext", f"subjectAltName=DNS:{HOST}"]
    words += ["-keyout", str(key), "-out", str(pem)]
    subprocess.run(words, check=True, capture_output=True)
    pem.write_text(pem.read_text() + key.read_text())
    return pem


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def nginx(folder: Path, certificate: Path, *, port: int, server_port: int) -> list[str]:
    """Writes the configuration; returns the words that start nginx with it."""
    site = (DEPLOY / "nginx.conf").read_text()
    for old, new in (
        ("127.0.0.1:8787", f"127.0.0.1:{server_port}"),
        ("listen 443 ssl http2", f"listen 127.0.0.1:{port} ssl http2"),
        ("server_name calls.example.com", f"server_name {HOST}"),
        ("/etc/ssl/calls.example.com.pem", str(certificate)),
        ("/etc/ssl/calls.example.com.key", str(certificate)),
    ):
        assert old in site
        site = site.replace(old, new)
    temporary = "".join(
        f"{name}_temp_path {folder / name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    configuration = folder / "nginx.conf"
    configuration.write_text(
        f"daemon off;\npid {folder / 'pid'};\nerror_log stderr;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{site}\n}}\n"
    )
    return ["nginx", "-p", str(folder), "-c", str(configuration)]


def haproxy(folder: Path, certificate: Path, *, port: int, server_port: int) -> list[str]:
    """Writes the configuration; returns the words that start HAProxy with it."""
    text = (DEPLOY / "haproxy.cfg").read_text()
    for old, new in (
        ("127.0.0.1:8787", f"127.0.0.1:{server_port}"),
        ("bind :443", f"bind 127.0.0.1:{port}"),
        ("/etc/ssl/calls.example.com.pem", str(certificate)),
    ):
        assert old in text
        text = text.replace(old, new)
    configuration = folder / "haproxy.cfg"
    configuration.write_text(text)
    return ["haproxy", "-db", "-f", str(configuration)]


def caddy(folder: Path, certificate: Path, *, port: int, server_port: int) -> list[str]:
    """Writes the configuration; returns the words that start Caddy with it. The certificate is
    ours in the place of one that Caddy gets by itself."""
    site = (DEPLOY / "Caddyfile").read_text()
    for old, new in (
        ("{$CALLS_HOST:calls.example.com} {", f"https://{HOST}:{port} {{"),
        ("{$CALLS_UPSTREAM:127.0.0.1:8787}", f"127.0.0.1:{server_port}"),
    ):
        assert old in site
        site = site.replace(old, new)
    first, rest = site.split(f"https://{HOST}:{port} {{", 1)
    configuration = folder / "Caddyfile"
    configuration.write_text(
        f"{{\n\tadmin off\n\tauto_https off\n"
        f"\tstorage file_system {folder / 'storage'}\n}}\n"
        f"{first}https://{HOST}:{port} {{\n\tbind 127.0.0.1\n"
        f"\ttls {certificate} {certificate}\n{rest}"
    )
    return ["caddy", "run", "--config", str(configuration), "--adapter", "caddyfile"]


PROXIES: dict[str, Callable[..., list[str]]] = {"nginx": nginx, "haproxy": haproxy, "caddy": caddy}


@contextmanager
def running_proxy(words: list[str], port: int) -> Iterator[None]:
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        give_up_at = time.monotonic() + STARTS_WITHIN_S
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > give_up_at:
                process.kill()
                raise AssertionError(process.communicate()[0])
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.communicate(timeout=STARTS_WITHIN_S)


@pytest.fixture(
    scope="module",
    params=[pytest.param(name, marks=needs(name)) for name in PROXIES],
)
def proxied(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, certificate: Path
) -> Iterator[Server]:
    """A server that the outside world reaches through the proxy; `url` is the outside address."""
    folder = tmp_path_factory.mktemp(request.param)
    port, inside = free_port(), free_port()
    server = start(
        folder,
        port=inside,
        env={
            "AFTERCALL_PUBLIC_URL": f"https://{HOST}:{port}",
            "AFTERCALL_TRUSTED_PROXIES": "127.0.0.1",
            "AFTERCALL_PRIVACY": "full",
        },
    )
    try:
        words = PROXIES[request.param](folder, certificate, port=port, server_port=inside)
        with running_proxy(words, port):
            yield server
    finally:
        server.stop()


@pytest.fixture
def client(proxied: Server, certificate: Path) -> Iterator[httpx.Client]:
    """A client from an address of its own that lies about where it comes from."""
    context = ssl.create_default_context(cafile=str(certificate))
    transport = httpx.HTTPTransport(verify=context, local_address=CLIENT)
    lies = {"x-forwarded-for": "6.6.6.6", "forwarded": "for=6.6.6.6;proto=http"}
    with httpx.Client(transport=transport, base_url=proxied.url, headers=lies, timeout=120) as made:
        yield made


def join(client: httpx.Client, server: Server) -> str:
    """Lets a participant join with a compressed body; returns the session's id."""
    meeting = client.post(
        server.kit("meetings"), headers=server.headers, json={"title": "Behind a proxy"}
    ).json()["data"]["id"]
    member: dict[str, Any] = client.post(
        server.kit(f"meetings/{meeting}/participants"),
        headers=server.headers,
        json={"name": "Ada", "preset_name": "group_call", "custom_participant_id": "ada"},
    ).json()["data"]
    now = round(time.time() * 1000)
    entries = [
        {"type": "join", "at": now, "seq": 0, "interval_ms": 7_000},
        {"type": "chat", "at": now, "seq": 1, "id": str(uuid4()), "text": "Hello"},
    ]
    body = {"v": 1, "peer_id": str(uuid4()), "sent_at": now, "entries": entries}
    answer = client.post(
        "/v1/collect",
        headers={
            "authorization": f"Bearer {member['token']}",
            "content-encoding": "gzip",
            "content-type": "application/json",
        },
        content=gzip.compress(json.dumps(body).encode()),
    )
    assert answer.status_code == 202, answer.text
    listed = client.get(
        server.kit("sessions"), headers=server.headers, params={"search": meeting}
    ).json()
    return str(listed["data"]["sessions"][0]["id"])


def test_the_client_address_is_that_of_the_connection_whatever_the_client_claims(
    client: httpx.Client, proxied: Server
) -> None:
    session = join(client, proxied)
    with closing(sqlite3.connect(proxied.data_dir / "aftercall.db")) as connection:
        notes = " ".join(
            data
            for (data,) in connection.execute(
                "SELECT data FROM notes WHERE session_id = ?", (session,)
            )
        )
    assert CLIENT in notes
    assert "6.6.6.6" not in notes


def test_a_download_link_leads_through_the_proxy(client: httpx.Client, proxied: Server) -> None:
    session = join(client, proxied)
    links = client.get(proxied.kit(f"sessions/{session}/chat"), headers=proxied.headers).json()
    link = links["data"]["chat_download_url"]
    assert link.startswith(f"{proxied.url}/")
    assert "Hello" in client.get(link).text


def test_a_sign_in_link_signs_in_with_a_secure_cookie(
    client: httpx.Client, proxied: Server
) -> None:
    done = command(
        "link",
        *("--data-dir", str(proxied.data_dir)),
        env={"AFTERCALL_PUBLIC_URL": proxied.url},
    )
    link = done.stdout.strip()
    assert link.startswith(f"{proxied.url}/")
    code = link.rpartition("#")[2].rpartition("=")[2].rpartition("/")[2]
    signed_in = client.post("/v1/sign-in", json={"link": code}, headers={"origin": proxied.url})
    assert signed_in.status_code == 200, signed_in.text
    cookie = signed_in.headers["set-cookie"]
    assert "; Secure" in cookie
    assert client.get("/v1/me").json()["data"]["account_id"] == proxied.account_id


def test_live_updates_arrive_while_the_stream_is_open(
    client: httpx.Client, proxied: Server
) -> None:
    address = f"/v1/apps/{proxied.app_id}/live"
    with client.stream("GET", address, headers=proxied.headers) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        assert any(line == "event: hello" for line in lines)
        session = join(client, proxied)
        assert any(line.startswith("data:") and session in line for line in lines)


def test_a_refused_body_is_answered_by_the_server_not_by_the_proxy(
    client: httpx.Client, proxied: Server
) -> None:
    answer = client.post(
        "/v1/collect", headers={"authorization": "Bearer x"}, content=b" " * 2_000_000
    )
    assert answer.status_code in {401, 413}
    assert answer.json()["success"] is False


def test_the_proxy_answers_for_a_server_that_is_gone(certificate: Path, tmp_path: Path) -> None:
    """A collector tries again after 502 and 503."""
    for name, write in PROXIES.items():
        if shutil.which(name) is None:
            continue
        folder = tmp_path / name
        folder.mkdir()
        port = free_port()
        words = write(folder, certificate, port=port, server_port=free_port())
        with running_proxy(words, port):
            context = ssl.create_default_context(cafile=str(certificate))
            answer = http_client.get(f"https://{HOST}:{port}/healthz", verify=context)
        assert answer.status_code in {502, 503}
