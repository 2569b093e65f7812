"""When a sender was missed by nearly all its listeners, when a listener missed nearly all its
senders, and when everybody missed everybody.

The paths form a matrix, senders down, listeners across. An impaired uplink fills a row, an impaired
downlink fills a column, the server fills all of it. Where full rows and full columns cross, a line
is needed as an explanation only if it fills a field that no other full line fills.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from itertools import pairwise
from typing import Final, NamedTuple

from aftercall.core.instants import EpochMs
from aftercall.core.quality.comparison.compared_participant import MOST_SHARE
from aftercall.core.spans import Span, intersection, union, without

EVERY_SHARE: Final = 0.85
"""The share of all paths of a call that counts as everybody; one good pair in a call of three is
not everybody. Chosen."""

LEAST_PEOPLE: Final = 3
"""Between two participants, one bad network in each direction fills the matrix too."""

MOST_CULPRITS: Final = 3
"""The number of simultaneously failing uplinks up to which they are looked for among streams of
unknown senders."""


class PathSpans(NamedTuple):
    """One path from a sender to a listener: when media was present, and when it was impaired."""

    present: list[Span]
    impaired: list[Span]


class MatrixLine(NamedTuple):
    """A row or column of the matrix."""

    several: list[Span]
    """There was more than one path to compare."""
    most: list[Span]
    """Nearly all of several paths were impaired."""
    every: list[Span]
    """All of several paths were impaired."""
    unexplained: list[Span]
    """Nearly all were, and no other line explains at least one of them."""


class ImpairmentMatrix:
    """The paths of a session, `heard[listener][slot]`. A slot is a sender's participant id, or any
    other key for a stream of unknown sender."""

    def __init__(
        self, paths: Mapping[str, Mapping[str, PathSpans]], senders: Iterable[str]
    ) -> None:
        self._paths = paths
        rows: dict[str, dict[str, PathSpans]] = {sender: {} for sender in senders}
        for listener, slots in paths.items():
            for slot, each in slots.items():
                if slot in rows:
                    rows[slot][listener] = each
        by_listener = {listener: _matrix_line(slots.values()) for listener, slots in paths.items()}
        by_sender = {sender: _matrix_line(slots.values()) for sender, slots in rows.items()}
        self.listeners = {
            listener: line._replace(
                unexplained=_unexplained(
                    line.most,
                    (
                        (each, by_sender[slot].most if slot in by_sender else [])
                        for slot, each in paths[listener].items()
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
    """When a full line has an impaired path that the crossing line does not fill."""
    if not most:
        return []
    alone = [span for each, across in fields for span in without(each.impaired, across)]
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


def impaired_for_everybody(paths: Iterable[Mapping[str, PathSpans]]) -> list[Span]:
    """When nearly all paths were impaired, with at least three people."""
    squares = [slots for slots in paths if slots]
    listeners = [_any(slots.values()) for slots in squares]
    fields = [each for slots in squares for each in slots.values()]
    people = [span for span, present, _ in _counted(listeners) if present >= LEAST_PEOPLE]
    if not people:
        return []
    full = [span for span, all_, bad in _counted(fields) if bad >= EVERY_SHARE * all_]
    return intersection(union(people), union(full))


def spans_with_share_between(fields: Iterable[PathSpans], least: float, most: float) -> list[Span]:
    """When the share of impaired paths was more than the least and less than the most."""
    return union(
        span for span, present, bad in _counted(fields) if least * present < bad < most * present
    )


def _any(fields: Iterable[PathSpans]) -> PathSpans:
    """When anything was present, and when any of it was impaired."""
    every = list(fields)
    return PathSpans(
        union(span for each in every for span in each.present),
        union(span for each in every for span in each.impaired),
    )


def _counted(fields: Iterable[PathSpans]) -> Iterable[tuple[Span, int, int]]:
    """The number of present and of impaired paths, from instant to instant; left out where none is
    present."""
    edges: dict[EpochMs, list[int]] = {}
    for each in fields:
        impaired = intersection(each.present, each.impaired)
        for which, spans in enumerate((each.present, impaired)):
            for start_at, end_at in spans:
                edges.setdefault(start_at, [0, 0])[which] += 1
                edges.setdefault(end_at, [0, 0])[which] -= 1
    present = bad = 0
    for (at, (more, worse)), (until, _) in pairwise(sorted(edges.items())):
        present, bad = present + more, bad + worse
        if present:
            yield (at, until), present, bad


def culprits_among_unnamed(paths: Mapping[str, Mapping[str, PathSpans]]) -> dict[str, list[Span]]:
    """The participants whose uplink was impaired, by their spans, if senders are unknown. Nobody
    receives their own stream: if some uplinks are bad, everybody misses that many streams, and the
    culprits one less."""
    edges: dict[EpochMs, list[tuple[str, int, int]]] = {}
    for listener, slots in paths.items():
        for each in slots.values():
            impaired = intersection(each.present, each.impaired)
            for is_bad, spans in ((0, each.present), (1, impaired)):
                for start_at, end_at in spans:
                    edges.setdefault(start_at, []).append((listener, is_bad, 1))
                    edges.setdefault(end_at, []).append((listener, is_bad, -1))
    counts = {listener: [0, 0] for listener in paths}
    found: dict[str, list[Span]] = {}
    tally = _ImpairedCounts()
    for (at, changes), (until, _) in pairwise(sorted(edges.items())):
        for listener, is_bad, change in changes:
            tally.move(listener, counts[listener], is_bad, change)
        for culprit in tally.culprits():
            found.setdefault(culprit, []).append((at, until))
    return {culprit: union(spans) for culprit, spans in found.items()}


class _ImpairedCounts:
    """The listeners by the number of their impaired streams."""

    def __init__(self) -> None:
        self._by_count: dict[int, set[str]] = {}
        self._full: set[str] = set()
        """Those that miss nearly all they receive."""

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
        """The culprits among all listeners, else among those that do not miss nearly everything,
        which is their own trouble."""
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
