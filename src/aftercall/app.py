"""The server of one process, the only place that knows every room. Starts and stops in order."""

import asyncio
import gc
import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, Final

import structlog
from litestar.types import ASGIApp, Receive, Scope, Send

from aftercall.composition import new_id, now, opened
from aftercall.core.errors import Unavailable
from aftercall.logs import configure_logs
from aftercall.outbound.otlp.telemetry import Telemetry
from aftercall.outbound.safe_sender import make_sender
from aftercall.service.services import Services
from aftercall.settings import BadSetting, Settings
from aftercall.web.dashboard.pages import Pages
from aftercall.web.demo_call.page import DemoCallPage
from aftercall.web.http.request_spans import RequestSpans
from aftercall.web.http.static_files import CollectorFiles
from aftercall.web.intake.app import IntakeApp
from aftercall.web.intake.jitsi_socket import JitsiSocket
from aftercall.web.routes import create_web_app
from aftercall.web.server.connections import ConnectionLimits, Connections
from aftercall.web.server.proxies import Network, TrustedProxies, read_networks
from aftercall.work.alerts import run_alerts
from aftercall.work.job_spans import with_spans
from aftercall.work.retention import run_retention
from aftercall.work.runner import run_jobs
from aftercall.work.source_polls import run_source_polls
from aftercall.work.sweep import run_sweeps
from aftercall.work.tasks import tasks_of
from aftercall.work.webhooks import run_webhooks

STATIC: Final = Path(__file__).parent / "_static"
"""The output of `make pages`; absent on a machine without npm."""

YOUNG_OBJECTS: Final = 20_000
"""New objects before Python looks for cycles among them; chosen: requests leave hardly any, and at
the default of 700 the looking takes a sixth of the intake's time."""

FILES_BESIDE: Final = 150
"""Open files that are no clients' connections: the database's, the program's, files being sent."""

LOOK_AGAIN_S: Final = 1.0
"""How long a start waits for a database that is away before it looks again."""

STOP_WITHIN_S: Final = 4
"""How long open requests may take to finish when the server is to stop."""

log = structlog.get_logger(__name__)


class Application:
    """The ASGI application: the intake first, then the REST side, and background work."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._services: Services | None = None
        self._intake: IntakeApp | None = None
        self._jitsi: JitsiSocket | None = None
        self._rest: ASGIApp | None = None
        self._call_page: DemoCallPage | None = None
        self._pages: Pages | None = None
        self._collector = CollectorFiles(STATIC / "collector")
        self.connections = Connections(_limits_of(settings))
        self._proxies = TrustedProxies(_networks_of(settings))
        self._telemetry: Telemetry | None = None
        self._spans: RequestSpans | None = None
        if settings.otlp_endpoint:
            self._telemetry = Telemetry(settings.otlp_endpoint, clock=now, new_id=new_id)
            self._spans = RequestSpans(self._serve, self._telemetry.tracer)
        make_sender(settings)  # Refuses a bad setting before anything is opened.

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        if self._spans is not None and request["type"] == "http":
            await self._spans(scope, receive, send)
        else:
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        self._proxies.look_at(scope)
        if request["type"] == "lifespan":
            await self._live(receive, send)
        elif self._intake is None or self._rest is None:
            raise RuntimeError("a request came before the start")
        elif request["type"] == "http" and self._intake.is_for(request["path"]):
            await self._intake(scope, receive, send)
        elif self._is_jitsi(request):
            assert self._jitsi is not None
            await self._jitsi(scope, receive, send)
        elif request["type"] == "http" and request["path"].startswith("/collector/"):
            await self._collector(scope, receive, send)
        elif self._call_page is not None and self._call_page.is_for(request["path"]):
            await self._call_page(scope, receive, send)
        elif self._pages is not None and _is_page(request, self._pages):
            await self._pages(scope, receive, send)
        else:
            await self._rest(scope, receive, send)

    def _is_jitsi(self, request: Any) -> bool:
        is_socket = request["type"] == "websocket" and self._jitsi is not None
        return is_socket and self._jitsi is not None and self._jitsi.is_for(request["path"])

    def close_streams(self) -> None:
        """End the answers that would go on by themselves: the server is about to stop."""
        self.connections.drain(STOP_WITHIN_S)
        if self._services is not None:
            self._services.live_updates.close()

    async def _live(self, receive: Receive, send: Send) -> None:
        talk: Any = send
        await receive()
        try:
            async with self._running():
                await talk({"type": "lifespan.startup.complete"})
                await receive()
        except Exception as error:
            log.error("start failed", action="start_failed", exc_info=error)
            await talk({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await talk({"type": "lifespan.shutdown.complete"})

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        """Run everything; on the way out flush the write queue and finish jobs."""
        stop = asyncio.Event()
        async with opened(self._settings) as services, asyncio.TaskGroup() as group:
            group.create_task(services.write_queue.run())
            group.create_task(services.digests.run(stop))
            group.create_task(services.audit_log.run(stop))
            if self._telemetry is not None:
                sending = self._telemetry.run(services.metrics, services.work_metrics.read, stop)
                group.create_task(sending)
            if self._settings.work:
                tasks = tasks_of(services)
                if self._telemetry is not None:
                    tasks = with_spans(tasks, self._telemetry.tracer)
                group.create_task(run_jobs(services.jobs, tasks, stop))
                group.create_task(run_retention(services.deletion, stop))
                group.create_task(run_webhooks(services, services.sender, stop))
                group.create_task(run_alerts(services.alert_evaluation, stop))
                group.create_task(run_source_polls(services, stop))
            has_begun = await _begins_to_listen(services)
            group.create_task(self._sweep(services, stop, has_begun))
            self._build_apps(services)
            freeze_objects()
            try:
                yield
            finally:
                stop.set()
                services.write_queue.close()

    async def _sweep(self, services: Services, stop: asyncio.Event, has_begun: bool) -> None:
        """A process without work looks as well: what it records is judged by what it heard."""
        while not has_begun and not stop.is_set():
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_AGAIN_S)
            has_begun = await _begins_to_listen(services)
        only_looks = not self._settings.work
        await run_sweeps(services.recorder, services.downtime_watch, stop, only_looks=only_looks)

    def _build_apps(self, services: Services) -> None:
        self._services = services
        self.connections.show_in(services.metrics)
        self._intake = IntakeApp(services)
        self._jitsi = JitsiSocket(services)
        self._rest = create_web_app(services)
        self._pages = Pages(STATIC / "dashboard")
        if self._settings.try_page:
            self._call_page = DemoCallPage(
                services, STATIC / "try", app_id=services.setup.first_app_id
            )


async def _begins_to_listen(services: Services) -> bool:
    """Repair moments that a clock set back has written; `False` while the database cannot be
    reached. The server starts all the same, and its answers report the database as unreachable."""
    try:
        await services.downtime_watch.begin()
    except Unavailable:
        return False
    return True


def freeze_objects() -> None:
    """Exempt the objects that live as long as the process from garbage collection (`gc.freeze`)."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(YOUNG_OBJECTS, *gc.get_threshold()[1:])


def _is_page(request: Any, pages: Pages) -> bool:
    return request["type"] == "http" and pages.is_for(request["method"], request["path"])


def _networks_of(settings: Settings) -> tuple[Network, ...]:
    try:
        return read_networks(settings.trusted_proxies)
    except ValueError as error:
        raise BadSetting(f"trusted_proxies must name addresses or networks: {error}") from None


def _limits_of(settings: Settings) -> ConnectionLimits:
    """As set, and as many connections as files can be opened for."""
    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = settings.max_connections
    if files != resource.RLIM_INFINITY:
        most = min(most, files - FILES_BESIDE)
    return ConnectionLimits(
        connections=max(1, most),
        head_s=settings.head_timeout_s,
        body_s=settings.body_timeout_s,
        unsent_s=settings.unsent_timeout_s,
    )


def create_app(settings: Settings) -> Application:
    """The application of one process."""
    configure_logs(settings)
    return Application(settings)
