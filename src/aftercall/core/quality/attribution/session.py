"""The participants of a session side by side: who received what from whom, and when a sender
was missed or a sender's uplink was strained, loss and jitter kept apart."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.attribution.traces import Span, StreamTrace, overlap_ms, union
from aftercall.core.quality.intervals.streams import PRODUCERS
from aftercall.core.quality.rules.issues import Issue, IssueName, StreamRef

LOSS_PERCENT: Final = 5
JITTER_MS: Final = 50
"""What makes a network issue one of loss on the way, as in the catalogue; a long round trip
alone is the listener's own affair."""

MATCHING_SHARE: Final = 0.5
"""Trouble is the same trouble when the two overlap for half of the time. Chosen."""

MOST_SHARE: Final = 0.75
"""As good as all: a report can be missing. Chosen."""

ONE_WAY_MS: Final = 10 * SECOND_MS
"""Chosen; two reports at the usual pace may miss the sender's pause."""

UPLINK: Final = frozenset({IssueName.POOR_NETWORK_UPLINK, IssueName.SEVERE_NETWORK_UPLINK})
DOWNLINK: Final = frozenset({IssueName.POOR_NETWORK_DOWNLINK, IssueName.SEVERE_NETWORK_DOWNLINK})

Strain = Literal["loss", "jitter"]
"""What a path did to the packets. Each explains only itself: who shakes them a little has not
lost them."""


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """One participant: its row, its peers, what its own reports show."""

    row_id: str
    peer_ids: frozenset[str]
    issues: Sequence[Issue]
    traces: Sequence[StreamTrace]


class _Company(NamedTuple):
    """When a listener heard several senders, and when nearly all of them badly."""

    several: list[Span]
    nearly_all_badly: list[Span]


class Session:
    """The participants of a session, compared in time."""

    def __init__(self, parties: Iterable[Party]) -> None:
        self.parties = {party.row_id: party for party in parties}
        self._row_of_peer = {
            peer_id: party.row_id for party in self.parties.values() for peer_id in party.peer_ids
        }
        self._row_of_producer: dict[str, str] = {}
        self._rows_of_ssrc: dict[int, set[str]] = {}
        for row_id, each in self._producers():
            if each.ref.producer_id is not None:
                self._row_of_producer[each.ref.producer_id] = row_id
            if each.ref.ssrc is not None:
                self._rows_of_ssrc.setdefault(each.ref.ssrc, set()).add(row_id)
        self.raised_uplinks = {
            row_id: _spans(i for i in party.issues if i.name in UPLINK and is_transit(i))
            for row_id, party in self.parties.items()
        }
        self._lossy_uplinks = {
            row_id: _spans(i for i in party.issues if i.name in UPLINK and strain_of(i) == "loss")
            for row_id, party in self.parties.items()
        }
        self._reported = {
            row_id: union(
                span
                for each in party.traces
                if each.family in PRODUCERS and each.has_loss
                for span in each.flowing
            )
            for row_id, party in self.parties.items()
        }
        self._received = {
            row_id: self._by_sender(row_id, party) for row_id, party in self.parties.items()
        }
        self._heard = {
            row_id: {sender: _present(traces) for sender, traces in received.items()}
            for row_id, received in self._received.items()
        }
        self._strains = {strain: _Strains(self, strain) for strain in _STRAINS}
        self._companies: dict[tuple[str, Strain], _Company] = {}

    def _producers(self) -> list[tuple[str, StreamTrace]]:
        return [
            (row_id, each)
            for row_id, party in self.parties.items()
            for each in party.traces
            if each.family in PRODUCERS
        ]

    def _by_sender(self, row_id: str, party: Party) -> dict[str, list[StreamTrace]]:
        received: dict[str, list[StreamTrace]] = {}
        for each in party.traces:
            sender = self.sender_of(row_id, each.ref) if each.family not in PRODUCERS else None
            if sender is not None:
                received.setdefault(sender, []).append(each)
        return received

    def received(self, listener: str) -> dict[str, list[StreamTrace]]:
        """The streams a listener received, by the row they come from."""
        return self._received[listener]

    def sender_of(self, listener: str, ref: StreamRef) -> str | None:
        """The row a received stream comes from; without any hint, the only other one."""
        row_id = self._row_of_producer.get(ref.producer_id or "")
        if row_id is None and ref.from_peer_id is not None:
            row_id = self._row_of_peer.get(ref.from_peer_id)
        if row_id is None and ref.ssrc is not None:
            rows = self._rows_of_ssrc.get(ref.ssrc, set()) - {listener}
            row_id = next(iter(rows)) if len(rows) == 1 else None
        if row_id is None and len(self.parties) == 2 and ref.from_peer_id is None:
            row_id = next(other for other in self.parties if other != listener)
        return None if row_id == listener else row_id

    def sender_behind(self, listener: str, issue: Issue) -> str | None:
        """The row that a received stream in trouble comes from; where nothing names it, the
        only other one whose uplink lost or shook packets at the time, unless the listener
        missed nearly everything it received."""
        sender = self.sender_of(listener, issue.stream)
        if sender is not None or issue.stream.from_peer_id is not None or not is_transit(issue):
            return sender
        span, strain = (issue.first_at, issue.last_at), strain_of(issue)
        received = [t for t in self.parties[listener].traces if t.family not in PRODUCERS]
        present = [t for t in received if covers(_present([t]), span)]
        missed = [t for t in present if covers(strained([t], strain), span)]
        if len(present) > 1 and len(missed) >= MOST_SHARE * len(present):
            return None
        strained_rows = [
            row_id
            for row_id in self.parties
            if row_id != listener and self.is_uplink_strained(row_id, span, strain)
        ]
        return strained_rows[0] if len(strained_rows) == 1 else None

    def is_uplink_strained(self, sender: str, span: Span, strain: Strain) -> bool:
        """Whether the sender's own reports show such trouble in that time."""
        return covers(self._strains[strain].uplinks[sender], span)

    def has_lossy_uplink(self, sender: str, span: Span) -> bool:
        """Whether the sender's own reports show enough loss in that time to be an issue."""
        return covers(self._lossy_uplinks[sender], span)

    def knows_uplink(self, sender: str, span: Span) -> bool:
        """Whether the sender's own reports tell what was lost in that time; one whose network
        is down tells nothing."""
        return covers(self._reported[sender], span)

    def senders_missed(
        self, listener: str, span: Span, strain: Strain
    ) -> tuple[set[str], set[str]]:
        """Whom the listener heard in that time, and whom of them badly."""
        heard = {s for s, when in self._heard[listener].items() if covers(when, span)}
        missed = self._strains[strain].missed[listener]
        return heard, {s for s in heard if covers(missed.get(s, []), span)}

    def hears_several(self, listener: str, span: Span) -> bool:
        """Whether the listener had more than one sender to hear in that time."""
        return covers(self._company_of(listener, "loss").several, span)

    def misses_nearly_all(self, listener: str, span: Span, strain: Strain) -> bool:
        """Whether the listener heard several senders in that time, and nearly all badly."""
        return covers(self._company_of(listener, strain).nearly_all_badly, span)

    def _company_of(self, listener: str, strain: Strain) -> _Company:
        found = self._companies.get((listener, strain))
        if found is None:
            found = _company(self._heard[listener], self._strains[strain].missed[listener])
            self._companies[listener, strain] = found
        return found

    def listeners_missing(
        self, sender: str, span: Span, strain: Strain
    ) -> tuple[set[str], set[str]]:
        """Who heard the sender in that time, and which of them badly."""
        heard = {r for r, by in self._heard.items() if covers(by.get(sender, []), span)}
        missed = self._strains[strain].missed
        return heard, {r for r in heard if covers(missed[r].get(sender, []), span)}


_STRAINS: Final[tuple[Strain, ...]] = ("loss", "jitter")


class _Strains:
    """When packets were lost, or when they shook: on everybody's uplink, and by listener and
    sender when they were received."""

    def __init__(self, session: Session, strain: Strain) -> None:
        self.uplinks = {
            row_id: strained((t for t in party.traces if t.family in PRODUCERS), strain)
            for row_id, party in session.parties.items()
        }
        self.missed = {
            row_id: {
                sender: strained(traces, strain)
                for sender, traces in session.received(row_id).items()
            }
            for row_id in session.parties
        }


def _company(heard: Mapping[str, Sequence[Span]], missed: Mapping[str, Sequence[Span]]) -> _Company:
    edges: dict[EpochMs, list[int]] = {}
    for which, by_sender in enumerate((heard, missed)):
        for spans in by_sender.values():
            for start_at, end_at in spans:
                edges.setdefault(start_at, [0, 0])[which] += 1
                edges.setdefault(end_at, [0, 0])[which] -= 1
    found = _Company([], [])
    present = bad = 0
    for (at, (more, worse)), (until, _) in pairwise(sorted(edges.items())):
        present, bad = present + more, bad + worse
        if present > 1:
            found.several.append((at, until))
            if bad >= MOST_SHARE * present:
                found.nearly_all_badly.append((at, until))
    return _Company(union(found.several), union(found.nearly_all_badly))


def _spans(issues: Iterable[Issue]) -> list[Span]:
    return union((issue.first_at, issue.last_at) for issue in issues)


def _present(traces: Iterable[StreamTrace]) -> list[Span]:
    """When anything of these streams was reported on."""
    return union(span for each in traces for span in (*each.flowing, *each.dry))


def strained(traces: Iterable[StreamTrace], strain: Strain) -> list[Span]:
    """When any of the streams was in such trouble, short recoveries included."""
    spans = (span for each in traces for span in (each.lossy if strain == "loss" else each.jittery))
    return union(spans, within_ms=ONE_WAY_MS)


def is_transit(issue: Issue) -> bool:
    """Whether a network issue is one of loss or jitter, not of the round trip alone."""
    return (
        issue.worst.get("loss_percent", 0.0) >= LOSS_PERCENT
        or issue.worst.get("jitter_ms", 0.0) >= JITTER_MS
    )


def strain_of(issue: Issue) -> Strain:
    """What a network issue is about: loss, when there was enough of it to be one."""
    return "loss" if issue.worst.get("loss_percent", 0.0) >= LOSS_PERCENT else "jitter"


def covers(when: Sequence[Span], span: Span) -> bool:
    """Whether the spans hold for half of that time or more."""
    return overlap_ms(when, [span]) >= MATCHING_SHARE * (span[1] - span[0]) and bool(when)


def are_most(some: Collection[str], every: Collection[str]) -> bool:
    """Whether these are nearly all of several."""
    return len(every) > 1 and len(some) >= MOST_SHARE * len(every)
