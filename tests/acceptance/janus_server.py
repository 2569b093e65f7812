"""A real Janus on loopback, whose sample event handler posts to a server of ours."""

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.server import Server

STATS_PERIOD_S: Final = 1
SESSION_TIMEOUT_S: Final = 6
VIDEO_ROOM: Final = 1234
AUDIO_ROOM: Final = 5678

_CONFIGS: Final = {
    "janus.jcfg": """
general: {{
    server_name = "janus-real"
    session_timeout = {session_timeout}
    debug_level = 4
}}
media: {{ rtp_port_range = "20000-29999" }}
plugins: {{
    disable = "libjanus_duktape.so,libjanus_echotest.so,libjanus_lua.so,libjanus_nosip.so,\
libjanus_recordplay.so,libjanus_sip.so,libjanus_streaming.so,libjanus_textroom.so,\
libjanus_videocall.so,libjanus_voicemail.so"
}}
transports: {{
    disable = "libjanus_http.so,libjanus_mqtt.so,libjanus_nanomsg.so,libjanus_pfunix.so,\
libjanus_rabbitmq.so"
}}
events: {{
    broadcast = true
    stats_period = {stats_period}
    combine_media_stats = true
}}
""",
    "janus.transport.websockets.jcfg": """
general: {{
    ws = true
    ws_ip = "127.0.0.1"
    ws_port = {port}
}}
""",
    "janus.eventhandler.sampleevh.jcfg": """
general: {{
    enabled = true
    events = "all"
    grouping = true
    json = "compact"
    backend = "{backend}"
    backend_user = "janus"
    backend_pwd = "{token}"
}}
""",
    "janus.plugin.videoroom.jcfg": """
room-{video_room}: {{
    description = "Video room"
    publishers = 20
}}
""",
    "janus.plugin.audiobridge.jcfg": """
room-{audio_room}: {{
    description = "Audio room"
    sampling_rate = 16000
    record = false
}}
""",
}


@dataclass(kw_only=True)
class Janus:
    """A running Janus."""

    url: str
    """Of its WebSocket."""
    process: subprocess.Popen[bytes]

    def kill(self) -> None:
        """`kill -9`: no leave is sent to anybody."""
        self.process.kill()
        self.process.wait()


@contextmanager
def running_janus(folder: Path, server: Server) -> Iterator[Janus]:
    """A Janus that lasts as long as the block, with a video room and an audio room."""
    port = _free_port()
    backend = f"{server.url}/v1/apps/{server.app_id}/sources/janus?stats_period={STATS_PERIOD_S}"
    for name, text in _CONFIGS.items():
        (folder / name).write_text(
            text.format(
                session_timeout=SESSION_TIMEOUT_S,
                stats_period=STATS_PERIOD_S,
                port=port,
                backend=backend,
                token=server.api_token,
                video_room=VIDEO_ROOM,
                audio_room=AUDIO_ROOM,
            )
        )
    log = folder / "janus.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            ["janus", "--configs-folder", str(folder), "--disable-colors"],
            stdout=sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
        )
    try:
        _wait_until_ready(process, port, log)
        yield Janus(url=f"ws://127.0.0.1:{port}", process=process)
    finally:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    return port


def _wait_until_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    give_up_at = time.monotonic() + TIMEOUT_S
    while time.monotonic() < give_up_at and process.poll() is None:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    raise AssertionError(f"Janus did not start: {log.read_text(errors='replace')[-2_000:]}")
