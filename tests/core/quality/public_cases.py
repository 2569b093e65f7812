"""The public cases of `tests/samples/cases`: sent to the collector's or Janus' intake, folded, and
compared with the other participants of their session."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aftercall.core.events import AnyEvent, PeerEvent, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.privacy import Privacy
from aftercall.core.quality.report.cumulative import Cumulative
from aftercall.core.quality.report.fold import FoldResult, PeerFacts, Verdict
from aftercall.ingest.janus import source as janus
from tests.completed_calls import collected as collect
from tests.completed_calls import compared, end_of, facts_of, folded
from tests.ingest.translation import translate
from tests.sample_cases import case

BASE = EpochMs(1_795_255_200_000)
"""2026-11-21T10:00:00Z, where the cases' offsets begin."""
PEER = "9f2c1a34-7b6d-4e0f-8a51-0c3d5e7f9a1b"

Stats = dict[str, Any]


@dataclass(frozen=True)
class Played:
    """The report of one peer for a case."""

    folded: FoldResult
    verdict: Verdict
    """Compared with the others of its session."""

    @property
    def issues(self) -> list[str]:
        return [issue.name.value for issue in self.verdict.issues]

    @property
    def sentences(self) -> list[str]:
        return [finding.sentence for finding in self.verdict.diagnosis]

    def rows(self, family: str) -> list[dict[str, Any]]:
        raw = self.folded.details.rows.get(family)
        found: list[dict[str, Any]] = [] if raw is None else json.loads(bytes(raw))
        return found

    def values(self, family: str, member: str) -> list[Any]:
        """A member of every row of a family; `None` where it is left out."""
        return [row.get(member) for row in self.rows(family)]

    def block(self, family: str) -> Cumulative:
        return self.verdict.cumulative[family]


def play(name: str) -> Played:
    """Play a case of the collector's intake."""
    return _folded(stored_facts(name))


def stored_facts(name: str) -> PeerFacts:
    """What is stored of a case of the collector's intake."""
    stated = case(name)
    if "multi" in stated:
        reports = [(at, {connection: stats}) for at, connection, stats in stated["multi"]]
    else:
        reports = [(at, {"pc1": stats}) for at, stats in stated["samples"]]
    interval_ms: int = stated["interval_ms"]
    return _collected(reports, interval_ms=interval_ms, tags=stated.get("tags", ()))


def collected(
    reports: Iterable[tuple[int, Mapping[str, Sequence[Stats]]]],
    *,
    interval_ms: int = 7_000,
    tags: Sequence[Stats] = (),
    events: Sequence[tuple[int, str, Mapping[str, Any]]] = (),
) -> Played:
    """Play the samples of one peer as its collector sends them: offsets in ms, and the stats of
    each connection. `events` are offset, name and data."""
    return _folded(_collected(reports, interval_ms=interval_ms, tags=tags, events=events))


def _collected(
    reports: Iterable[tuple[int, Mapping[str, Sequence[Stats]]]],
    *,
    interval_ms: int,
    tags: Sequence[Stats] = (),
    events: Sequence[tuple[int, str, Mapping[str, Any]]] = (),
) -> PeerFacts:
    entries: list[dict[str, Any]] = [
        {
            "type": "sample",
            "at": BASE + at,
            "connections": [
                {"id": name, "stats": [_dated(each) for each in stats]}
                for name, stats in connections.items()
            ],
            "streams": list(tags),
        }
        for at, connections in reports
    ]
    entries += [
        {"type": "event", "at": BASE + at, "name": name, "data": dict(data)}
        for at, name, data in events
    ]
    numbered = [{"seq": seq, **entry} for seq, entry in enumerate(entries)]
    events_taken = collect(PEER, numbered, privacy=Privacy.TRUNCATE)
    return _facts(events_taken, "collector", interval_ms)


def played_janus(events: Sequence[Mapping[str, Any]], *, interval_ms: int = 5_000) -> Played:
    """Play Janus' events of one session; `t` is in seconds before the call's end."""
    dated = [
        {**{k: v for k, v in event.items() if k != "t"}, "timestamp": _janus_us(event["t"])}
        for event in events
    ]
    translation = translate(
        janus,
        json.dumps(dated).encode(),
        received_at=BASE + 1_000,
        privacy=Privacy.TRUNCATE,
        interval_ms=interval_ms,
    )
    assert not translation.rejected
    return _folded(_facts(translation.events, "janus", interval_ms))


def _janus_us(offset_s: float) -> int:
    return round((BASE + 1000 * offset_s) * 1000)


def _dated(stats: Stats) -> Stats:
    """The stats with the time of their offset, in the unit the source uses. A textual timestamp is
    kept: it is of another clock."""
    at = stats.get("timestamp")
    if isinstance(at, dict) and "us" in at:
        return {**stats, "timestamp": (BASE + at["us"]) * 1000}
    if isinstance(at, int | float):
        return {**stats, "timestamp": BASE + at}
    return stats


def _facts(events: Sequence[AnyEvent], source: str, interval_ms: int) -> PeerFacts:
    peer_id = next(event.peer_id for event in events if isinstance(event, SampleTaken))
    taken = [event for event in events if isinstance(event, SampleTaken | PeerEvent)]
    return facts_of(peer_id, taken, source=source, interval_ms=interval_ms)


def _folded(facts: PeerFacts) -> Played:
    reports = folded({"row": [facts]})
    verdicts = compared(reports, {"row": "Ann"}, end_of({"row": [facts]}))
    return Played(reports["row"], verdicts["row"])
