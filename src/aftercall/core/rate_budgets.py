"""Rate limits per sender: budgets that refill with time, kept in bounded memory.

A budget of n a minute allows five minutes' worth at once, which a client needs after an outage, and
n a minute from then on. It is kept as one number, the instant at which it is full again (the
generic cell rate algorithm, virtual scheduling form, ITU-T I.371): spending moves that instant on,
and nothing has to be counted down. Spending is allowed while anything is left, so a single request
larger than the whole budget passes once and is followed by a longer wait.
"""

from collections.abc import Hashable
from math import ceil
from typing import Final

WINDOW_S: Final = 300.0
"""The burst that a budget allows, in seconds of its rate. RealtimeKit counts REST requests in
windows of five minutes as well."""


class BudgetKind:
    """What a budget counts, as the index of its entry in a `BudgetRow`.

    These are plain integers because members of an enum take three times as long to look up, and
    each report looks a dozen up.
    """

    REQUESTS: Final = 0
    BYTES: Final = 1
    EVENTS: Final = 2
    """Facts other than reports."""
    TALK: Final = 3
    """Characters of chat and transcript."""
    PEERS: Final = 4
    """Peers that sent nothing within the last window."""
    SAMPLES: Final = 5


KIND_NAMES: Final = ("requests", "bytes", "events", "talk", "peers", "samples")

BudgetRow = list[float]
"""For each `BudgetKind` the instant at which the budget is full again, in seconds."""


def wait_s(whole_at: float, now: float) -> int:
    """Whole seconds until something may be spent; 0 if something may be spent at `now`."""
    return max(0, ceil(whole_at - now - WINDOW_S + 1e-6)) if whole_at - now >= WINDOW_S else 0


class Ledger:
    """The budgets of many spenders of one kind, by key.

    It holds at most twice `most` rows. A row that is not used for five minutes is dropped, since
    its budget is full again by then. If more than `most` spenders are active in that time, the rows
    idle for longest are dropped early; their owners may then spend more than their budget, never
    less.
    """

    def __init__(self, per_min: dict[int, int], *, most: int) -> None:
        """Takes the rate per minute of each kind; a kind that is absent or 0 has no limit."""
        self.limits: Final = {kind: int(n * WINDOW_S / 60) for kind, n in per_min.items() if n > 0}
        """The amount that may be spent within one window at once, by kind."""
        prices = [0.0] * len(KIND_NAMES)
        for kind, limit in self.limits.items():
            prices[kind] = WINDOW_S / limit
        self.prices: Final = tuple(prices)
        """The seconds that one unit of a kind takes to refill."""
        self._most = most
        self._young: dict[Hashable, BudgetRow] = {}
        self._old: dict[Hashable, BudgetRow] = {}
        self._turns_at = 0.0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, key: Hashable, now: float) -> BudgetRow | None:
        """The row of a spender that was active recently, else `None`."""
        row = self._young.get(key)
        if row is None or now >= self._turns_at:
            row = self._carry_over(key, now)
        return row

    def open(self, key: Hashable, now: float) -> BudgetRow:
        """The row of a spender; a full one if the spender was not active recently."""
        row = self._young.get(key)
        if row is None or now >= self._turns_at:
            row = self._carry_over(key, now)
        if row is None:
            row = self._young[key] = [0.0] * len(KIND_NAMES)
        return row

    def _carry_over(self, key: Hashable, now: float) -> BudgetRow | None:
        if now >= self._turns_at or len(self._young) >= self._most:
            self._old = self._young if now < self._turns_at + WINDOW_S else {}
            self._young = {}
            self._turns_at = now + WINDOW_S
        row = self._old.pop(key, None)
        if row is not None:
            self._young[key] = row
        return row

    def spend(self, row: BudgetRow, kind: int, amount: int, now: float) -> None:
        """Take `amount` from a budget, even if less is left."""
        price = self.prices[kind]
        if price:
            whole_at = row[kind]
            row[kind] = (whole_at if whole_at > now else now) + amount * price

    def give_back(self, row: BudgetRow, kind: int, amount: int) -> None:
        """Undo a `spend`."""
        row[kind] -= amount * self.prices[kind]
