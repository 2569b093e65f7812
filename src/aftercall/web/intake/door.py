"""The intake's door: raw ASGI in front of the framework, which would cost three quarters of it."""

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import msgspec
from litestar.types import Receive, Scope, Send

from aftercall.core.budgets import Kind
from aftercall.core.errors import AftercallError, Busy, Malformed, Refused
from aftercall.core.events import AnyEvent, PeerJoined
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.core.records import Phase, Role
from aftercall.ingest import collector, generic, realtimekit_callstats
from aftercall.ingest.collect_batch import read_batch
from aftercall.ingest.redaction import redact, with_address, with_interval
from aftercall.service.accounts.access import ParticipantGrant
from aftercall.service.accounts.budgets import Account
from aftercall.service.recording.admission import KICKED
from aftercall.service.recording.delivery import ACCEPTED, Delivery, Next, Outcome, Receipt, Status
from aftercall.service.services import Services
from aftercall.web.http.cors import Cors, Headers
from aftercall.web.http.dependencies import parse_query
from aftercall.web.http.errors import JSON, ErrorAnswer, answer_error, answer_unforeseen
from aftercall.web.http.request_body import headers_of, read_body
from aftercall.web.intake.janus import STATS_PERIOD, check_source, read_interval_ms, take_janus
from aftercall.wire.query import Query, check_names

COLLECT: Final = "/v1/collect"
MESSAGE: Final = "/api/v1/message"
OF_APP: Final = re.compile(r"/v1/apps/([A-Za-z0-9_-]{1,64})/(events|sources/janus)")

_ENCODER: Final = msgspec.json.Encoder()
_HEADERS: Final = (
    (b"content-type", JSON.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
)
Answer = tuple[int, bytes]


class _Sender(NamedTuple):
    """A request: its headers, its body to come, the address it came from, and its query."""

    headers: Headers
    receive: Receive
    address: str | None
    query: Query


class IntakeDoor:
    """The ASGI application of the intake's addresses; `is_for` says which are."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._privacy = Privacy(services.settings.privacy)
        self._cors = Cors(services.settings.allow_origins)

    def is_for(self, path: str) -> bool:
        """Whether a path is one of the intake's."""
        return path in (COLLECT, MESSAGE) or (
            path.startswith("/v1/apps/") and OF_APP.fullmatch(path) is not None
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        headers = headers_of(scope)
        method: str = request["method"]
        if method == "OPTIONS":
            await _send(send, 204, b"", self._cors.preflight(headers))
            return
        extra = self._cors.answer(headers)
        try:
            if method != "POST":
                raise Malformed("This address takes only POST.", code="method_not_allowed")
            client = request.get("client")
            query = _read_query(request["path"], request.get("query_string", b""))
            sender = _Sender(headers, receive, client[0] if client else None, query)
            status, body = await self._handler(request["path"])(sender)
        except AftercallError as error:
            await self._send_error(send, answer_error(error), method, extra)
            return
        except Exception as error:
            answer = answer_unforeseen(error, self._services.new_id())
            await self._send_error(send, answer, method, extra)
            return
        await _send(send, status, body, extra)

    async def _send_error(
        self, send: Send, answer: ErrorAnswer, method: str, extra: list[tuple[bytes, bytes]]
    ) -> None:
        status = answer.status if method == "POST" else 405
        named = [(k.encode(), v.encode()) for k, v in answer.headers.items()]
        await _send(send, status, answer.body, [*extra, *named])

    def _handler(self, path: str) -> Callable[[_Sender], Awaitable[Answer]]:
        if path == COLLECT:
            return self._collect
        if path == MESSAGE:
            return self._message
        match = OF_APP.fullmatch(path)
        assert match is not None
        app_id, what = match.groups()
        take = self._events if what == "events" else self._janus
        return lambda sender: take(app_id, sender)

    async def _body(self, sender: _Sender, account: Account | None) -> bytes:
        """The body, paid for by the account, when it is known whose it is."""
        settings = self._services.settings
        body = await read_body(
            sender.receive,
            sender.headers,
            largest=settings.collect_max_bytes,
            largest_inflated=settings.collect_max_inflated_bytes,
        )
        if account is not None:
            account.pay(Kind.BYTES, len(body))
        return body

    async def _collect(self, sender: _Sender) -> Answer:
        bearer = _bearer(sender.headers)
        grant = await self._participant(bearer) if bearer else None
        account = None if grant is None else self._services.budgets.open_participant(grant)
        body = await self._body(sender, account)
        batch, size_bytes = read_batch(body), len(body)
        if grant is None or account is None:
            grant = await self._participant(batch.token)
            account = self._services.budgets.open_participant(grant)
            account.pay(Kind.BYTES, size_bytes)
        received_at = self._services.clock()
        peer_id = batch.peer_id
        translation = collector.translate(
            batch,
            app_id=grant.app_id,
            meeting_id=grant.meeting_id,
            identity=grant.identity,
            privacy=self._privacy,
            received_at=received_at,
        )
        # It is some hundred objects, and hundreds of requests wait for the disk at a time.
        del batch, body
        events: Sequence[AnyEvent] = [*translation.events, *translation.refusals]
        if _has_join(events):
            asked_ms = self._services.settings.interval_ms
            events = with_interval(events, asked_ms, app_id=grant.app_id)
            events = self._with_address(events, grant.app_id, sender)
        receipt = await self._take(
            account,
            grant,
            collector.SOURCE,
            events,
            peer_id=peer_id,
            heard_at=translation.heard_at,
            received_at=received_at,
            size_bytes=size_bytes,
        )
        outcomes = receipt.outcomes[: len(translation.sequences)]
        interval_ms = self._services.settings.interval_ms
        if not translation.rejected and outcomes.count(ACCEPTED) == len(outcomes):
            return 202, _all_accepted(
                len(outcomes), receipt.session_id, receipt.phase, receipt.next, interval_ms
            )
        rejected: list[dict[str, object]] = [
            {"seq": r.seq, "code": r.code, "message": r.message} for r in translation.rejected
        ]
        rejected += [
            {"seq": seq, "code": o.code, "message": o.message}
            for seq, o in zip(translation.sequences, outcomes, strict=False)
            if o.status is Status.REJECTED
        ]
        session = _session(receipt.session_id, receipt.phase)
        return 202, _collected(_counts(outcomes), rejected, session, receipt.next, interval_ms)

    async def _message(self, sender: _Sender) -> Answer:
        grant = await self._participant(_bearer(sender.headers))
        account = self._services.budgets.open_participant(grant)
        body = await self._body(sender, account)
        received_at = self._services.clock()
        translation = realtimekit_callstats.translate(
            body,
            app_id=grant.app_id,
            meeting_id=grant.meeting_id,
            identity=grant.identity,
            received_at=received_at,
        )
        events = [*translation.events, *translation.refusals]
        heard_at = max((event.at for event in events), default=received_at)
        receipt = await self._take(
            account,
            grant,
            "realtimekit_callstats",
            self._with_address(redact(events, self._privacy), grant.app_id, sender),
            peer_id=translation.peer_id,
            heard_at=heard_at,
            received_at=received_at,
            size_bytes=len(body),
        )
        taken = len(receipt.outcomes) - len(translation.refusals)
        rejected = [
            {"index": r.position, "code": r.code, "message": r.message}
            for r in translation.rejected
        ]
        return 200, _ENCODER.encode(
            {"success": True, "data": {**_counts(receipt.outcomes[:taken]), "rejected": rejected}}
        )

    async def _events(self, app_id: str, sender: _Sender) -> Answer:
        access = self._services.access
        secret = _bearer(sender.headers) or _text(sender.headers, b"x-auth-key")
        grant = await access.authenticate(secret)
        await access.app_for(grant, app_id, needs=Role.ADMIN)
        account = self._services.budgets.open_backend(grant, app_id)
        body = await self._body(sender, account)
        translation = generic.translate(body, app_id=app_id, privacy=self._privacy)
        delivery = Delivery(
            app_id=app_id,
            source=generic.SOURCE,
            received_at=self._services.clock(),
            events=[*translation.events, *translation.refusals],
            size_bytes=len(body),
        )
        account.pay_for_facts(delivery.events)
        try:
            outcomes = await self._services.write_queue.take_in_parts(delivery)
        except Busy:
            account.give_back()
            raise
        results: dict[int, dict[str, object]] = {
            r.position: {"status": "rejected", "code": r.code, "message": r.message}
            for r in translation.rejected
        }
        for index, outcome in zip(translation.indexes, outcomes, strict=False):
            results[index] = _result(outcome)
        return 202, _ENCODER.encode(
            {"success": True, "data": {"results": [results[i] for i in sorted(results)]}}
        )

    async def _janus(self, app_id: str, sender: _Sender) -> Answer:
        grant = await check_source(self._services, sender.headers, app_id)
        interval_ms = read_interval_ms(sender.query)
        account = self._services.budgets.open_backend(grant, app_id)
        body = await self._body(sender, account)
        return 202, await take_janus(self._services, account, app_id, body, interval_ms)

    def _with_address(
        self, events: Sequence[AnyEvent], app_id: str, sender: _Sender
    ) -> Sequence[AnyEvent]:
        """The events with what the sender's address tells, where somebody joins."""
        if sender.address is None or not _has_join(events):
            return events
        network = {"ip": sender.address, **self._services.geo.locate(sender.address)}
        return with_address(events, network, app_id=app_id, privacy=self._privacy)

    async def _participant(self, token: str | None) -> ParticipantGrant:
        if not token:
            raise Refused("A participant token is needed.", code="token_missing", is_unknown=True)
        return await self._services.access.verify_participant_token(token)

    async def _take(
        self,
        account: Account,
        grant: ParticipantGrant,
        source: str,
        events: Sequence[AnyEvent],
        *,
        peer_id: str,
        heard_at: EpochMs,
        received_at: EpochMs,
        size_bytes: int,
    ) -> Receipt:
        """Record what a participant's client says, unless nothing it says may be taken."""
        delivery = Delivery(
            app_id=grant.app_id,
            source=source,
            received_at=received_at,
            events=events,
            peer_id=peer_id,
            heard_at=heard_at,
            size_bytes=size_bytes,
            credentials=grant.credentials,
        )
        account.pay_for_facts(events, peer_id)
        try:
            receipt = await self._services.write_queue.take(delivery)
        except Busy:
            account.give_back()
            raise
        refusal = receipt.refusal
        if refusal is not None and refusal.code != KICKED.code:
            raise Refused(refusal.message or "Refused.", code=refusal.code)
        return receipt


def _read_query(path: str, query_string: bytes) -> Query:
    """The query's values. Raises `Malformed` for a parameter that is not known at an address of
    our own; what RealtimeKit's client adds to its address is ignored."""
    if not query_string or path == MESSAGE:
        return {}
    query = parse_query(query_string)
    check_names(query, (STATS_PERIOD,) if path.endswith("/sources/janus") else ())
    return query


def _has_join(events: Sequence[AnyEvent]) -> bool:
    for event in events:  # noqa: SIM110  # every report comes by here; `any` takes thrice as long
        if isinstance(event, PeerJoined):
            return True
    return False


def _bearer(headers: Headers) -> str | None:
    text = _text(headers, b"authorization") or ""
    scheme, _, token = text.partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


def _text(headers: Headers, name: bytes) -> str | None:
    value = headers.get(name)
    return None if value is None else value.decode("latin-1")


def _counts(outcomes: Sequence[Outcome]) -> dict[str, int]:
    statuses = [outcome.status for outcome in outcomes]
    return {
        "accepted": statuses.count(Status.ACCEPTED),
        "duplicates": statuses.count(Status.DUPLICATE),
    }


def _result(outcome: Outcome) -> dict[str, object]:
    if outcome.status is not Status.REJECTED:
        return {"status": outcome.status.value}
    return {"status": "rejected", "code": outcome.code, "message": outcome.message}


def _session(session_id: str | None, phase: Phase | None) -> dict[str, str] | None:
    if session_id is None:
        return None
    return {"id": session_id, "status": "ENDED" if phase is Phase.ENDED else "LIVE"}


@lru_cache(maxsize=4_096)
def _all_accepted(
    count: int, session_id: str | None, phase: Phase | None, then: Next, interval_ms: int
) -> bytes:
    """The usual answer, which is the same for each report of a session."""
    counts = {"accepted": count, "duplicates": 0}
    return _collected(counts, [], _session(session_id, phase), then, interval_ms)


def _collected(
    counts: dict[str, int],
    rejected: list[dict[str, object]],
    session: dict[str, str] | None,
    then: Next,
    interval_ms: int,
) -> bytes:
    data = {
        **counts,
        "rejected": rejected,
        "session": session,
        "interval_ms": interval_ms,
        "next": then.value,
    }
    return _ENCODER.encode({"success": True, "data": data})


async def _send(send: Send, status: int, body: bytes, extra: list[tuple[bytes, bytes]]) -> None:
    start: Any = {
        "type": "http.response.start",
        "status": status,
        "headers": [
            (b"content-length", b"%d" % len(body)),
            *_HEADERS,
            *extra,
        ],
    }
    await send(start)
    finish: Any = {"type": "http.response.body", "body": body}
    await send(finish)
