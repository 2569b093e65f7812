"""The sender against receivers on loopback that behave badly."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aftercall.outbound.address_rules import read_networks
from aftercall.outbound.safe_sender import (
    MOST_EXCERPT_BYTES,
    MOST_READ_BYTES,
    AddressRefused,
    Answer,
    SafeSender,
    Unreachable,
    make_sender,
)
from aftercall.settings import BadSetting, Settings

LOOPBACK = read_networks("127.0.0.0/8")
NAME = "receiver.test"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

Reply = Callable[[asyncio.StreamWriter], Awaitable[None]]


class Receiver:
    """Reads requests and lets `reply` answer each."""

    def __init__(self) -> None:
        self.port = 0
        self.requests: list[str] = []
        self.connections = 0
        self.reply: Reply = self.say(OK)
        self._tasks: list[asyncio.Task[None] | None] = []

    async def close(self) -> None:
        for task in self._tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*filter(None, self._tasks))

    @staticmethod
    def say(answer: bytes) -> Reply:
        async def reply(writer: asyncio.StreamWriter) -> None:
            writer.write(answer)

        return reply

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._tasks.append(asyncio.current_task())
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                length = int(head.lower().split("content-length: ")[1].split("\r\n")[0])
                body = (await reader.readexactly(length)).decode()
                self.requests.append(head + body)
                await self.reply(writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.CancelledError, OSError):
            pass
        finally:
            writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()
    await found.close()


def resolving(*addresses: str) -> Callable[[str, int], Awaitable[Sequence[str]]]:
    async def resolve(name: str, port: int) -> Sequence[str]:
        return addresses

    return resolve


@pytest.fixture
async def sender() -> AsyncIterator[SafeSender]:
    found = SafeSender(LOOPBACK, resolve=resolving("127.0.0.1"))
    yield found
    await found.close()


async def _post(sender: SafeSender, url: str, timeout_s: float = 20) -> Answer:
    return await sender.post(
        url, headers={"Content-Type": "application/json"}, body=b'{"a":1}', timeout_s=timeout_s
    )


async def test_a_receiver_gets_the_body_under_its_own_name(
    receiver: Receiver, sender: SafeSender
) -> None:
    answer = await _post(sender, f"http://{NAME}:{receiver.port}/hook?x=1")
    assert answer == Answer(status=200, excerpt=b"ok", retry_after_s=None)
    [request] = receiver.requests
    assert request.startswith("POST /hook?x=1 HTTP/1.1\r\n")
    assert f"host: {NAME}:{receiver.port}\r\n" in request
    assert "content-type: application/json\r\n" in request
    assert request.endswith('\r\n\r\n{"a":1}')


async def test_a_connection_is_used_again(receiver: Receiver, sender: SafeSender) -> None:
    for _ in range(3):
        await _post(sender, f"http://{NAME}:{receiver.port}/")
    assert (len(receiver.requests), receiver.connections) == (3, 1)


@pytest.mark.parametrize(
    ("url", "code"),
    (
        ("ftp://receiver.test/", "url_not_web"),
        ("file:///etc/passwd", "url_not_web"),
        ("receiver.test/hook", "url_not_web"),
        ("http://user:word@receiver.test/", "url_has_credentials"),
        ("http://user@receiver.test/", "url_has_credentials"),
        ("http:///hook", "bad_url"),
        ("http://receiver.test:99999/", "bad_url"),
        ("http://[::1", "bad_url"),
        ("http://10.0.0.1/", "address_refused"),
        ("http://[::ffff:127.0.0.1]/", "address_refused"),
    ),
)
async def test_a_url_that_no_request_may_go_to_is_refused(
    sender: SafeSender, url: str, code: str
) -> None:
    with pytest.raises(AddressRefused) as checked:
        sender.check(url)
    with pytest.raises(AddressRefused) as posted:
        await _post(sender, url)
    assert (checked.value.code, posted.value.code) == (code, code)


async def test_a_name_that_leads_inside_is_refused(receiver: Receiver) -> None:
    sender = SafeSender(resolve=resolving("127.0.0.1", "::1", "169.254.169.254"))
    sender.check(f"http://{NAME}:{receiver.port}/")
    with pytest.raises(AddressRefused, match=r"receiver\.test leads to an address") as refused:
        await _post(sender, f"http://{NAME}:{receiver.port}/")
    assert refused.value.code == "address_refused"
    assert receiver.connections == 0


@pytest.mark.parametrize("host", ("localhost", "2130706433", "0x7f.1", "127.1"))
async def test_another_spelling_of_loopback_is_refused(receiver: Receiver, host: str) -> None:
    sender = SafeSender()
    with pytest.raises((AddressRefused, Unreachable)):
        await _post(sender, f"http://{host}:{receiver.port}/")
    assert receiver.connections == 0


async def test_a_name_that_changes_after_the_check_changes_nothing(receiver: Receiver) -> None:
    answers = iter((["127.0.0.1"], ["10.0.0.1"]))
    asked: list[str] = []

    async def resolve(name: str, port: int) -> Sequence[str]:
        asked.append(name)
        return next(answers)

    sender = SafeSender(LOOPBACK, resolve=resolve)
    await _post(sender, f"http://{NAME}:{receiver.port}/")
    assert (asked, receiver.connections) == ([NAME], 1)
    with pytest.raises(AddressRefused):
        await _post(sender, f"http://{NAME}:{receiver.port + 1}/")
    await sender.close()


async def test_an_address_that_does_not_answer_gives_way_to_the_next(receiver: Receiver) -> None:
    sender = SafeSender(LOOPBACK, resolve=resolving("10.0.0.1", "127.0.0.9", "127.0.0.1"))
    assert (await _post(sender, f"http://{NAME}:{receiver.port}/")).status == 200
    await sender.close()


async def test_a_redirect_is_an_answer(receiver: Receiver, sender: SafeSender) -> None:
    receiver.reply = receiver.say(
        b"HTTP/1.1 307 Elsewhere\r\nlocation: http://10.0.0.1/\r\ncontent-length: 0\r\n\r\n"
    )
    assert (await _post(sender, f"http://{NAME}:{receiver.port}/")).status == 307
    assert len(receiver.requests) == 1


async def test_an_endless_body_is_left_after_its_first_kilobytes(
    receiver: Receiver, sender: SafeSender
) -> None:
    sent = 0

    async def flood(writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        while True:
            writer.write(b"x" * 4_096)
            await writer.drain()
            sent += 4_096

    receiver.reply = flood
    answer = await _post(sender, f"http://{NAME}:{receiver.port}/")
    assert (answer.status, answer.excerpt) == (200, b"x" * MOST_EXCERPT_BYTES)
    receiver.reply = receiver.say(OK)
    assert (await _post(sender, f"http://{NAME}:{receiver.port}/")).excerpt == b"ok"
    assert receiver.connections == 2
    assert sent < 64_000_000 > MOST_READ_BYTES


async def test_a_body_that_trickles_keeps_nobody_waiting(
    receiver: Receiver, sender: SafeSender
) -> None:
    async def trickle(writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 Accepted\r\ncontent-length: 100\r\n\r\nx")
        await writer.drain()
        await asyncio.Event().wait()

    receiver.reply = trickle
    answer = await _post(sender, f"http://{NAME}:{receiver.port}/", timeout_s=0.2)
    assert (answer.status, answer.excerpt) == (202, b"x")


@pytest.mark.parametrize("piece", (b"", b"HTTP/1.1 200 OK\r\nx: y", b"HTTP/1.1 102 Wait\r\n\r\n"))
async def test_a_receiver_without_a_status_runs_out_of_time(
    receiver: Receiver, sender: SafeSender, piece: bytes
) -> None:
    async def stall(writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.01)

    receiver.reply = stall
    with pytest.raises(Unreachable) as failed:
        await _post(sender, f"http://{NAME}:{receiver.port}/", timeout_s=0.2)
    assert failed.value.code in {"timed_out", "unreadable_answer"}


async def test_a_resolver_that_is_silent_runs_out_of_time() -> None:
    async def resolve(name: str, port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return ()

    with pytest.raises(Unreachable) as failed:
        await _post(SafeSender(resolve=resolve), f"http://{NAME}/", timeout_s=0.05)
    assert failed.value.code == "timed_out"


async def test_what_is_no_http_is_no_answer(receiver: Receiver, sender: SafeSender) -> None:
    receiver.reply = receiver.say(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
    with pytest.raises(Unreachable) as failed:
        await _post(sender, f"http://{NAME}:{receiver.port}/")
    assert failed.value.code == "unreadable_answer"


async def test_a_closed_port_is_unreachable(receiver: Receiver, sender: SafeSender) -> None:
    with pytest.raises(Unreachable) as failed:
        await _post(sender, f"http://{NAME}:1/")
    assert failed.value.code == "connection_failed"


@pytest.mark.parametrize("found", ((), None))
async def test_a_name_without_addresses_is_unreachable(found: tuple[str, ...] | None) -> None:
    async def resolve(name: str, port: int) -> Sequence[str]:
        if found is None:
            raise OSError("no such name")
        return found

    with pytest.raises(Unreachable) as failed:
        await _post(SafeSender(resolve=resolve), f"http://{NAME}/")
    assert failed.value.code == "name_not_resolved"


async def test_a_receiver_may_ask_to_wait(receiver: Receiver, sender: SafeSender) -> None:
    receiver.reply = receiver.say(
        b"HTTP/1.1 429 No\r\nRetry-After: 120\r\ncontent-length: 0\r\n\r\n"
    )
    answer = await _post(sender, f"http://{NAME}:{receiver.port}/")
    assert (answer.status, answer.retry_after_s) == (429, 120)


def _write_certificate(folder: Path, name: str) -> Path:
    """A self-signed certificate for `name` with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / f"{name}.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


async def test_a_certificate_is_verified_for_the_name(tmp_path: Path) -> None:
    certificate = _write_certificate(tmp_path, NAME)
    own = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    own.load_cert_chain(certificate)
    names: list[str | None] = []
    own.sni_callback = lambda _socket, name, _context: names.append(name)
    receiver = Receiver()
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0, ssl=own)
    port = server.sockets[0].getsockname()[1]
    resolve = resolving("127.0.0.1")

    with pytest.raises(Unreachable) as unknown_authority:
        await _post(SafeSender(LOOPBACK, resolve=resolve), f"https://{NAME}:{port}/")
    trusting = SafeSender(
        LOOPBACK, resolve=resolve, tls=ssl.create_default_context(cafile=str(certificate))
    )
    with pytest.raises(Unreachable) as other_name:
        await _post(trusting, f"https://other.test:{port}/")
    assert {unknown_authority.value.code, other_name.value.code} == {"tls_failed"}
    assert receiver.requests == []

    assert (await _post(trusting, f"https://{NAME}:{port}/")).status == 200
    # The same address under another name: no connection is shared.
    with pytest.raises(Unreachable):
        await _post(trusting, f"https://other.test:{port}/")
    assert names == [NAME, "other.test", NAME, "other.test"]
    await trusting.close()
    server.close()
    await receiver.close()


async def test_the_networks_of_the_setting_are_allowed(receiver: Receiver) -> None:
    sender = make_sender(Settings(outbound_allow="127.0.0.1/32"))
    assert (await _post(sender, f"http://127.0.0.1:{receiver.port}/")).status == 200
    await sender.close()
    with pytest.raises(BadSetting, match="outbound_allow must name networks"):
        make_sender(Settings(outbound_allow="inside"))
