"""A bad network between browsers: each in a network namespace of its own, and a relay of packets
between them that delays, drops and holds back.

Each namespace has loopback and one TUN device, so that media has no other way than the relay.
Requests of the browsers to a server on this machine do not pass the relay: every namespace has a
socket on its loopback, at the server's own port, that forwards to it.
"""

import asyncio
import ctypes
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal, Self, TypeVar

from tests.acceptance import packet_relay
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.packet_relay import Impairment, instruction

TUN_DEVICE: Final = Path("/dev/net/tun")

# Linux, <sched.h>, <linux/if_tun.h>, <linux/sockios.h>, <linux/if.h>.
_CLONE_NEWNET: Final = 0x4000_0000
_TUNSETIFF: Final = 0x4004_54CA
_IFF_TUN_WITHOUT_HEADER: Final = 0x0001 | 0x1000
_SIOCGIFFLAGS: Final = 0x8913
_SIOCSIFFLAGS: Final = 0x8914
_SIOCSIFADDR: Final = 0x8916
_SIOCSIFNETMASK: Final = 0x891C
_IFF_UP: Final = 0x1

T = TypeVar("T")

_ROOT: Final = Path(__file__).resolve().parents[2]
_WAY_NAMES: Final[tuple[Literal["uplink"], Literal["downlink"]]] = ("uplink", "downlink")
_CHUNK: Final = 65_536
_NETWORK: Final = "10.231.77"


@dataclass(frozen=True, kw_only=True)
class Counts:
    """Packets of one way so far."""

    passed: int
    dropped: int

    def since(self, before: Self) -> Self:
        return type(self)(passed=self.passed - before.passed, dropped=self.dropped - before.dropped)

    @property
    def lost_share(self) -> float:
        return self.dropped / max(1, self.passed + self.dropped)


class RelayProcess:
    """The relay as a process, and the instructions to it."""

    def __init__(self, tuns: Mapping[str, int], *, seed: int) -> None:
        places = [f"{tun}={address}" for address, tun in tuns.items()]
        self._process = subprocess.Popen(
            [sys.executable, "-m", packet_relay.__name__, str(seed), *places],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=tuple(tuns.values()),
        )

    def ask(self, line: str = "{}") -> dict[str, Any]:
        """Executes the line; returns what the relay has counted."""
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(line.encode() + b"\n")
        self._process.stdin.flush()
        counted: dict[str, Any] = json.loads(self._process.stdout.readline())
        return counted

    def late(self) -> list[tuple[float, float]]:
        """When packets were due (seconds since the epoch) that went too late, and by how many
        seconds."""
        return [(at, by) for at, by in self.ask()["late"]]

    def stop(self) -> None:
        self._process.communicate(timeout=TIMEOUT_S)


@dataclass(frozen=True, kw_only=True)
class Way:
    """The uplink or the downlink of one end."""

    relay: RelayProcess
    address: str
    name: Literal["uplink", "downlink"]

    def impair(self, impairment: Impairment) -> Counts:
        """Impairs the packets from this moment; returns what was counted before."""
        return self._counts(self.relay.ask(instruction(self.address, self.name, impairment)))

    def counts(self) -> Counts:
        return self._counts(self.relay.ask())

    def _counts(self, counted: dict[str, Any]) -> Counts:
        passed, dropped = counted["ways"][self.address][self.name]
        return Counts(passed=passed, dropped=dropped)


@dataclass(kw_only=True)
class End:
    """One side of the link: a namespace, the address in it, and its ways to and from the others."""

    address: str
    chromium: str
    """A program that runs Chromium in the namespace."""
    uplink: Way
    downlink: Way


@dataclass(kw_only=True)
class Link:
    """The ends, and what lies between."""

    ends: list[End]
    relay: RelayProcess


def why_not() -> str | None:
    """Why no link can be made on this machine; `None` when it can."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    if not TUN_DEVICE.exists():
        return f"{TUN_DEVICE} does not exist"
    for program in ("unshare", "nsenter"):
        if shutil.which(program) is None:
            return f"{program} was not found"
    try:
        with _namespace() as namespace:
            os.close(_inside(namespace, partial(_make_tun, f"{_NETWORK}.1")))
    except (OSError, subprocess.SubprocessError) as refused:
        return f"no network namespace with a TUN device can be made: {refused}"
    return None


@asynccontextmanager
async def impaired_link(
    folder: Path, chromium: str, *, server_port: int, ends: int = 2, seed: int = 1
) -> AsyncIterator[Link]:
    """A clean link for as long as the block lasts; impair it by `link.ends[0].uplink.impair`.

    `folder` takes small programs; `server_port` is that of the server on this machine's
    loopback, which every end reaches as `http://127.0.0.1:server_port`.
    """
    async with AsyncExitStack() as stack:
        namespaces = {
            f"{_NETWORK}.{number}": stack.enter_context(_namespace())
            for number in range(1, ends + 1)
        }
        tuns: dict[str, int] = {}
        for address, namespace in namespaces.items():
            tuns[address] = _inside(namespace, partial(_make_tun, address))
            stack.callback(os.close, tuns[address])
            listening = _inside(namespace, partial(_listen, server_port))
            await stack.enter_async_context(_forwarding(listening, server_port))
        carrying = RelayProcess(tuns, seed=seed)
        stack.callback(carrying.stop)
        made: list[End] = []
        for address, namespace in namespaces.items():
            program = folder / f"chromium-{address}"
            program.write_text(f'#!/bin/sh\nexec nsenter --net={namespace} {chromium} "$@"\n')
            program.chmod(0o755)
            uplink, downlink = (
                Way(relay=carrying, address=address, name=name) for name in _WAY_NAMES
            )
            made.append(
                End(address=address, chromium=str(program), uplink=uplink, downlink=downlink)
            )
        yield Link(ends=made, relay=carrying)


@contextmanager
def _namespace() -> Iterator[Path]:
    """A network namespace, kept by a process that ends with this one, however this one ends."""
    keeper = subprocess.Popen(
        ["unshare", "--net", "sh", "-c", "echo; exec cat"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert keeper.stdout is not None
    try:
        if not keeper.stdout.readline():
            _, error = keeper.communicate(timeout=TIMEOUT_S)
            raise OSError(error.decode(errors="replace").strip())
        yield Path(f"/proc/{keeper.pid}/ns/net")
    finally:
        keeper.communicate(timeout=TIMEOUT_S)


def _inside(namespace: Path, make: Callable[[], T]) -> T:
    """What `make` returns in the namespace. Sockets and devices stay where they were made, so
    a thread goes in, makes them and ends there."""

    def enter_and_make() -> T:
        with namespace.open() as opened:
            if ctypes.CDLL(None, use_errno=True).setns(opened.fileno(), _CLONE_NEWNET) != 0:
                raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
        return make()

    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(enter_and_make).result()


def _make_tun(address: str) -> int:
    """A TUN device that carries `address`'s network of 256, and loopback beside it."""
    tun = os.open(TUN_DEVICE, os.O_RDWR | os.O_NONBLOCK)
    try:
        fcntl.ioctl(tun, _TUNSETIFF, struct.pack("16sH22x", b"tun0", _IFF_TUN_WITHOUT_HEADER))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
            for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.0")):
                in_struct = struct.pack("HH4s8x", socket.AF_INET, 0, socket.inet_aton(value))
                fcntl.ioctl(any_socket, request, struct.pack("16s16s8x", b"tun0", in_struct))
            for name in (b"lo", b"tun0"):
                asked = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16s24x", name))
                (flags,) = struct.unpack_from("H", asked, 16)
                raised = struct.pack("16sH22x", name, flags | _IFF_UP)
                fcntl.ioctl(any_socket, _SIOCSIFFLAGS, raised)
    except BaseException:
        os.close(tun)
        raise
    return tun


def _listen(port: int) -> socket.socket:
    return socket.create_server(("127.0.0.1", port))


@asynccontextmanager
async def _forwarding(listening: socket.socket, port: int) -> AsyncIterator[None]:
    """Forwards connections to the port on this machine's loopback."""
    open_ways: set[asyncio.Task[None]] = set()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        open_ways.add(task)
        try:
            there, back = await asyncio.open_connection("127.0.0.1", port)
            await asyncio.gather(_pour(reader, back), _pour(there, writer))
        except OSError:
            writer.close()
        finally:
            open_ways.discard(task)

    async with await asyncio.start_server(forward, sock=listening):
        yield
        for task in open_ways:
            task.cancel()
        await asyncio.gather(*open_ways, return_exceptions=True)


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Copies a stream into another until it ends."""
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()
