"""Several server processes under one supervisor: why one ended, and that all end together."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing import parent_process
from types import FrameType
from typing import Final

import structlog
from uvicorn.supervisors import Multiprocess
from uvicorn.supervisors.multiprocess import Process

from aftercall.app import Application

LOOK_EVERY_S: Final = 1.0
"""How often a worker checks that its supervisor runs."""

log = structlog.get_logger(__name__)


class Supervisor(Multiprocess):
    """Replaces workers that end or no longer answer, and logs why."""

    def keep_subprocess_alive(self) -> None:
        before = list(self.processes)
        ended = {id(each): _reason(each) for each in before if each.exitcode is not None}
        super().keep_subprocess_alive()
        for each in before:
            # One that could not start is not replaced.
            if id(each) in ended or each not in self.processes:
                # One that ended at this moment looks like one that uvicorn has just killed.
                silent = f"{_reason(each)}, perhaps as it gave no sign of life"
                reason = ended.get(id(each), silent)
                log.error("worker ended", action="worker_ended", pid=each.pid, reason=reason)


def _reason(process: Process) -> str:
    """Why a process ended."""
    code = process.exitcode
    if code is not None and code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def end_with_parent(application: Application) -> None:
    """Makes a worker stop when its supervisor is gone, however that ended, and makes SIGTERM close
    the answers that would go on by themselves."""
    started_by = parent_process()
    # The one that started it may be gone before a worker is as far as this.
    parent = os.getppid() if started_by is None else started_by.pid
    loop = asyncio.get_running_loop()
    stop = _on_terminate(lambda: loop.call_soon_threadsafe(application.close_streams))

    def watch() -> None:
        while os.getppid() == parent:
            threading.Event().wait(LOOK_EVERY_S)
        log.error("supervisor gone", action="supervisor_gone", pid=os.getpid(), parent=parent)
        os.kill(os.getpid(), stop)

    threading.Thread(target=watch, name="supervisor watch", daemon=True).start()


def _on_terminate(first: Callable[[], object]) -> signal.Signals:
    """Calls `first` before whoever handles SIGTERM already."""
    handled = signal.getsignal(signal.SIGTERM)

    def handle(number: int, frame: FrameType | None) -> None:
        first()
        if callable(handled):
            handled(number, frame)

    signal.signal(signal.SIGTERM, handle)
    return signal.SIGTERM
