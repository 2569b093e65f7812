"""A participant without a browser: answers a call with aiortc, and sends aiortc's statistics in
aiortc's shapes (times as text, jitter in units of the codec's clock).

Reads a line `{"url", "token", "offer"}`, prints a line `{"peer_id", "answer"}`, leaves when another
line comes, and prints `{"samples"}`, how many samples it sent.
"""

import asyncio
import json
import sys
import time
import wave
from dataclasses import asdict
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import aioice.ice
import httpx
import numpy as np
from aiortc import MediaStreamTrack, RTCPeerConnection, RTCSessionDescription
from aiortc.contrib.media import MediaBlackhole
from av import AudioFrame, VideoFrame

INTERVAL_S: Final = 2.0
FRAME_S: Final = 0.02
PICTURES_PER_S: Final = 15


class Paced(MediaStreamTrack):
    """A track whose frames come at their times."""

    def __init__(self) -> None:
        super().__init__()
        self.began_at: float | None = None
        self.count = 0

    async def wait(self, period_s: float) -> int:
        """Waits for the next frame's time; its number."""
        now = time.monotonic()
        self.began_at = now if self.began_at is None else self.began_at
        await asyncio.sleep(max(0.0, self.began_at + self.count * period_s - now))
        self.count += 1
        return self.count - 1


class Voice(Paced):
    kind = "audio"

    def __init__(self, path: Path) -> None:
        super().__init__()
        with wave.open(str(path)) as file:
            self.rate = file.getframerate()
            self.samples = np.frombuffer(file.readframes(file.getnframes()), dtype=np.int16)

    async def recv(self) -> AudioFrame:
        number = await self.wait(FRAME_S)
        size = round(self.rate * FRAME_S)
        begin = number * size % (len(self.samples) - size)
        frame = AudioFrame.from_ndarray(
            self.samples[begin : begin + size].reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = self.rate, number * size
        frame.time_base = Fraction(1, self.rate)
        return frame


class Picture(Paced):
    kind = "video"

    async def recv(self) -> VideoFrame:
        number = await self.wait(1 / PICTURES_PER_S)
        across = np.arange(320, dtype=np.uint16)[None, :, None]
        down = np.arange(240, dtype=np.uint16)[:, None, None]
        pixels = (across + down + 3 * number + np.array([0, 80, 160], dtype=np.uint16)) % 256
        frame = VideoFrame.from_ndarray(pixels.astype(np.uint8), format="rgb24")
        frame.pts, frame.time_base = number, Fraction(1, PICTURES_PER_S)
        return frame


class Record:
    """Sends entries of the collect protocol."""

    def __init__(self, client: httpx.AsyncClient, peer_id: str) -> None:
        self._client = client
        self._peer_id = peer_id
        self._count = 0

    async def send(self, **entry: Any) -> None:
        at = round(time.time() * 1000)
        body = {
            "v": 1,
            "peer_id": self._peer_id,
            "sent_at": at,
            "entries": [{"seq": self._count, "at": at, **entry}],
        }
        self._count += 1
        answer = await self._client.post("/v1/collect", json=body)
        answer.raise_for_status()


async def read_stats(pc: RTCPeerConnection) -> list[dict[str, Any]]:
    """The connection's statistics as one gets them into JSON."""
    report = await pc.getStats()
    return [
        {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in asdict(each).items()
        }
        for each in report.values()
    ]


async def main(voice: Path) -> None:
    asked = json.loads(await asyncio.to_thread(sys.stdin.readline))
    # Loopback alone is on every machine.
    aioice.ice.get_host_addresses = lambda use_ipv4, use_ipv6: ["127.0.0.1"]
    pc, sink, peer_id = RTCPeerConnection(), MediaBlackhole(), str(uuid4())
    pc.on("track", sink.addTrack)
    await pc.setRemoteDescription(RTCSessionDescription(**asked["offer"]))
    pc.addTrack(Voice(voice))
    pc.addTrack(Picture())
    await pc.setLocalDescription(await pc.createAnswer())
    await sink.start()
    answer = {"type": pc.localDescription.type, "sdp": pc.localDescription.sdp}
    ended = asyncio.create_task(asyncio.to_thread(sys.stdin.readline))
    headers = {"authorization": f"Bearer {asked['token']}"}
    async with httpx.AsyncClient(base_url=asked["url"], headers=headers, timeout=60) as client:
        record = Record(client, peer_id)
        await record.send(type="join", interval_ms=round(INTERVAL_S * 1000))
        sys.stdout.write(json.dumps({"peer_id": peer_id, "answer": answer}) + "\n")
        sys.stdout.flush()
        due_at, samples = time.monotonic(), 0
        while not ended.done():
            due_at += INTERVAL_S
            await asyncio.wait([ended], timeout=max(0.0, due_at - time.monotonic()))
            connection = {"id": "pc1", "stats": await read_stats(pc)}
            await record.send(type="sample", connections=[connection], streams=[])
            samples += 1
        await record.send(type="leave")
        sys.stdout.write(json.dumps({"samples": samples}) + "\n")
    await pc.close()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
