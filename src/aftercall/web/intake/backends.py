"""Records the bodies that backends and media servers post with an API token."""

from collections.abc import Sequence
from typing import NamedTuple

from aftercall.core.errors import Busy
from aftercall.core.events import AnyEvent
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.core.records import Role
from aftercall.ingest.redaction import redact, redact_departure
from aftercall.ingest.source import (
    AliasLeft,
    Context,
    Departure,
    ServerGone,
    SessionTimedOut,
    Translation,
)
from aftercall.service.accounts.intake_rate_limits import Account
from aftercall.service.recording.delivery import Delivery, Outcome
from aftercall.service.services import Services
from aftercall.web.intake.answers import Recorded
from aftercall.web.intake.request import IntakeRequest
from aftercall.web.intake.signatures import Signature, signed_request
from aftercall.web.intake.sources import IntakeRoute


class _Body(NamedTuple):
    """Of which app a body is, and what each of its deliveries shares."""

    app_id: str
    route: IntakeRoute
    received_at: EpochMs
    size_bytes: int


_Placed = tuple[int, AnyEvent]
"""An event and the position of the entry it came from."""


class BackendIntake:
    """Records the bodies of backends and media servers, which may report on all peers of an app."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._privacy = Privacy(services.settings.privacy)

    async def record(self, app_id: str, route: IntakeRoute, request: IntakeRequest) -> Recorded:
        """Record a body. Raises `Refused`, `Malformed` or `Busy`."""
        interval_ms, services = route.interval_ms(request.query), self._services
        is_display_custom_id = route.is_display_custom_id(request.query)
        if route.signature is None:
            grant = await services.access.authenticate(route.api_token(request.headers))
            await services.access.app_for(grant, app_id, needs=Role.ADMIN)
            account = services.budgets.open_backend(grant, app_id)
            content = await request.read_body(services.settings, account)
        else:
            content, account = await self._signed_body(app_id, route, route.signature, request)
        received_at = services.clock()
        context = Context(
            app_id,
            received_at,
            interval_ms=interval_ms,
            is_display_custom_id=is_display_custom_id,
        )
        translation = route.source.translate(content, context)
        events = redact([*translation.facts, *translation.notes], self._privacy)
        body = _Body(app_id, route, received_at, len(content))
        account.pay_for_facts(events)
        try:
            return await self._record(translation, events, body)
        except Busy:
            account.give_back()
            raise

    async def _signed_body(
        self, app_id: str, route: IntakeRoute, signature: Signature, request: IntakeRequest
    ) -> tuple[bytes, Account]:
        """The body of a request that is signed with a key of the app."""
        services, source = self._services, route.source.SOURCE
        signed = await signed_request(services.source_keys, app_id, source, signature, request)
        account = services.budgets.open_signed(app_id, source, signed.signers[0].key_id)
        content = await request.read_body(services.settings, account)
        signed.check(signature, content, services.clock())
        return content, account

    async def _record(
        self, translation: Translation, events: Sequence[AnyEvent], body: _Body
    ) -> Recorded:
        """Facts and departures are recorded in the order of the body: who leaves is known from what
        was recorded before, and who comes back from who left."""
        departures = [redact_departure(each, self._privacy) for each in translation.departures]
        replaced = {each.position for each in departures}
        positions = translation.positions
        waiting: list[_Placed] = [
            (position, event)
            for position, event in zip(positions, events, strict=False)
            if position not in replaced
        ]
        notes = events[len(positions) :]
        done: list[int] = []
        outcomes: list[Outcome] = []
        ignored = translation.ignored
        for departure in sorted(departures, key=lambda each: each.position):
            due = [each for each in waiting if _comes_before(each, departure)]
            waiting = [each for each in waiting if not _comes_before(each, departure)]
            outcomes += await self._deliver([event for _, event in due], body)
            done += [position for position, _ in due]
            leaves = await self._deliver(await self._leaves(departure, body), body, is_placed=True)
            outcomes += leaves
            done += [departure.position] * len(leaves)
            ignored += not leaves
        outcomes += await self._deliver([*(event for _, event in waiting), *notes], body)
        done += [position for position, _ in waiting]
        return Recorded(translation.rejected, done, outcomes, ignored)

    async def _deliver(
        self, events: Sequence[AnyEvent], body: _Body, *, is_placed: bool = False
    ) -> Sequence[Outcome]:
        if not events:
            return []
        if body.route.reuses_peer_ids and not is_placed:
            events = await self._services.aliases.stays(body.app_id, events)
        return await self._services.write_queue.submit_in_parts(
            Delivery(
                app_id=body.app_id,
                source=body.route.source.SOURCE,
                received_at=body.received_at,
                events=events,
                size_bytes=body.size_bytes,
            )
        )

    async def _leaves(self, departure: Departure, body: _Body) -> Sequence[AnyEvent]:
        aliases, app_id = self._services.aliases, body.app_id
        match departure:
            case ServerGone():
                return await aliases.emptied(
                    app_id,
                    body.route.source.SOURCE,
                    departure.emitter,
                    departure.at,
                    is_shutdown=departure.is_shutdown,
                )
            case AliasLeft():
                return await aliases.farewells(
                    app_id, departure.meeting_id, departure.alias, departure.at
                )
            case SessionTimedOut():
                return await aliases.lost(app_id, departure.peer_id, departure.at)


def _comes_before(placed: _Placed, departure: Departure) -> bool:
    """Whether an event must be in the record before a departure is looked up: one that came before
    it, and what a server still had to report when it ended."""
    position, event = placed
    is_earlier = isinstance(departure, ServerGone) and event.at <= departure.at
    return position < departure.position or is_earlier
