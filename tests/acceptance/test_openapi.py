"""Every answer to a request of a documented operation is one that the document describes.

Schemathesis generates valid and invalid requests from our OpenAPI document, which are answered in
process. Many ids in paths exist, so that requests reach something. Each operation of the document
is requested, on the REST side and at the intake, and in sequences with the ids from answers.
"""

import asyncio
import re
from collections import Counter
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Thread
from typing import Any, TypeVar
from urllib.parse import urlsplit
from uuid import uuid4

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from aftercall.core.events import (
    ChatSent,
    Identity,
    LineSpoken,
    PeerJoined,
    PeerLeft,
    SessionClosed,
)
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.services import Services, build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database
from aftercall.web.intake.app import IntakeApp
from aftercall.web.openapi.intake import INTAKE_PATHS
from aftercall.web.routes import create_web_app
from tests.acceptance.http_client import TIMEOUT_S
from tests.conftest import NewDatabase

NOON = EpochMs(1_795_262_400_000)
EXAMPLES = 5
ON_POSTGRESQL = 3
"""Fewer: a request is read and refused before the engine matters."""
SEQUENCES = 12
PARTICIPANTS = ("/v1/collect", "/api/v1/message")
"""Operations that need a participant's token."""
ENDLESS = ("/v1/apps/{app_id}/live",)
"""Operations that stream for an hour."""
DELETING_THE_APP = ("DELETE", "/v1/apps/{app_id}")
"""The operation after which nothing is left to ask for."""
OF_MADE_UP_SECRETS = {"/v1/sign-in", "/v1/read-links/open"}
"""Requests whose body has the token or the code that is checked."""
SOURCES = "/sources/"
SIGNED = re.compile(
    "|".join(
        re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
        for path, methods in INTAKE_PATHS.items()
        if {"bearer": []} not in methods["post"]["security"]
    )
)
"""Operations whose requests somebody signs who has a secret of the app."""
CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)

T = TypeVar("T")


@dataclass
class Server:
    """The REST side on a loop of its own, and a caller with something behind every id."""

    loop: asyncio.AbstractEventLoop
    client: httpx.AsyncClient
    token: str
    participant_token: str
    ids: dict[str, str]
    answered: Counter[int] = field(default_factory=Counter)

    def ask(self, request: requests.PreparedRequest) -> httpx.Response:
        assert request.method and request.url
        headers = {name.lower(): str(value) for name, value in request.headers.items()}
        is_of_participant = urlsplit(request.url).path in PARTICIPANTS
        token = self.participant_token if is_of_participant else self.token
        asked = self.client.request(
            request.method,
            request.url,
            headers=headers | {"authorization": f"Bearer {token}"},
            content=_bytes(request.body),
        )
        answer = _wait(self.loop, asked)
        path = urlsplit(request.url).path
        if path not in OF_MADE_UP_SECRETS and not SIGNED.fullmatch(path):
            self.answered[answer.status_code] += 1
        return answer


def _bytes(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else bytes(body or b"")


def _wait(loop: asyncio.AbstractEventLoop, task: Coroutine[Any, Any, T]) -> T:
    future: Future[T] = asyncio.run_coroutine_threadsafe(task, loop)
    return future.result(timeout=TIMEOUT_S)


@contextmanager
def _running_loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    thread = Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _make_records(services: Services) -> tuple[str, str, dict[str, str]]:
    account = await services.setup.create_first_app("Ours", for_whole_account=True)
    meetings = services.meetings
    app_id = account.app_id
    meeting = await meetings.create_meeting(app_id, title="T", keep_alive_s=60, settings={})
    member = await meetings.add_member(
        app_id,
        meeting.id,
        name="Ada",
        picture=None,
        custom_participant_id="ada",
        preset_name="group_call_host",
    )
    about: dict[str, Any] = {"meeting_id": meeting.id, "at": NOON}
    peer_id = str(uuid4())
    await services.recorder.record(
        app_id,
        [
            PeerJoined(id="join", peer_id=peer_id, identity=Identity(user_id=member.id), **about),
            ChatSent(id="chat", peer_id=peer_id, payload="hello", revised_at=NOON, **about),
            LineSpoken(id="line", peer_id=peer_id, end_at=NOON, text="hello", **about),
            PeerLeft(id="leave", peer_id=peer_id, meeting_id=meeting.id, at=EpochMs(NOON + 60_000)),
        ],
        source="events",
    )
    session = await meetings.find_active_session(app_id, meeting.id)
    closed = SessionClosed(id="end", at=EpochMs(NOON + 90_000), session_id=session.id)
    await services.recorder.record(app_id, [closed], source="events")
    participant_token, _ = await services.access.issue_participant_token(member)
    return (
        account.api_token,
        participant_token,
        {
            "account_id": account.account_id,
            "app_id": app_id,
            "meeting_id": meeting.id,
            "participant_id": member.id,
            "session_id": session.id,
            "peer_id": peer_id,
        },
    )


async def _open(url: str) -> tuple[Database, Services]:
    db = await Database.open(url)
    services = build_services(
        db,
        settings=Settings(),
        clock=lambda: NOON,
        new_id=lambda: str(uuid4()),
        policy=Policy(),
    )
    return db, services


class _Front:
    """The intake before the REST side, as the application has it."""

    def __init__(self, services: Services) -> None:
        self._intake = IntakeApp(services)
        self._rest: Any = create_web_app(services)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        answer = self._intake if self._intake.is_for(scope["path"]) else self._rest
        await answer(scope, receive, send)


@contextmanager
def _opened(url: str) -> Iterator[Server]:
    with _running_loop() as loop:
        db, services = _wait(loop, _open(url))
        taking = asyncio.run_coroutine_threadsafe(services.write_queue.run(), loop)
        token, participant_token, ids = _wait(loop, _make_records(services))
        front: Any = _Front(services)
        transport = httpx.ASGITransport(app=front, raise_app_exceptions=False)
        client = httpx.AsyncClient(transport=transport, base_url="http://aftercall.test")
        yield Server(loop, client, token, participant_token, ids)
        _wait(loop, client.aclose())
        loop.call_soon_threadsafe(services.write_queue.close)
        taking.result(timeout=TIMEOUT_S)
        _wait(loop, db.close())


@pytest.fixture
def server(database_url: str) -> Iterator[Server]:
    with _opened(database_url) as server:
        yield server


@pytest.fixture
def small_server(new_database: NewDatabase) -> Iterator[Server]:
    with new_database("sqlite") as url, _opened(url) as server:
        yield server


def _document(server: Server) -> dict[str, Any]:
    request = requests.Request("GET", "http://aftercall.test/docs/openapi.json").prepare()
    document: dict[str, Any] = server.ask(request).json()
    return document


def _operations(schema: Any) -> Iterator[Any]:
    for found in schema.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        if operation.path not in ENDLESS:
            yield operation


def _when(operation: Any) -> int:
    """What deletes comes last, and the app last of all."""
    method = operation.method.upper()
    return 2 if (method, operation.path) == DELETING_THE_APP else int(method == "DELETE")


def _check(server: Server, operation: Any, mode: GenerationMode, examples: int) -> None:
    real = {name: id for name, id in server.ids.items() if f"{{{name}}}" in operation.path}
    always = {name: real[name] for name in ("account_id", "app_id") if name in real}

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(
        case=operation.as_strategy(generation_mode=mode),
        is_real=st.sampled_from([True, True, False]),
    )
    def ask(case: Any, is_real: bool) -> None:
        case.path_parameters = {**case.path_parameters, **(real if is_real else always)}
        prepared = requests.Request(
            **case.as_transport_kwargs(base_url="http://aftercall.test")
        ).prepare()
        answer = schemathesis.Response.from_httpx(server.ask(prepared), verify=False)
        case.validate_response(answer, checks=CHECKS)

    ask()


@pytest.mark.acceptance
def test_sequences_of_requests_get_only_documented_answers(
    small_server: Server,
) -> None:
    """A request takes the ids that the answers to others gave."""
    server = small_server
    method, path = DELETING_THE_APP
    schema = (
        schemathesis.openapi.from_dict(_document(server))
        .exclude(path=list(ENDLESS))
        # They take no id of an answer and give none.
        .exclude(path_regex=SOURCES)
        .exclude(method=method, path=path)
    )
    machine: Any = schema.as_state_machine()

    class Client(machine):  # type: ignore[misc]
        def call(self, case: Any, **given: Any) -> Any:
            always = {
                n: server.ids[n] for n in ("account_id", "app_id") if n in case.path_parameters
            }
            case.path_parameters = {**case.path_parameters, **always}
            prepared = requests.Request(
                **case.as_transport_kwargs(base_url="http://aftercall.test")
            ).prepare()
            return schemathesis.Response.from_httpx(server.ask(prepared), verify=False)

        def validate_response(self, response: Any, case: Any, *given: Any, **more: Any) -> None:
            case.validate_response(response, checks=CHECKS)

    run_state_machine_as_test(
        Client,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=12,
            deadline=None,
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert server.answered[401] == 0
    assert server.answered[200] + server.answered[201] > SEQUENCES


@pytest.mark.acceptance
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
def test_every_request_gets_a_documented_answer(
    server: Server, mode: GenerationMode, database_url: str
) -> None:
    examples = ON_POSTGRESQL if database_url.startswith("postgresql") else EXAMPLES
    schema = schemathesis.openapi.from_dict(_document(server))
    asked = 0
    for operation in sorted(_operations(schema), key=_when):
        _check(server, operation, mode, examples)
        asked += 1
    assert asked >= 50
    assert server.answered[401] == 0
    assert server.answered[200] > asked // 2
