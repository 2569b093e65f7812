"""What media servers post of themselves, with an API token."""

from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import msgspec

from aftercall.core.events import AnyEvent
from aftercall.core.instants import SECOND_MS
from aftercall.core.privacy import Privacy
from aftercall.core.records import Role
from aftercall.ingest.janus import source as janus
from aftercall.service.accounts.access import Grant
from aftercall.service.accounts.budgets import Account
from aftercall.service.recording.delivery import Delivery, Outcome, Status
from aftercall.service.services import Services
from aftercall.web.http.auth import read_credentials
from aftercall.wire.query import Query, Whole

STATS_PERIOD: Final = Whole(
    name="stats_period",
    about="Janus' own `stats_period`, in seconds: who sends or receives media and is not heard of "
    "for several of them (30 s at least) is gone. Without it, four hours pass.",
    default=0,
    most=600,
)

_ENCODER: Final = msgspec.json.Encoder()


async def check_source(services: Services, headers: dict[bytes, bytes], app_id: str) -> Grant:
    """The grant of a sender that may write to the app: by a bearer token, or by HTTP Basic with the
    token as password and any user. Raises `Refused`."""
    texts = {name.decode("latin-1"): value.decode("latin-1") for name, value in headers.items()}
    grant = await services.access.authenticate(read_credentials(texts).token)
    await services.access.app_for(grant, app_id, needs=Role.ADMIN)
    return grant


def read_interval_ms(query: Query) -> int:
    """Janus' own `stats_period` in ms; 0 without one. Raises `Malformed`."""
    return STATS_PERIOD.read(query) * SECOND_MS


async def take_janus(
    services: Services, account: Account, app_id: str, body: bytes, interval_ms: int
) -> bytes:
    """Records a post of Janus' event handler, which the account pays for; the answer's body, which
    counts Janus' events. Raises `OverBudget` before anything of it is recorded."""
    received_at = services.clock()
    translation = janus.translate(
        body,
        app_id=app_id,
        received_at=received_at,
        privacy=Privacy(services.settings.privacy),
        interval_ms=interval_ms,
    )
    account.pay_for_facts(translation.events)

    async def take(events: Sequence[AnyEvent]) -> Sequence[Outcome]:
        if not events:
            return []
        delivery = Delivery(
            app_id=app_id,
            source=janus.SOURCE,
            received_at=received_at,
            events=events,
            size_bytes=len(body),
        )
        return await services.write_queue.take_in_parts(delivery)

    outcomes: dict[int, list[Outcome]] = {}
    lost = {each.position for each in translation.lost}
    every = zip(translation.positions, translation.events, strict=True)
    placed = [each for each in every if each[0] not in lost]
    # Who goes is known from what was taken before, and who comes back from who went.
    partings: list[_Parting] = [
        *translation.farewells,
        *translation.lost,
        *translation.emptied,
    ]
    for parting in (*sorted(partings, key=lambda each: each.position), None):
        due = [each for each in placed if parting is None or _comes_before(each, parting)]
        placed = [
            each for each in placed if parting is not None and not _comes_before(each, parting)
        ]
        events = await services.aliases.stays(app_id, [event for _, event in due])
        for (position, _), outcome in zip(due, await take(events), strict=True):
            outcomes.setdefault(position, []).append(outcome)
        if parting is not None:
            leaves = await _partings(services, app_id, parting)
            outcomes[parting.position] = list(await take(leaves))
    await take(await services.aliases.stays(app_id, translation.refusals))
    return _ENCODER.encode({"success": True, "data": _counts(translation, outcomes)})


def _comes_before(placed: tuple[int, AnyEvent], parting: "_Parting | None") -> bool:
    """Whether a parting is to be understood with an event known: one that came before it, and what
    a server had still to say when it ended."""
    position, event = placed
    if parting is None:
        return True
    is_earlier = isinstance(parting, janus.Emptied) and event.at <= parting.at
    return position < parting.position or is_earlier


_Parting: TypeAlias = janus.Farewell | janus.Lost | janus.Emptied


async def _partings(services: Services, app_id: str, parting: _Parting) -> Sequence[AnyEvent]:
    aliases = services.aliases
    if isinstance(parting, janus.Emptied):
        return await aliases.emptied(
            app_id,
            janus.SOURCE,
            parting.emitter,
            parting.at,
            is_shutdown=parting.is_shutdown,
        )
    if isinstance(parting, janus.Farewell):
        return await aliases.farewells(app_id, parting.meeting_id, parting.alias, parting.at)
    return await aliases.lost(app_id, parting.peer_id, parting.at)


def _counts(
    translation: janus.Translation, outcomes: dict[int, list[Outcome]]
) -> dict[str, object]:
    """An event counts once, as the best of what became of its facts."""
    counts = {"accepted": 0, "duplicates": 0, "ignored": translation.ignored}
    rejected: list[dict[str, Any]] = [
        {"index": r.position, "code": r.code, "message": r.message} for r in translation.rejected
    ]
    for position, became in outcomes.items():
        statuses = {outcome.status for outcome in became}
        if Status.ACCEPTED in statuses:
            counts["accepted"] += 1
        elif Status.DUPLICATE in statuses:
            counts["duplicates"] += 1
        elif became:
            code, message = became[0].code, became[0].message
            rejected.append({"index": position, "code": code, "message": message})
        else:
            counts["ignored"] += 1
    return {**counts, "rejected": sorted(rejected, key=lambda each: int(each["index"]))}
