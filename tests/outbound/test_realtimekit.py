"""The reader against a local server that plays the vendor."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from aftercall.core.errors import Refused
from aftercall.outbound.realtimekit import LinkOver, RealtimeKit

OK = b'{"success":true,"data":{"id":"one"}}'


@dataclass
class Vendor:
    """Answers with what is in `answers`, one after the other, and then with `OK`."""

    port: int = 0
    answers: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    requests: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := await _head(reader):
            first, *lines = head.split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
            self.requests.append((first, headers))
            status, more = self.answers.pop(0) if self.answers else ("200 OK", {})
            text = "".join(f"{name}: {value}\r\n" for name, value in more.items())
            writer.write(
                f"HTTP/1.1 {status}\r\ncontent-type: application/json\r\n{text}"
                f"content-length: {len(OK)}\r\n\r\n".encode()
                + OK
            )
            await writer.drain()
        writer.close()


async def _head(reader: asyncio.StreamReader) -> str:
    try:
        return (await reader.readuntil(b"\r\n\r\n")).decode().strip()
    except asyncio.IncompleteReadError:
        return ""


@pytest.fixture
async def vendor() -> AsyncIterator[Vendor]:
    found = Vendor()
    server = await asyncio.start_server(found.serve, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    yield found
    server.close()


Make = Callable[..., RealtimeKit]


@pytest.fixture
async def make(vendor: Vendor) -> AsyncIterator[Make]:
    made: list[RealtimeKit] = []

    def build(**more: Any) -> RealtimeKit:
        made.append(
            RealtimeKit(
                account_id="acc",
                app_id="app",
                token="secret-token",
                base_url=f"http://127.0.0.1:{vendor.port}/client/v4",
                per_second=1000,
                **more,
            )
        )
        return made[-1]

    yield build
    for each in made:
        await each.close()


async def test_a_request_waits_as_long_as_the_service_asks(vendor: Vendor, make: Make) -> None:
    waits: list[float] = []
    vendor.answers = [("429 Too Many Requests", {"retry-after": "0.2"})] * 8
    began = asyncio.get_running_loop().time()
    assert await make(on_wait=waits.append).session("one") == OK
    assert waits == [0.2] * 8
    assert asyncio.get_running_loop().time() - began >= 1.6


async def test_a_date_to_wait_for_counts_from_the_answers_own_date(
    vendor: Vendor, make: Make
) -> None:
    waits: list[float] = []
    dates = {
        "date": "Sat, 21 Nov 2026 12:00:00 GMT",
        "retry-after": "Sat, 21 Nov 2026 12:00:01 GMT",
    }
    vendor.answers = [("503 Service Unavailable", dates)]
    assert await make(on_wait=waits.append).session("one") == OK
    assert waits == [1.0]


async def test_what_the_service_does_not_have_is_nothing(vendor: Vendor, make: Make) -> None:
    vendor.answers = [("404 Not Found", {})]
    assert await make().link("one", "summary") is None


async def test_a_refused_token_ends_the_import_at_once(vendor: Vendor, make: Make) -> None:
    vendor.answers = [("403 Forbidden", {})]
    with pytest.raises(Refused, match="403"):
        await make().session("one")
    assert len(vendor.requests) == 1


async def test_ended_sessions_are_asked_for_from_a_time_on(vendor: Vendor, make: Make) -> None:
    await make().list_sessions(start_time="2026-11-21T12:00:00Z", end_time=None, page=2, limit=50)
    first, headers = vendor.requests[0]
    assert first.startswith("GET /client/v4/accounts/acc/realtime/kit/app/sessions?")
    for word in ("status=ENDED", "sort_order=ASC", "page_no=2", "start_time=2026-11-21T12"):
        assert word in first
    assert "end_time" not in first
    assert headers["authorization"] == "bearer secret-token"


async def test_a_link_is_followed_without_the_token(vendor: Vendor, make: Make) -> None:
    file, media_type = await make().download(f"http://127.0.0.1:{vendor.port}/file?sig=1")
    assert (file, media_type) == (OK, "application/json")
    assert "authorization" not in vendor.requests[0][1]


async def test_a_link_that_is_over_is_not_repeated(vendor: Vendor, make: Make) -> None:
    vendor.answers = [("403 Forbidden", {})]
    with pytest.raises(LinkOver):
        await make().download(f"http://127.0.0.1:{vendor.port}/file?sig=1")
    assert len(vendor.requests) == 1
