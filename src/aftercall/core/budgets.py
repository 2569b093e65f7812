"""How much a sender may hand in: budgets that fill again by themselves, in bounded memory.

A budget of n a minute lets five minutes' worth come at once, as a client has after an outage, and
n a minute from then on. It is kept as one number, the moment at which it is whole again (the
generic cell rate algorithm, virtual scheduling form, ITU-T I.371): spending moves that moment on,
and nothing has to be counted down. Something may be spent while anything is left, so a single
request larger than the whole budget passes once and is made up for by a longer wait.
"""

from collections.abc import Hashable
from math import ceil
from typing import Final

WINDOW_S: Final = 300.0
"""As many seconds' worth may come at once; RealtimeKit counts REST requests in windows of five
minutes as well."""


class Kind:
    """What is counted; the place of its moment in a `Row`. Plain numbers: the members of an enum
    take three times as long to look up, and each report looks a dozen up."""

    REQUESTS: Final = 0
    BYTES: Final = 1
    EVENTS: Final = 2
    """Facts other than reports."""
    TALK: Final = 3
    """Characters of chat and transcript."""
    PEERS: Final = 4
    """Peers that had not been heard of for a while."""
    SAMPLES: Final = 5


KIND_NAMES: Final = ("requests", "bytes", "events", "talk", "peers", "samples")

Row = list[float]
"""For each `Kind` the moment at which the budget is whole again, in seconds."""


def wait_s(whole_at: float, now: float) -> int:
    """Whole seconds until something may be spent; 0 when it may be."""
    return max(0, ceil(whole_at - now - WINDOW_S + 1e-6)) if whole_at - now >= WINDOW_S else 0


class Ledger:
    """The budgets of many spenders of one sort, by their keys.

    Holds at most twice `most` rows. A row that nobody touched for five minutes is forgotten: its
    budget is whole again then. Where more than `most` spend in that time, those who were longest
    away are forgotten early, which lets them spend more and never less.
    """

    def __init__(self, per_min: dict[int, int], *, most: int) -> None:
        """`per_min`: what each may spend of a kind; a kind left out, or of 0, has no limit."""
        self.limits: Final = {kind: int(n * WINDOW_S / 60) for kind, n in per_min.items() if n > 0}
        """What may come within five minutes at once."""
        prices = [0.0] * len(KIND_NAMES)
        for kind, limit in self.limits.items():
            prices[kind] = WINDOW_S / limit
        self.prices: Final = tuple(prices)
        """How many seconds one of a kind takes to come back."""
        self._most = most
        self._young: dict[Hashable, Row] = {}
        self._old: dict[Hashable, Row] = {}
        self._turns_at = 0.0

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def find(self, key: Hashable, now: float) -> Row | None:
        """The row of a spender that was here of late."""
        row = self._young.get(key)
        if row is None or now >= self._turns_at:
            row = self._carry_over(key, now)
        return row

    def open(self, key: Hashable, now: float) -> Row:
        """The row of a spender; a whole one for who was not here of late."""
        row = self._young.get(key)
        if row is None or now >= self._turns_at:
            row = self._carry_over(key, now)
        if row is None:
            row = self._young[key] = [0.0] * len(KIND_NAMES)
        return row

    def _carry_over(self, key: Hashable, now: float) -> Row | None:
        if now >= self._turns_at or len(self._young) >= self._most:
            self._old = self._young if now < self._turns_at + WINDOW_S else {}
            self._young = {}
            self._turns_at = now + WINDOW_S
        row = self._old.pop(key, None)
        if row is not None:
            self._young[key] = row
        return row

    def spend(self, row: Row, kind: int, amount: int, now: float) -> None:
        """Spend, whatever is left."""
        price = self.prices[kind]
        if price:
            whole_at = row[kind]
            row[kind] = (whole_at if whole_at > now else now) + amount * price

    def give_back(self, row: Row, kind: int, amount: int) -> None:
        """Undo a `spend`."""
        row[kind] -= amount * self.prices[kind]
