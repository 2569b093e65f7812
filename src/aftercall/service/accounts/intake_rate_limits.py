"""Budgets of what one participant, one token and one app may send.

They keep a flood from filling the disk and from taking what others need. They are counted in this
process: with n processes a sender whose connections reach all of them may send n times as much.
"""

from collections.abc import Callable, Hashable, Sequence
from typing import Final, TypeAlias

import structlog
from prometheus_client import CollectorRegistry, Counter

from aftercall.core.errors import OverBudget
from aftercall.core.events import AnyEvent, ChatSent, LineSpoken, SampleTaken
from aftercall.core.instants import Clock
from aftercall.core.rate_budgets import (
    KIND_NAMES,
    WINDOW_S,
    BudgetKind,
    BudgetRow,
    Ledger,
    wait_s,
)
from aftercall.service.accounts.tokens import Grant, ParticipantGrant
from aftercall.settings import Settings

MOST_SPENDERS: Final = 50_000
"""Tokens, and peers, whose budgets are kept, some 300 bytes each; chosen: more than one process
serves."""

LOG_EVERY_S: Final = 60.0
"""How often a spent budget is logged at most."""

_NAMES: Final = {
    BudgetKind.REQUESTS: "requests",
    BudgetKind.BYTES: "bytes",
    BudgetKind.EVENTS: "events",
    BudgetKind.TALK: "characters of chat and transcript",
    BudgetKind.PEERS: "peers",
    BudgetKind.SAMPLES: "reports",
}

log = structlog.get_logger(__name__)


class Budgets:
    """The budgets of all senders to the intake."""

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
            BudgetKind.REQUESTS: settings.app_requests_per_min,
            BudgetKind.BYTES: settings.app_bytes_per_min,
            BudgetKind.EVENTS: settings.app_events_per_min,
            BudgetKind.TALK: settings.app_talk_characters_per_min,
        }
        of_token = {
            BudgetKind.REQUESTS: settings.token_requests_per_min,
            BudgetKind.BYTES: settings.token_bytes_per_min,
            BudgetKind.EVENTS: settings.token_events_per_min,
            BudgetKind.TALK: settings.token_talk_characters_per_min,
            BudgetKind.PEERS: settings.token_peers_per_min,
        }
        self.apps: Final = Ledger(of_app, most=most)
        self._api_tokens = Ledger(of_app, most=most)
        self.participants: Final = Ledger(of_token, most=most)
        """They have peers, with budgets of their own."""
        self.peers: Final = Ledger({BudgetKind.SAMPLES: settings.peer_samples_per_min}, most=most)
        self._refused = Counter(
            "aftercall_intake_over_budget",
            "Requests refused because a budget is spent, by the budget.",
            ["reason"],
            registry=metrics,
        )
        self._logged_at: dict[str, float] = {}

    def open_participant(self, grant: ParticipantGrant) -> "Account":
        """The account of a participant's client, which pays for a request.

        Raises `OverBudget`, also when no bytes are left: the body need not be read then.
        """
        member = (grant.app_id, grant.meeting_id, grant.member_id)
        return self._open(self.participants, member, grant.app_id)

    def open_backend(self, grant: Grant, app_id: str) -> "Account":
        """The account of a backend, which may send for all peers of an app, and pays for a
        request. Raises `OverBudget`."""
        return self._open(self._api_tokens, grant.token_id, app_id)

    def open_signed(self, app_id: str, source: str, key_id: str) -> "Account":
        """The account of a source that signs with a key of the app. Raises `OverBudget`."""
        return self._open(self._api_tokens, (app_id, source, key_id), app_id)

    def _open(self, tokens: Ledger, token: Hashable, app_id: str) -> "Account":
        now = self.seconds()
        token_row, app_row = tokens.open(token, now), self.apps.open(app_id, now)
        account = Account(self, tokens, token, token_row, app_id, app_row)
        horizon = now + WINDOW_S
        if token_row[BudgetKind.BYTES] >= horizon or app_row[BudgetKind.BYTES] >= horizon:
            account.check(BudgetKind.BYTES, now)
        account.pay(BudgetKind.REQUESTS, 1, now)
        return account

    def refusal(
        self, what: str, ledger: Ledger, row: BudgetRow, kind: int, app_id: str, now: float
    ) -> OverBudget:
        """The error for a sender that has nothing left of a kind; it is counted and logged."""
        budget = f"{what}_{KIND_NAMES[kind]}"
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


_NOTHING_ELSE: Final[Sequence[tuple[int, int]]] = ()

_Paid: TypeAlias = tuple[BudgetRow | None, int, Sequence[tuple[int, int]]]
"""The row of the participant's peer, its reports, and how much of what else."""

_NOTHING: Final[_Paid] = (None, 0, _NOTHING_ELSE)


class Account:
    """The budgets that one request is charged to. Nearly every report passes here, so it is
    lean."""

    __slots__ = (
        "_app_id", "_app_row", "_budgets", "_paid", "_token", "_token_row", "_tokens",
    )  # fmt: skip

    def __init__(
        self,
        budgets: Budgets,
        tokens: Ledger,
        token: Hashable,
        token_row: BudgetRow,
        app_id: str,
        app_row: BudgetRow,
    ) -> None:
        self._budgets = budgets
        self._tokens = tokens
        self._token = token
        self._token_row = token_row
        self._app_id = app_id
        self._app_row = app_row
        self._paid = _NOTHING
        """Facts that were paid for, and are given back when they could not be kept."""

    def check(self, kind: int, now: float) -> None:
        """Raises `OverBudget` when nothing of a kind is left."""
        horizon = now + WINDOW_S
        if self._token_row[kind] < horizon and self._app_row[kind] < horizon:
            return
        budgets, app_id = self._budgets, self._app_id
        if self._token_row[kind] >= horizon:
            raise budgets.refusal("token", self._tokens, self._token_row, kind, app_id, now)
        raise budgets.refusal("app", budgets.apps, self._app_row, kind, app_id, now)

    def pay(self, kind: int, amount: int, now: float | None = None) -> None:
        """Pay for so much of a kind, at once. Raises `OverBudget`; then nothing is paid."""
        budgets, token_row, app_row = self._budgets, self._token_row, self._app_row
        if now is None:
            now = budgets.seconds()
        whole_at, app_whole_at, horizon = token_row[kind], app_row[kind], now + WINDOW_S
        if whole_at >= horizon or app_whole_at >= horizon:
            self.check(kind, now)
        # As `Ledger.spend`, which would be called twice for each of three kinds a report. What has
        # no limit has no price, and is whole whenever it is looked at.
        token_row[kind] = (whole_at if whole_at > now else now) + amount * self._tokens.prices[kind]
        app_row[kind] = (
            app_whole_at if app_whole_at > now else now
        ) + amount * budgets.apps.prices[kind]

    def pay_for_facts(self, events: Sequence[AnyEvent], peer_id: str | None = None) -> None:
        """Pay for what a request tells, of the peer that sends it or of anybody.

        Raises `OverBudget`; then nothing is paid.
        """
        budgets = self._budgets
        now = budgets.seconds()
        if len(events) == 1 and isinstance(events[0], SampleTaken):
            samples, others = 1, _NOTHING_ELSE
        else:
            samples, others = _counted(events)
        for kind, _ in others:
            self.check(kind, now)
        peer_row = None
        if self._tokens is budgets.participants:
            peer_row = self._pay_for_samples((self._token, peer_id), samples, now)
        for kind, amount in others:
            self.pay(kind, amount, now)
        self._paid = (peer_row, samples, others)

    def _pay_for_samples(self, peer: Hashable, samples: int, now: float) -> BudgetRow:
        budgets = self._budgets
        row = budgets.peers.find(peer, now)
        if row is None:
            self.pay(BudgetKind.PEERS, 1, now)
            row = budgets.peers.open(peer, now)
        elif samples and row[BudgetKind.SAMPLES] >= now + WINDOW_S:
            raise budgets.refusal("peer", budgets.peers, row, BudgetKind.SAMPLES, self._app_id, now)
        budgets.peers.spend(row, BudgetKind.SAMPLES, samples, now)
        return row

    def give_back(self) -> None:
        """Undo `pay_for_facts`: the facts were not kept, and will come again."""
        peer_row, samples, others = self._paid
        for kind, amount in others:
            self._tokens.give_back(self._token_row, kind, amount)
            self._budgets.apps.give_back(self._app_row, kind, amount)
        if peer_row is not None:
            self._budgets.peers.give_back(peer_row, BudgetKind.SAMPLES, samples)
        self._paid = _NOTHING


def _counted(events: Sequence[AnyEvent]) -> tuple[int, Sequence[tuple[int, int]]]:
    """How many reports there are, and how much of what else."""
    samples = characters = 0
    for event in events:
        if isinstance(event, SampleTaken):
            samples += 1
        elif isinstance(event, ChatSent):
            characters += len(event.payload)
        elif isinstance(event, LineSpoken):
            characters += len(event.text)
    others = len(events) - samples
    if not others:
        return samples, _NOTHING_ELSE
    facts = (BudgetKind.EVENTS, others)
    return samples, ((facts, (BudgetKind.TALK, characters)) if characters else (facts,))
