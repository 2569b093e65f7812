"""`aftercall serve`: prepare the database, print the address, serve until stopped."""

import asyncio
import errno
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, MutableMapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer
import uvicorn
from rich.console import Console

from aftercall import __version__
from aftercall.app import STOP_WITHIN_S, Application, create_app
from aftercall.cli.open_services import DatabaseUrl, DataDir, opened
from aftercall.cli.sign_in_link import make_link
from aftercall.cli.workers import Supervisor, end_with_parent
from aftercall.composition import prepare
from aftercall.core.records import Role
from aftercall.service.accounts.setup import FirstAccount
from aftercall.setting_values import PREFIX
from aftercall.settings import BadSetting, Settings, about, own_url, read_settings
from aftercall.store.engine.sqlite_file import check_file, file_of, only_server
from aftercall.web.intake.jitsi_socket import MOST_BYTES

_FACTORY = "aftercall.cli.serve:app_of_worker"
_LIVELY_S = 60
"""How long a worker may be silent before another takes its place: one on a machine whose processors
are all busy is slow, not stuck."""

_IDLE_S = 75
"""How long a connection is kept for its next request: longer than the minute that may lie between
two reports, so that a page that reports needs but one."""

_FREED_WITHIN_S = 3.0
"""How long an address that is in use is waited for: workers whose supervisor was killed notice it
within a second, and hold the address until then."""

_TRY_EVERY_S = 0.1

_SEND_BUFFER_BYTES = 524_288
"""The kernel's send buffer of a connection; by default it may hold 4 MB for a reader that takes
nothing."""

_GONE_S = 60
"""How long the other side of a connection may leave what it was sent without an answer."""


def serve(
    host: Annotated[str | None, typer.Option(help=about("host"))] = None,
    port: Annotated[int | None, typer.Option(help=about("port"), min=0, max=65_535)] = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    workers: Annotated[int | None, typer.Option(help=about("workers"), min=1)] = None,
    web: Annotated[bool | None, typer.Option("--web/--no-web", help=about("web"))] = None,
    work: Annotated[bool | None, typer.Option("--work/--no-work", help=about("work"))] = None,
    demo: Annotated[bool, typer.Option("--demo", help="Keep simulated calls going.")] = False,
) -> None:
    """Serve until stopped. Every setting can also come from the environment as AFTERCALL_…"""
    settings = read_settings(
        host=host,
        port=port,
        data_dir=data_dir,
        database_url=database_url,
        workers=workers,
        web=web,
        work=work,
    )
    if settings.workers > 1 and settings.effective_database_url.startswith("sqlite"):
        raise BadSetting("several workers need PostgreSQL: SQLite has one writer")
    _allow_files()
    with ExitStack() as stack:
        if (file := file_of(settings.effective_database_url)) is not None:
            check_file(file)
            stack.enter_context(only_server(file))
        founded = asyncio.run(prepare(settings))
        listening = stack.enter_context(bound(settings))
        # Every process knows the port that the system chose.
        settings = replace(settings, port=listening.getsockname()[1])
        url = settings.public_url or own_url(settings.host, settings.port)
        greet(url, settings, founded)
        if founded is not None:
            invite(url, settings, founded)
        if demo:
            stack.enter_context(simulated_calls(url, settings))
        _run(settings, listening)


@contextmanager
def bound(settings: Settings, *, within_s: float = _FREED_WITHIN_S) -> Iterator[socket.socket]:
    """The listening socket. Fails with a sentence when the address cannot be had, or is in use for
    so long."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        until = time.monotonic() + within_s
        while True:
            try:
                listening.bind((settings.host, settings.port))
                break
            except OSError as error:
                if error.errno != errno.EADDRINUSE or time.monotonic() >= until:
                    raise OSError(
                        error.errno,
                        f"cannot listen on {settings.host}:{settings.port}: {error.strerror}",
                    ) from None
            time.sleep(_TRY_EVERY_S)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        _notice_the_lost(listening)
        listening.set_inheritable(True)
        yield listening


def _notice_the_lost(listening: socket.socket) -> None:
    """Makes the connections that are taken in end when their other side is gone without a word,
    which a listener to events would otherwise be found to be after a quarter of an hour."""
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (
        ("TCP_KEEPIDLE", _GONE_S),
        ("TCP_KEEPINTVL", _GONE_S // 3),
        ("TCP_USER_TIMEOUT", 1_000 * _GONE_S),
    ):
        if hasattr(socket, name):
            listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


def _allow_files() -> None:
    """Take as many open files as the system lets this program have: each connection is one."""
    now, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    if now != resource.RLIM_INFINITY and most != resource.RLIM_INFINITY:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def greet(url: str, settings: Settings, founded: FirstAccount | None) -> None:
    """Print where the server is; on the first start, what its owner needs to begin."""
    out = Console(highlight=False, soft_wrap=True, markup=False)
    place = "PostgreSQL" if settings.database_url else f"{settings.data_dir}"
    out.print(f"Aftercall {__version__} on {url}, data in {place}")
    if founded is None:
        return
    out.print(
        f"""
First start. This is shown once; keep the token. It is good for every app of the account.

  account  {founded.account_id}
  app      {founded.app_id}
  token    {founded.api_token}
  look     {url}/

Read the record with Cloudflare's own SDK (pip install cloudflare):

  from cloudflare import Cloudflare

  client = Cloudflare(base_url="{url}/client/v4", api_token="{founded.api_token}")
  answer = client.realtime_kit.sessions.get_sessions(
      "{founded.app_id}", account_id="{founded.account_id}"
  )
  for session in answer.data.sessions:
      print(session.id, session.status, session.minutes_consumed)
"""
    )
    sys.stdout.flush()


def invite(url: str, settings: Settings, founded: FirstAccount) -> None:
    """Print a link that signs the owner in to the dashboard, once."""
    made = make_link(url, settings, founded.account_id)
    out = Console(highlight=False, soft_wrap=True, markup=False)
    out.print(f"Look at it, signed in (once, within 15 minutes): {made}\n")
    sys.stdout.flush()


@contextmanager
def simulated_calls(url: str, settings: Settings) -> Iterator[None]:
    """Simulated calls in a process of their own: a day's worth at once, then live ones."""

    async def make_rights() -> tuple[str, str, str, str]:
        async with opened(settings) as services:
            account = await services.setup.account_of(None)
            app = (await services.setup.list_apps(account.id))[0]
            made, secret = await services.access.create_token(
                account.id, name="simulated calls", app_id=app.id, role=Role.ADMIN
            )
            return account.id, app.id, made.id, secret

    async def revoke(account_id: str, token_id: str) -> None:
        async with opened(settings) as services:
            await services.access.revoke_token(account_id, token_id)

    account_id, app_id, token_id, secret = asyncio.run(make_rights())
    program = "from aftercall.cli.demo import run; run()"
    # the token goes through the environment, where no list of processes shows it
    simulating = subprocess.Popen(
        [sys.executable, "-c", program, url, account_id, app_id],
        env={**os.environ, "SIMULATE_TOKEN": secret},
    )
    try:
        yield
    finally:
        simulating.terminate()
        simulating.wait()
        asyncio.run(revoke(account_id, token_id))


def _run(settings: Settings, listening: socket.socket) -> None:
    options: dict[str, Any] = {
        "loop": "uvloop",
        "http": "aftercall.web.server.http_protocol:LimitedHttpProtocol",
        "ws": "websockets-sansio",
        "ws_max_size": MOST_BYTES,
        "lifespan": "on",
        "access_log": False,
        "log_level": "warning",
        "server_header": False,
        # `web.server.proxies` does it, for `Forwarded` as well.
        "proxy_headers": False,
        "timeout_keep_alive": _IDLE_S,
        "timeout_graceful_shutdown": STOP_WITHIN_S,
    }
    if settings.workers > 1:
        put_into(os.environ, settings)
        config = uvicorn.Config(
            _FACTORY,
            factory=True,
            workers=settings.workers,
            timeout_worker_healthcheck=_LIVELY_S,
            **options,
        )
        Supervisor(config, sockets=[listening]).run()
        return
    application = create_app(settings)
    server = _Server(uvicorn.Config(application, **options), application)
    # once it has stopped in order, uvicorn raises the signal again for whoever handled it before
    signal.signal(signal.SIGTERM, _end)
    with suppress(KeyboardInterrupt):
        server.run(sockets=[listening])
    if not server.started:
        raise typer.Exit(1)


class _Server(uvicorn.Server):
    """Stops without waiting for event streams, which last an hour."""

    def __init__(self, config: uvicorn.Config, application: Application) -> None:
        super().__init__(config)
        self._application = application

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._application.close_streams()
        await super().shutdown(sockets)


def _end(number: int, frame: FrameType | None) -> None:
    """Leave by way of the cleaning up."""
    raise typer.Exit(0)


def app_of_worker() -> Any:
    """The application of one of several server processes, which get the settings from the
    environment that the first process wrote."""
    application = create_app(read_settings())
    end_with_parent(application)
    return application


def put_into(environment: MutableMapping[str, str], settings: Settings) -> None:
    """Replace the settings in the environment, which may name files or be overridden by options,
    by the effective ones, so that `read_settings` reads back the same."""
    for key in [key for key in environment if key.startswith(PREFIX)]:
        del environment[key]
    for f in fields(Settings):
        value = getattr(settings, f.name)
        text = str(value.resolve() if isinstance(value, Path) else value)
        environment[PREFIX + f.name.upper()] = text
