"""When a sender was missed by nearly all who heard it, when a listener missed nearly all whom it
heard, and when everybody missed everybody.

Put who heard whom into a square, senders down, listeners across. What one uplink did fills a
row, what one downlink did fills a column, what the server did fills all of it. Where full rows
and full columns cross, a line is needed only if it fills a field that no other full line does.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final, NamedTuple

from aftercall.core.instants import EpochMs
from aftercall.core.quality.comparison.compared_participant import MOST_SHARE
from aftercall.core.spans import Span, intersection, union, without

EVERY_SHARE: Final = 0.85
"""Of all that is heard in a call; one good pair in a call of three is not everybody. Chosen."""

LEAST_PEOPLE: Final = 3
"""Of two, one bad network each way fills the square too."""

MOST_CULPRITS: Final = 3
"""More uplinks that fail at once are not looked for among streams that nobody names."""


class PathSpans(NamedTuple):
    """What a listener had of one sender: when it came, and when it was strained."""

    present: list[Span]
    impaired_spans: list[Span]


class MatrixLine(NamedTuple):
    """A row or column of the square."""

    several: list[Span]
    """There was more than one field to compare."""
    most: list[Span]
    """Nearly all of several were strained."""
    every: list[Span]
    """All of several were."""
    unexplained: list[Span]
    """Nearly all were, and no other line explains at least one of them."""


class ImpairmentMatrix:
    """Who was strained to whom, by listener and by what it heard. `heard[listener][slot]`; a slot
    is a sender's row id, or anything else for a stream that nobody names."""

    def __init__(
        self, heard: Mapping[str, Mapping[str, PathSpans]], senders: Iterable[str]
    ) -> None:
        self._heard = heard
        rows: dict[str, dict[str, PathSpans]] = {sender: {} for sender in senders}
        for listener, slots in heard.items():
            for slot, each in slots.items():
                if slot in rows:
                    rows[slot][listener] = each
        by_listener = {listener: _matrix_line(slots.values()) for listener, slots in heard.items()}
        by_sender = {sender: _matrix_line(slots.values()) for sender, slots in rows.items()}
        self.listeners = {
            listener: line._replace(
                unexplained=_unexplained(
                    line.most,
                    (
                        (each, by_sender[slot].most if slot in by_sender else [])
                        for slot, each in heard[listener].items()
                    ),
                )
            )
            for listener, line in by_listener.items()
        }
        self.senders = {
            sender: line._replace(
                unexplained=_unexplained(
                    line.most,
                    ((each, by_listener[name].most) for name, each in rows[sender].items()),
                )
            )
            for sender, line in by_sender.items()
        }


def _unexplained(most: list[Span], fields: Iterable[tuple[PathSpans, list[Span]]]) -> list[Span]:
    """When a full line has a strained field that the line across it does not fill."""
    if not most:
        return []
    alone = [span for each, across in fields for span in without(each.impaired_spans, across)]
    return intersection(most, union(alone))


def _matrix_line(fields: Iterable[PathSpans]) -> MatrixLine:
    several: list[Span] = []
    most: list[Span] = []
    every: list[Span] = []
    for span, present, bad in _counted(fields):
        if present > 1:
            several.append(span)
            if bad >= MOST_SHARE * present:
                most.append(span)
            if bad >= present:
                every.append(span)
    return MatrixLine(union(several), union(most), union(every), [])


def impaired_for_everybody(heard: Iterable[Mapping[str, PathSpans]]) -> list[Span]:
    """When nearly everything that anybody heard was strained, of three people at least."""
    squares = [slots for slots in heard if slots]
    listeners = [_any(slots.values()) for slots in squares]
    fields = [each for slots in squares for each in slots.values()]
    people = [span for span, present, _ in _counted(listeners) if present >= LEAST_PEOPLE]
    if not people:
        return []
    full = [span for span, all_, bad in _counted(fields) if bad >= EVERY_SHARE * all_]
    return intersection(union(people), union(full))


def spans_with_share_between(fields: Iterable[PathSpans], least: float, most: float) -> list[Span]:
    """When more than the least share and less than the most were strained."""
    return union(
        span for span, present, bad in _counted(fields) if least * present < bad < most * present
    )


def _any(fields: Iterable[PathSpans]) -> PathSpans:
    """When anything came, and when any of it was strained."""
    every = list(fields)
    return PathSpans(
        union(span for each in every for span in each.present),
        union(span for each in every for span in each.impaired_spans),
    )


def _counted(fields: Iterable[PathSpans]) -> Iterable[tuple[Span, int, int]]:
    """How many fields there were to look at, and how many of them were strained, from moment to
    moment; none where there was nothing."""
    edges: dict[EpochMs, list[int]] = {}
    for each in fields:
        impaired_spans = intersection(each.present, each.impaired_spans)
        for which, spans in enumerate((each.present, impaired_spans)):
            for start_at, end_at in spans:
                edges.setdefault(start_at, [0, 0])[which] += 1
                edges.setdefault(end_at, [0, 0])[which] -= 1
    present = bad = 0
    for (at, (more, worse)), (until, _) in pairwise(sorted(edges.items())):
        present, bad = present + more, bad + worse
        if present:
            yield (at, until), present, bad


def culprits_among_unnamed(heard: Mapping[str, Mapping[str, PathSpans]]) -> dict[str, list[Span]]:
    """Whose uplink it was when nothing names the senders. Nobody hears himself: where so many
    uplinks are bad, everybody misses so many streams, but the culprits one less."""
    edges: dict[EpochMs, list[tuple[str, int, int]]] = {}
    for listener, slots in heard.items():
        for each in slots.values():
            impaired_spans = intersection(each.present, each.impaired_spans)
            for is_bad, spans in ((0, each.present), (1, impaired_spans)):
                for start_at, end_at in spans:
                    edges.setdefault(start_at, []).append((listener, is_bad, 1))
                    edges.setdefault(end_at, []).append((listener, is_bad, -1))
    counts = {listener: [0, 0] for listener in heard}
    found: dict[str, list[Span]] = {}
    tally = _ImpairedCounts()
    for (at, changes), (until, _) in pairwise(sorted(edges.items())):
        for listener, is_bad, change in changes:
            tally.move(listener, counts[listener], is_bad, change)
        for culprit in tally.culprits():
            found.setdefault(culprit, []).append((at, until))
    return {culprit: union(spans) for culprit, spans in found.items()}


class _ImpairedCounts:
    """The listeners by how many of their streams are strained."""

    def __init__(self) -> None:
        self._by_count: dict[int, set[str]] = {}
        self._full: set[str] = set()
        """Those who miss nearly all they hear."""

    def move(self, listener: str, counts: list[int], is_bad: int, change: int) -> None:
        self._by_count.get(counts[1], set()).discard(listener)
        self._full.discard(listener)
        counts[is_bad] += change
        present, bad = counts
        if present > 1:
            self._by_count.setdefault(bad, set()).add(listener)
            if bad >= MOST_SHARE * present:
                self._full.add(listener)

    def culprits(self) -> Iterable[str]:
        """With everybody, else without those who miss nearly all: theirs is their own."""
        found = self._culprits(frozenset())
        return self._culprits(self._full) if not found and self._full else found

    def _culprits(self, left_out: AbstractSet[str]) -> AbstractSet[str]:
        sizes = sorted(
            count for count, rows in self._by_count.items() if rows and not rows <= left_out
        )
        if len(sizes) != 2 or sizes[1] != sizes[0] + 1 or sizes[1] > MOST_CULPRITS:
            return frozenset()
        fewer = self._by_count[sizes[0]] - left_out
        return fewer if len(fewer) == sizes[1] else frozenset()
