"""What one participant, one token and one app may hand in, each by its own budget.

They keep a flood from filling the disk and from taking what others need. They are counted in this
process: with n processes a sender whose connections reach all of them may send n times as much.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Final

import structlog
from prometheus_client import CollectorRegistry, Counter

from aftercall.core.budgets import WINDOW_S, Kind, Ledger, Row, wait_s
from aftercall.core.errors import OverBudget
from aftercall.core.events import AnyEvent, ChatSent, LineSpoken, SampleTaken
from aftercall.core.instants import Clock
from aftercall.service.access import Grant, ParticipantGrant
from aftercall.settings import Settings

MOST_SPENDERS: Final = 50_000
"""Tokens, and peers, that are remembered at a time, some 300 bytes each; chosen: more than one
process takes reports of."""

LOG_EVERY_S: Final = 60.0
"""A budget that is spent is logged no more often."""

_NAMES: Final = {
    Kind.REQUESTS: "requests",
    Kind.BYTES: "bytes",
    Kind.EVENTS: "events",
    Kind.TALK: "characters of chat and transcript",
    Kind.PEERS: "peers",
    Kind.SAMPLES: "reports",
}

log = structlog.get_logger(__name__)

Spender = tuple[str, Ledger, Row]
"""What it is, and where its spending is written down."""


class Budgets:
    """The budgets of everybody who sends to the intake."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        seconds: Callable[[], float],
        metrics: CollectorRegistry,
        most: int = MOST_SPENDERS,
    ) -> None:
        """`seconds`: a clock that never jumps."""
        self.seconds: Final = seconds
        self._clock = clock
        of_app = {
            Kind.REQUESTS: settings.app_requests_per_min,
            Kind.BYTES: settings.app_bytes_per_min,
            Kind.EVENTS: settings.app_events_per_min,
            Kind.TALK: settings.app_talk_characters_per_min,
        }
        of_token = {
            Kind.REQUESTS: settings.token_requests_per_min,
            Kind.BYTES: settings.token_bytes_per_min,
            Kind.EVENTS: settings.token_events_per_min,
            Kind.TALK: settings.token_talk_characters_per_min,
            Kind.PEERS: settings.token_peers_per_min,
        }
        self._apps = Ledger(of_app, most=most)
        self._api_tokens = Ledger(of_app, most=most)
        self._participants = Ledger(of_token, most=most)
        self.peers: Final = Ledger({Kind.SAMPLES: settings.peer_samples_per_min}, most=most)
        self._refused = Counter(
            "aftercall_intake_over_budget",
            "Requests refused because a budget is spent, by the budget.",
            ["reason"],
            registry=metrics,
        )
        self._logged_at: dict[str, float] = {}

    def open_participant(self, grant: ParticipantGrant) -> "Account":
        """The account of a participant's client, which pays for a request.

        Raises `OverBudget`.
        """
        member = (grant.app_id, grant.meeting_id, grant.member_id)
        return self._open(self._participants, member, grant.app_id)

    def open_backend(self, grant: Grant, app_id: str) -> "Account":
        """The account of a backend, which may send for all peers of an app, and pays for a
        request. Raises `OverBudget`."""
        return self._open(self._api_tokens, grant.token_id, app_id)

    def _open(self, tokens: Ledger, token: Hashable, app_id: str) -> "Account":
        now = self.seconds()
        of_token = ("token", tokens, tokens.open(token, now))
        of_app = ("app", self._apps, self._apps.open(app_id, now))
        peers_of = token if tokens is self._participants else None
        account = Account(self, (of_token, of_app), app_id, peers_of)
        account.take(Kind.REQUESTS, 1)
        return account

    def check(self, spenders: Sequence[Spender], kind: Kind, app_id: str, now: float) -> None:
        """Raises `OverBudget` when one of the spenders has nothing left of a kind."""
        for what, ledger, row in spenders:
            if row[kind] - now >= WINDOW_S:
                raise self._refusal(what, ledger, row, kind, app_id, now)

    def _refusal(
        self, what: str, ledger: Ledger, row: Row, kind: Kind, app_id: str, now: float
    ) -> OverBudget:
        budget = f"{what}_{kind.name.lower()}"
        self._refused.labels(budget).inc()
        if now - self._logged_at.get(budget, -LOG_EVERY_S) >= LOG_EVERY_S:
            self._logged_at[budget] = now
            log.warning("over budget", action="over_budget", budget=budget, app_id=app_id)
        limit, later_s = ledger.limits[kind], wait_s(row[kind], now)
        return OverBudget(
            f"This {what} sent more than the {limit} {_NAMES[kind]} that it may in five minutes: "
            f"send it again in {later_s} s.",
            budget=budget,
            limit=limit,
            window_s=int(WINDOW_S),
            retry_after_s=later_s,
            now=self._clock(),
        )


class Account:
    """What one request is charged to."""

    __slots__ = ("_app_id", "_budgets", "_peers_of", "_spenders", "_spent")

    def __init__(
        self,
        budgets: Budgets,
        spenders: tuple[Spender, ...],
        app_id: str,
        peers_of: Hashable | None,
    ) -> None:
        self._budgets = budgets
        self._spenders = spenders
        """The token, the app and, once it is known, the peer."""
        self._app_id = app_id
        self._peers_of = peers_of
        """The token whose peers have budgets of their own."""
        self._spent: list[tuple[Kind, int]] = []
        """Of facts, which are given back when they could not be kept."""

    def check(self, kind: Kind) -> None:
        """Raises `OverBudget` when nothing of a kind is left."""
        self._budgets.check(self._spenders, kind, self._app_id, self._budgets.seconds())

    def take(self, kind: Kind, amount: int) -> None:
        """Pay for so much of a kind, at once. Raises `OverBudget`; then nothing is paid."""
        now = self._budgets.seconds()
        self._budgets.check(self._spenders, kind, self._app_id, now)
        for _, ledger, row in self._spenders:
            ledger.spend(row, kind, amount, now)

    def take_facts(self, events: Sequence[AnyEvent], peer_id: str | None = None) -> None:
        """Pay for what a request tells, of the peer that sends it or of anybody.

        Raises `OverBudget`; then nothing is paid.
        """
        budgets, spenders = self._budgets, self._spenders
        now = budgets.seconds()
        spent = _counted(events)
        is_new, key = False, (self._peers_of, peer_id)
        if self._peers_of is not None:
            row = budgets.peers.find(key, now)
            is_new = row is None
            if row is not None:
                spenders = (*spenders, ("peer", budgets.peers, row))
        for kind, _ in spent:
            budgets.check(spenders, kind, self._app_id, now)
        if is_new:
            self.take(Kind.PEERS, 1)
            spenders = (*spenders, ("peer", budgets.peers, budgets.peers.open(key, now)))
        for kind, amount in spent:
            for _, ledger, row in spenders:
                ledger.spend(row, kind, amount, now)
        self._spenders, self._spent = spenders, spent

    def give_back(self) -> None:
        """Undo `take_facts`: the facts were not kept, and will come again."""
        for kind, amount in self._spent:
            for _, ledger, row in self._spenders:
                ledger.give_back(row, kind, amount)
        self._spent = []


def _counted(events: Sequence[AnyEvent]) -> list[tuple[Kind, int]]:
    samples = characters = 0
    for event in events:
        if isinstance(event, SampleTaken):
            samples += 1
        elif isinstance(event, ChatSent):
            characters += len(event.payload)
        elif isinstance(event, LineSpoken):
            characters += len(event.text)
    others = len(events) - samples
    counted = ((Kind.SAMPLES, samples), (Kind.EVENTS, others), (Kind.TALK, characters))
    return [(kind, amount) for kind, amount in counted if amount]
