"""Server processes for the benches: started on the first core, ended with the bench."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

HERE = Path(__file__).resolve().parent
PROGRAM = Path(sys.executable).with_name("aftercall")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and its children so far; 0 where it is unknown."""
    total = 0
    pids = [pid]
    while pids:
        running = Path(f"/proc/{pids[0]}")
        try:
            after_name = (running / "stat").read_text().rpartition(")")[2].split()
            total += int(after_name[11]) + int(after_name[12])
            children = running / "task" / str(pids[0]) / "children"
            pids += [int(child) for child in children.read_text().split()]
        except OSError:
            return 0.0
        del pids[0]
    return total / os.sysconf("SC_CLK_TCK")


def pin(pid: int) -> None:
    """Keep a process, with the threads it has so far, on the first core."""
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {0})


@contextmanager
def process(
    name: str, command: list[str], port: int, probe: str, keep: Mapping[str, str] | None = None
) -> Iterator[int]:
    """A server process on the first core, ready when `probe` answers; `keep`: settings for it."""
    with tempfile.TemporaryFile() as stated:
        env = {k: v for k, v in os.environ.items() if not k.startswith("AFTERCALL_")}
        env |= {"AFTERCALL_LOG_LEVEL": "error"} if "noop" not in name else {}
        env |= keep or {}
        running = subprocess.Popen(command, cwd=HERE, env=env, stdout=stated, stderr=stated)
        try:
            for _ in range(300):
                try:
                    httpx.request("GET", f"http://127.0.0.1:{port}{probe}", timeout=2)
                    break
                except httpx.TransportError:
                    time.sleep(0.1)
            else:
                stated.seek(0)
                raise SystemExit(f"{name} did not start: {stated.read().decode()[-2000:]}")
            if os.cpu_count() == 2 and "two" not in name:
                pin(running.pid)
            yield running.pid
        finally:
            running.terminate()
            running.wait()
