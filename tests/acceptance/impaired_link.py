"""A bad network between two browsers: each in a network namespace of its own, and a relay of
packets between them that delays, drops and holds back.

Each namespace has loopback and one TUN device, so that media has no other way than the relay.
What the browsers say to a server on this machine does not pass the relay: every namespace has a
door on its loopback, at the server's own port, that leads there.
"""

import asyncio
import ctypes
import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from random import Random
from typing import Final, TypeVar

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

_LARGEST_PACKET: Final = 65_536
_CHUNK: Final = 65_536
_NETWORK: Final = "10.231.77"


@dataclass(frozen=True, kw_only=True)
class Impairment:
    """What one direction does to packets."""

    delay_ms: float = 0.0
    jitter_ms: float = 0.0
    """Up to so much more delay, at random; packets stay in order."""
    loss: float = 0.0
    """The share of the packets that vanish, 0…1."""
    rate_bps: float | None = None
    queue_ms: float = 100.0
    """How long a packet may have to wait for the rate; what would wait longer is dropped."""


CLEAN: Final = Impairment()


@dataclass(kw_only=True)
class Direction:
    """One way through the relay. `impairment` may be changed while packets pass."""

    source: int
    sink: int
    random: Random
    impairment: Impairment = CLEAN
    passed: int = 0
    dropped: int = 0
    _is_open: bool = field(default=False, repr=False)
    _free_at: float = field(default=0.0, repr=False)
    """When the last packet in the queue will have been sent, by the loop's clock."""
    _last_out_at: float = field(default=0.0, repr=False)

    def open(self) -> None:
        """Begin to carry, in the running loop."""
        asyncio.get_running_loop().add_reader(self.source, self._carry)
        self._is_open = True

    def close(self) -> None:
        """What is under way is lost: the devices are about to go."""
        asyncio.get_running_loop().remove_reader(self.source)
        self._is_open = False

    def _carry(self) -> None:
        """Take the packets that wait, and let each go on in its time."""
        loop = asyncio.get_running_loop()
        while True:
            try:
                packet = os.read(self.source, _LARGEST_PACKET)
            except BlockingIOError:
                return
            out_at = self._out_at(len(packet), loop.time())
            if out_at is None:
                self.dropped += 1
                continue
            self.passed += 1
            loop.call_at(out_at, self._deliver, packet)

    def _out_at(self, size_bytes: int, now: float) -> float | None:
        """When a packet comes out; `None` when it does not."""
        way = self.impairment
        if self.random.random() < way.loss:
            return None
        sent_at = now
        if way.rate_bps is not None:
            begins_at = max(now, self._free_at)
            if begins_at - now > way.queue_ms / 1_000:
                return None
            sent_at = self._free_at = begins_at + size_bytes * 8 / way.rate_bps
        delay_s = (way.delay_ms + self.random.uniform(0, way.jitter_ms)) / 1_000
        self._last_out_at = max(self._last_out_at, sent_at + delay_s)
        return self._last_out_at

    def _deliver(self, packet: bytes) -> None:
        if not self._is_open:
            return
        try:
            os.write(self.sink, packet)
        except BlockingIOError:
            self.dropped += 1


@dataclass(kw_only=True)
class End:
    """One side of the link: a namespace, the address in it, and its way to the other side."""

    address: str
    chromium: str
    """A program that runs Chromium in the namespace."""
    uplink: Direction


@dataclass(kw_only=True)
class Link:
    """Two ends, and what lies between."""

    near: End
    far: End


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
    folder: Path, chromium: str, *, server_port: int, seed: int = 1
) -> AsyncIterator[Link]:
    """A clean link for as long as the block lasts; impair it by `link.near.uplink.impairment`.

    `folder` takes two small programs; `server_port` is that of the server on this machine's
    loopback, which either end reaches as `http://127.0.0.1:server_port`.
    """
    async with AsyncExitStack() as stack:
        namespaces = [stack.enter_context(_namespace()) for _ in range(2)]
        addresses = [f"{_NETWORK}.{number}" for number in (1, 2)]
        tuns: list[int] = []
        for namespace, address in zip(namespaces, addresses, strict=True):
            tun = _inside(namespace, partial(_make_tun, address))
            stack.callback(os.close, tun)
            tuns.append(tun)
            door = _inside(namespace, partial(_listen, server_port))
            await stack.enter_async_context(_forwarding(door, server_port))
        ends: list[End] = []
        for number, (namespace, address) in enumerate(zip(namespaces, addresses, strict=True)):
            uplink = Direction(
                source=tuns[number], sink=tuns[1 - number], random=Random(seed + number)
            )
            uplink.open()
            stack.callback(uplink.close)
            program = folder / f"chromium-{number}"
            program.write_text(f'#!/bin/sh\nexec nsenter --net={namespace} {chromium} "$@"\n')
            program.chmod(0o755)
            ends.append(End(address=address, chromium=str(program), uplink=uplink))
        yield Link(near=ends[0], far=ends[1])


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
            _, said = keeper.communicate(timeout=5)
            raise OSError(said.decode(errors="replace").strip())
        yield Path(f"/proc/{keeper.pid}/ns/net")
    finally:
        keeper.communicate(timeout=5)


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
async def _forwarding(door: socket.socket, port: int) -> AsyncIterator[None]:
    """Whoever connects to `door` is connected to the port on this machine's loopback."""
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

    async with await asyncio.start_server(forward, sock=door):
        yield
        for task in open_ways:
            task.cancel()
        await asyncio.gather(*open_ways, return_exceptions=True)


async def _pour(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    """Everything from one into the other, until its end."""
    try:
        while chunk := await source.read(_CHUNK):
            sink.write(chunk)
            await sink.drain()
    except OSError:
        pass
    finally:
        sink.close()
