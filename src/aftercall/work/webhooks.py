"""Posts what is owed to webhooks, until stopped: a few deliveries of each at once, so that none
waits for the receiver of another."""

import asyncio
from collections import Counter
from typing import Final

import structlog

from aftercall import __version__
from aftercall.core.errors import AftercallError, NotFound, Unavailable
from aftercall.core.webhooks import DeliveryState, WebhookDelivery, WebhookEvent
from aftercall.outbound.safe_sender import AddressRefused, SafeSender, Unreachable
from aftercall.service.services import Services
from aftercall.service.webhooks.deliveries import AttemptResult, Claimed, Facts
from aftercall.settings import own_url
from aftercall.wire.chat_transcript_links import (
    CHAT_FORMAT,
    read_transcript_export,
)
from aftercall.wire.webhook_payloads import (
    FileLink,
    PayloadFacts,
    encode_headers,
    encode_payload,
)

POLL_S: Final = 0.5
KEEP_UP_EVERY_S: Final = 60.0
PER_WEBHOOK: Final = 8
"""Deliveries that are posted to one webhook at once, each of another session."""

AT_ONCE: Final = 128
"""Deliveries that are posted at once over all webhooks."""

TIMEOUT_S: Final = 10.0
"""How long an attempt may take. RealtimeKit's forerunner waited for 3 s."""

GRACE_S: Final = 1.0
"""How long attempts may still take when the process stops."""

PROGRAM: Final = f"Aftercall/{__version__}"

log = structlog.get_logger(__name__)

Key = tuple[str, str]
"""App and webhook."""


class Dispatcher:
    """Posts deliveries as they become due."""

    def __init__(self, services: Services, sender: SafeSender, *, only: Key | None = None) -> None:
        """`only`: the app and the id of the one webhook that is posted to."""
        self._only = only
        self._services = services
        self._sender = sender
        self._running: set[asyncio.Task[None]] = set()
        self._in_flight: Counter[Key] = Counter()

    async def run(self, stop: asyncio.Event) -> None:
        """Post until `stop`. Attempts under way may take `GRACE_S` longer; those that are cut off
        are made again when their lease has expired."""
        stopped = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                begun = await self._begin()
                # As long as there is more to post, the end of an attempt is what is waited for.
                patience_s = POLL_S if not begun else POLL_S / 10
                await asyncio.wait(
                    {*self._running, stopped},
                    timeout=patience_s,
                    return_when=asyncio.FIRST_COMPLETED,
                )
            if self._running:
                await asyncio.wait(self._running, timeout=GRACE_S)
        finally:
            stopped.cancel()
            for each in self._running:
                each.cancel()
            await asyncio.gather(*self._running, return_exceptions=True)

    async def run_due(self) -> int:
        """Post everything that is due, and what becomes due by that; returns how many attempts
        there were."""
        count = 0
        while begun := await self._begin():
            count += begun
            await asyncio.gather(*self._running)
        return count

    async def _begin(self) -> int:
        """Begin the attempts for which there is room; returns how many."""
        if len(self._running) >= AT_ONCE:
            return 0
        free = {key: PER_WEBHOOK - count for key, count in self._in_flight.items()}
        try:
            claimed = await self._services.webhook_deliveries.claim(
                free, usual=PER_WEBHOOK, only=self._only
            )
        except Unavailable:
            # An outage has a log line of its own.
            return 0
        except Exception as error:
            log.error("deliveries not claimed", action="webhooks_claim_failed", exc_info=error)
            return 0
        for each in claimed:
            self._start(each)
        return len(claimed)

    def _start(self, claimed: Claimed) -> None:
        key = (claimed.webhook.app_id, claimed.webhook.id)
        self._in_flight[key] += 1
        task = asyncio.create_task(self._deliver(claimed))
        self._running.add(task)

        def end(task: asyncio.Task[None]) -> None:
            self._running.discard(task)
            self._in_flight[key] -= 1
            if not self._in_flight[key]:
                del self._in_flight[key]

        task.add_done_callback(end)

    async def _deliver(self, claimed: Claimed) -> None:
        """Post one delivery and record what came of it; what cannot be recorded is posted again
        when the lease has expired."""
        named = {
            "app_id": claimed.delivery.app_id,
            "webhook_id": claimed.webhook.id,
            "delivery_id": claimed.delivery.id,
        }
        try:
            facts = await self._facts(claimed.delivery)
            if facts is None:
                await self._services.webhook_deliveries.drop(claimed)
                return
            result = await self._post(claimed, facts)
            delivery = await self._services.webhook_deliveries.record(claimed, result)
        except Unavailable:
            log.warning("delivery not recorded", action="webhook_not_recorded", **named)
            return
        except Exception as error:
            log.error("delivery not made", action="webhook_not_made", **named, exc_info=error)
            return
        if delivery.state is not DeliveryState.SENT:
            log.warning(
                "delivery failed",
                action="webhook_failed",
                **named,
                status=result.status,
                error=result.error,
                attempts=delivery.attempts,
                state=delivery.state.value,
            )

    async def _facts(self, delivery: WebhookDelivery) -> PayloadFacts | None:
        """What the record says about the news; `None` if it is not kept any more."""
        facts = await self._services.webhook_deliveries.read_facts(delivery)
        if facts is None:
            return None
        try:
            link = await self._link(delivery, facts)
        except NotFound:
            return None
        return PayloadFacts(facts.app, facts.session, facts.peer, link, facts.egress)

    async def _link(self, delivery: WebhookDelivery, facts: Facts) -> FileLink | None:
        """The link to the file that the news are of, as long as links last from now on."""
        if facts.session is None:
            return None
        links, where = self._services.links, (delivery.app_id, facts.session.id)
        settings = self._services.settings
        match delivery.event:
            case WebhookEvent.CHAT_STORED:
                link = await links.link_chat(*where, CHAT_FORMAT.default)
            case WebhookEvent.TRANSCRIPT_STORED:
                export = read_transcript_export({}, default_style=settings.transcript_csv)
                link = await links.link_transcript(*where, export)
            case WebhookEvent.SUMMARY_STORED:
                link = await links.link_summary(*where)
            case _:
                return None
        base = settings.public_url or own_url(settings.host, settings.port)
        return FileLink(base.rstrip("/") + link.path, link.expires_at)

    async def _post(self, claimed: Claimed, facts: PayloadFacts) -> AttemptResult:
        """Make one attempt. Raises `Unavailable` if it cannot be signed."""
        webhook, delivery = claimed
        body = encode_payload(delivery, facts)
        signature = await self._services.signing_keys.sign(body)
        began_at = self._services.clock()
        headers = encode_headers(
            delivery,
            body,
            signature=signature,
            secrets=self._services.webhooks.secrets_of(webhook),
            at=began_at,
            program=PROGRAM,
        )
        try:
            answer = await self._sender.post(
                webhook.url, headers=headers, body=body, timeout_s=TIMEOUT_S
            )
        except AddressRefused as error:
            return AttemptResult(began_at=began_at, error=error.code, is_forbidden=True)
        except Unreachable as error:
            return AttemptResult(began_at=began_at, error=error.code)
        return AttemptResult(
            began_at=began_at,
            status=answer.status,
            excerpt=answer.excerpt,
            retry_after_s=answer.retry_after_s,
        )


async def run_webhooks(services: Services, sender: SafeSender, stop: asyncio.Event) -> None:
    """Post deliveries until `stop`, and once a minute end or delete those that are too old."""
    async with asyncio.TaskGroup() as group:
        group.create_task(Dispatcher(services, sender).run(stop))
        group.create_task(_keep_up(services, stop))


async def _keep_up(services: Services, stop: asyncio.Event) -> None:
    while not stop.is_set():
        try:
            await services.webhook_deliveries.keep_up()
        except AftercallError:
            # An outage has a log line of its own.
            pass
        except Exception as error:
            log.error("deliveries not kept up", action="webhooks_keep_up_failed", exc_info=error)
        try:
            async with asyncio.timeout(KEEP_UP_EVERY_S):
                await stop.wait()
        except TimeoutError:
            continue
