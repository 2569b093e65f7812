"""Records the bodies that participants' own clients send, each with its participant's token."""

from collections.abc import Sequence
from typing import Final

from aftercall.core.errors import Busy, Refused, Unauthenticated
from aftercall.core.events import AnyEvent, PeerEvent, PeerJoined, SampleTaken
from aftercall.core.privacy import Privacy
from aftercall.core.rate_budgets import BudgetKind
from aftercall.ingest.join_notes import address_notes, interval_notes
from aftercall.ingest.redaction import redact
from aftercall.ingest.source import Context, Fact
from aftercall.service.accounts.intake_rate_limits import Account
from aftercall.service.accounts.tokens import ParticipantGrant
from aftercall.service.recording.admission import KICKED, TOKEN_EXPIRED
from aftercall.service.recording.delivery import Delivery, Receipt
from aftercall.service.services import Services
from aftercall.web.intake.answers import Recorded
from aftercall.web.intake.browser_tokens import BrowserTokens
from aftercall.web.intake.request import IntakeRequest, bearer_token
from aftercall.web.intake.sources import IntakeRoute

BEACON_BYTES: Final = 40_000
"""What the collector sends of a page that ends; browsers limit it to 64 KiB."""


class ParticipantIntake:
    """Records the bodies of participants' clients. Nearly every request comes by here."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._privacy = Privacy(services.settings.privacy)
        self._browser_tokens = BrowserTokens(services.source_keys, clock=services.clock)

    async def record(self, route: IntakeRoute, request: IntakeRequest) -> Recorded:
        """Record a body. Raises `Refused`, `Malformed` or `Busy`; then nothing was recorded."""
        services = self._services
        budgets, settings = services.budgets, services.settings
        token = bearer_token(request.headers)
        if token or route.token_in is None:
            grant = await self._grant(token)
            account = budgets.open_participant(grant)
            body = await request.read_body(settings, account)
        else:
            body = await request.read_body(settings, None)
            grant = await self._grant(route.token_in(body))
            account = budgets.open_participant(grant)
            account.pay(BudgetKind.BYTES, len(body))
        received_at = services.clock()
        translation = route.source.translate(
            body, Context(grant.app_id, received_at, grant.meeting_id, grant.identity)
        )
        size_bytes = len(body)
        facts, notes = translation.facts, translation.notes
        added = self._join_notes(facts, grant.app_id, route, request)
        events = redact([*facts, *added, *notes] if added or notes else facts, self._privacy)
        # Some hundred objects a report, and hundreds of requests wait for the disk at a time.
        facts.clear()
        del body
        receipt = await self._deliver(
            account,
            Delivery(
                app_id=grant.app_id,
                source=route.source.SOURCE,
                received_at=received_at,
                events=events,
                peer_id=translation.peer_id,
                heard_at=translation.heard_at,
                size_bytes=size_bytes,
                credentials=grant.credentials,
            ),
        )
        return Recorded(
            translation.rejected,
            translation.positions,
            receipt.outcomes[: len(receipt.outcomes) - len(notes)] if notes else receipt.outcomes,
            receipt=receipt,
            interval_ms=settings.interval_ms,
            request_interval_ms=settings.interval_ms
            * samples_together(
                events,
                is_watched=receipt.is_watched,
                most=settings.samples_per_request,
                size_bytes=size_bytes,
            ),
        )

    async def _grant(self, token: str | None) -> ParticipantGrant:
        if not token:
            raise Unauthenticated("A participant token is needed.", code="token_missing")
        access = self._services.access
        if not access.has_verified(token):  # reading the claims of each would take longer
            grant = await self._browser_tokens.grant(token)
            if grant is not None:
                return grant
        return await access.verify_participant_token(token)

    def _join_notes(
        self, facts: Sequence[Fact], app_id: str, route: IntakeRoute, request: IntakeRequest
    ) -> list[PeerEvent]:
        """What the server knows of a peer that joins: the interval it is asked to report in, and
        what is known of its address."""
        for fact in facts:  # `any` takes thrice as long
            if isinstance(fact, PeerJoined):
                break
        else:
            return []
        joins = [fact for fact in facts if isinstance(fact, PeerJoined)]
        notes = []
        if route.asks_interval:
            notes += interval_notes(joins, self._services.settings.interval_ms, app_id=app_id)
        address = request.address
        if address is not None:
            network = {"ip": address, **self._services.geo.locate(address)}
            notes += address_notes(joins, network, app_id=app_id)
        return notes

    async def _deliver(self, account: Account, delivery: Delivery) -> Receipt:
        account.pay_for_facts(delivery.events, delivery.peer_id)
        try:
            receipt = await self._services.write_queue.submit(delivery)
        except Busy:
            account.give_back()
            raise
        refusal = receipt.refusal
        if refusal is not None and refusal.code == TOKEN_EXPIRED.code:
            raise Unauthenticated(refusal.message or "Expired.", code=refusal.code)
        if refusal is not None and refusal.code != KICKED.code:
            raise Refused(refusal.message or "Refused.", code=refusal.code)
        return receipt


def samples_together(
    events: Sequence[AnyEvent], *, is_watched: bool, most: int, size_bytes: int
) -> int:
    """How many samples a client should send together: one while somebody looks at its session,
    else as many of the size of its last ones as a page can send when it ends. Events alone do not
    show that size, so the next sample is to come at once; a heartbeat comes from a client that has
    nothing to sample."""
    if is_watched:
        return 1
    samples = sum(isinstance(event, SampleTaken) for event in events)
    if not samples:
        return 1 if events else most
    return max(1, min(most, BEACON_BYTES * samples // max(1, size_bytes)))
