"""The statistics of webrtc-internals: a series of values for each member of each object, turned
into reports again.

A series holds the last 1000 values. Its times are those of the object's series `timestamp`; older
files have none and name only the first and the last time. A member may begin later than its object,
so that series are aligned by their ends.
"""

import zlib
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.json import encode

from aftercall.core.quality.stats.getstats import STATS_MEMBERS
from aftercall.core.quality.stats.unit_quirks import LATEST_MS, moment_ms
from aftercall.core.storable_json import readable_json
from aftercall.ingest.checks import moment_of
from aftercall.ingest.dumps.entries import EARLIEST_MS, BadDump
from aftercall.ingest.rtcstats.legacy import MEMBERS as LEGACY_MEMBERS
from aftercall.ingest.rtcstats.legacy import TYPES as LEGACY_TYPES
from aftercall.ingest.rtcstats.legacy import legacy_type, translate_legacy

MOST_VALUES: Final = 100_000
"""Values of a series. Chrome keeps 1000."""

CELLS_AT_ONCE: Final = 400_000
"""Values that are decoded at a time, so that a connection of any size takes little memory."""

_OVERHEAD: Final = 700
"""Of Python's objects for one series."""

SAME_POLL_MS: Final = 300.0
"""Objects this close in time are of one report: Chrome asks every second. Chosen."""

_LATE_MS: Final = 10_000.0
"""The report of a receiver comes every 5 s at the latest; one that is older is of a stream that
ended."""

_REMOTE: Final = frozenset({"remote-inbound-rtp", "remote-outbound-rtp"})
_TEXTS: Final = frozenset(
    [
        "mid",
        "trackIdentifier",
        "codecId",
        "localId",
        "mediaSourceId",
        "address",
        "id",
        "contentType",
    ]
)
"""Members that are texts even where the file writes a number: `values` of a mid are 0, 1, 2."""

_PREFIXES: Final = (
    ("RTCOutboundRTP", "outbound-rtp"),
    ("RTCInboundRTP", "inbound-rtp"),
    ("RTCRemoteInboundRtp", "remote-inbound-rtp"),
    ("RTCRemoteInboundRTP", "remote-inbound-rtp"),
    ("RTCRemoteOutboundRTP", "remote-outbound-rtp"),
    ("RTCCodec_", "codec"),
    ("RTCIceCandidatePair_", "candidate-pair"),
    ("RTCTransport_", "transport"),
    ("RTCAudioSource_", "media-source"),
    ("RTCVideoSource_", "media-source"),
)
"""The type by the beginning of an id, in files that name none."""


class Series(NamedTuple):
    """One member's values, compressed until they are needed."""

    start_ms: float | None
    end_ms: float | None
    values: bytes

    def decode(self) -> list[Any]:
        """The values."""
        values = msgspec.json.decode(zlib.decompress(self.values))
        return values[-MOST_VALUES:] if isinstance(values, list) else []


class StatsObject:
    """The series of one stats object."""

    def __init__(self) -> None:
        self.type: str | None = None
        self.series: dict[str, Series] = {}


class SeriesTable:
    """The series of one connection."""

    def __init__(self) -> None:
        self._objects: dict[str, StatsObject] = {}
        self.unreadable = 0
        """Series that could not be read."""
        self.first_ms: float | None = None
        """The time of the oldest value."""
        self.size = 0
        """Bytes that are held."""

    def add(self, key: str, members: dict[str, Any]) -> None:
        """Add the series that the file has under this key."""
        if key.endswith("]"):
            return
        id, dash, member = key.rpartition("-")
        values = members.get("values")
        if not dash:
            return
        stats = self._objects.setdefault(id, StatsObject())
        if isinstance(type_ := members.get("statsType"), str):
            stats.type = type_
        if not isinstance(values, str | list):
            self.unreadable += 1
        elif member in _KEPT:
            series = stats.series[member] = Series(
                _moment(members.get("startTime")),
                _moment(members.get("endTime")),
                zlib.compress(_text_of(values), 1),
            )
            self.size += len(series.values) + _OVERHEAD
            if series.start_ms is not None:
                self.first_ms = min(series.start_ms, self.first_ms or series.start_ms)
        if len(self._objects) > 20_000:
            raise BadDump("A connection of the dump has more statistics than any browser keeps.")

    def reports(
        self, cells_at_once: int = CELLS_AT_ONCE
    ) -> Iterator[tuple[float, list[dict[str, Any]]]]:
        """The reports, each with its time, the oldest first. `cells_at_once` values are decoded at
        a time, at least those of one report."""
        tracks = [track for id, stats in self._objects.items() if (track := self._track(id, stats))]
        # Chrome of some years wrote both forms.
        is_standard = any(track.type in STATS_MEMBERS for track in tracks)
        tracks = [track for track in tracks if (track.type in LEGACY_TYPES) != is_standard]
        polls = _polls([track for track in tracks if not track.is_remote] or tracks)
        if not polls:
            return
        for track in tracks:
            track.place(polls)
        cells = sum(len(track.series) for track in tracks)
        rows = max(1, cells_at_once // max(cells, 1))
        for start in range(0, len(polls), rows):
            block: list[list[dict[str, Any]]] = [[] for _ in polls[start : start + rows]]
            for track in tracks:
                try:
                    track.fill(block, start, polls)
                except (msgspec.DecodeError, UnicodeDecodeError, zlib.error):
                    self.unreadable += 1
            if not is_standard:
                block = [list(translate_legacy(report)) for report in block]
            yield from zip(polls[start : start + rows], block, strict=True)

    def _track(self, id: str, stats: StatsObject) -> "_Track | None":
        try:
            type_ = stats.type or _type_of(id, stats)
            times = stats.series["timestamp"].decode() if "timestamp" in stats.series else None
            if type_ in LEGACY_TYPES:
                names = set(LEGACY_MEMBERS)
            elif type_ in STATS_MEMBERS or type_ in _REMOTE:
                names = {"ip", *STATS_MEMBERS.get(type_, ())}
            else:
                return None
            series = {name: each for name, each in stats.series.items() if name in names}
            moments = _moments(times or ())
            if series and (not moments or not moments[-1] >= EARLIEST_MS):
                # There are none, or they count from the start of a page or machine.
                spread = _spread(series)
                if spread or not moments:
                    return _Track(id, type_, series, spread, has_times=False)
            return _Track(id, type_, series, moments, has_times=True) if moments else None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.unreadable += 1
            return None


class _Track:
    """An object with the times of its values, and the reports in which each of them is."""

    def __init__(
        self,
        id: str,
        type_: str,
        series: dict[str, Series],
        times: list[float],
        *,
        has_times: bool,
    ) -> None:
        self.id = id
        self.type = type_
        self.series = series
        self.times = times
        self.is_remote = type_ in _REMOTE
        self._has_times = has_times
        self._rows: list[int] = []
        """For each report, the place of the value in it; -1 for none."""

    def place(self, polls: list[float]) -> None:
        """Find the reports that the values are in."""
        self._rows = [-1] * len(polls)
        if self.is_remote and not self._has_times:
            # Its times are those of the far end's reports: it was in as many reports as it has
            # values, and lasted to the end unless it is long silent.
            shift = len(polls) - len(self.times)
            if self.times and self.times[-1] >= polls[-1] - _LATE_MS:
                for place in range(len(self.times)):
                    if place + shift >= 0:
                        self._rows[place + shift] = place
                self.times = [polls[max(0, place + shift)] for place in range(len(self.times))]
                return
        if self.is_remote:
            place = -1
            for row, poll in enumerate(polls):
                while place + 1 < len(self.times) and self.times[place + 1] <= poll:
                    place += 1
                self._rows[row] = place
            return
        for place, time in enumerate(self.times):
            row = _nearest(polls, time)
            if abs(polls[row] - time) <= SAME_POLL_MS or not self._has_times:
                self._rows[row] = place

    def fill(self, block: list[list[dict[str, Any]]], start: int, polls: list[float]) -> None:
        """Add the object to the reports from `start` on that it is in."""
        places = self._rows[start : start + len(block)]
        found: list[dict[str, Any] | None] = [
            {"id": self.id, "type": self.type, "timestamp": self.times[place]}
            if place >= 0
            else None
            for place in places
        ]
        there = [(stats, place) for stats, place in zip(found, places, strict=True) if stats]
        for name, series in self.series.items():
            values = series.decode()
            count = len(values)
            shift = len(self.times) - count
            if name in _TEXTS:
                values = [_text(value) for value in values]
            is_address = name == "ip"
            for stats, place in there:
                at = place - shift
                if 0 <= at < count and (value := values[at]) is not None:
                    if not is_address:
                        stats[name] = value
                    elif not stats.get("address"):
                        stats["address"] = _text(value)
        for row, each in zip(block, found, strict=True):
            if each is not None:
                row.append(each)


_KEPT: Final = frozenset(
    {"timestamp", "type", "isRemote", "ip", *LEGACY_MEMBERS}.union(
        *(set(each) for each in STATS_MEMBERS.values())
    )
)


def _text(value: Any) -> Any:
    """A value of a text, which a file may write as a number."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return f"{value:g}" if is_number else value


def _text_of(values: str | list[Any]) -> bytes:
    """The JSON of a series, which some tools leave as an array; tokens that are no JSON are
    `null`."""
    text = values.encode("utf-8", "replace") if isinstance(values, str) else encode(values)
    return readable_json(text) if b"NaN" in text or b"Infinity" in text else text


def _moments(values: Sequence[Any]) -> list[float]:
    """The times of a series, which some browsers write in finer units or as texts."""
    if all(isinstance(each, int | float) and each <= LATEST_MS for each in values):
        return list(values)
    return [moment for each in values if (moment := moment_ms(each)) is not None]


def _moment(value: object) -> float | None:
    return moment_of(value) if isinstance(value, str) else moment_ms(value)


def _type_of(id: str, stats: StatsObject) -> str:
    if "type" in stats.series:
        named = [each for each in stats.series["type"].decode() if isinstance(each, str)]
        if named:
            return named[-1]
    if id.startswith("RTCIceCandidate_"):
        remote = stats.series.get("isRemote")
        is_remote = remote is not None and True in remote.decode()
        return "remote-candidate" if is_remote else "local-candidate"
    if (legacy := legacy_type(id)) is not None:
        return legacy
    return next((type_ for prefix, type_ in _PREFIXES if id.startswith(prefix)), "")


def _spread(series: dict[str, Series]) -> list[float]:
    """Times for an object without any, evenly between the first and the last."""
    longest: list[float] = []
    for each in series.values():
        count = len(each.decode())
        if count > len(longest) and each.start_ms is not None and each.end_ms is not None:
            step = (each.end_ms - each.start_ms) / max(1, count - 1)
            longest = [each.start_ms + step * place for place in range(count)]
    return longest


def _polls(tracks: list[_Track]) -> list[float]:
    """The times of the reports: those of the objects, each poll once."""
    polls: list[float] = []
    for time in sorted({time for track in tracks for time in track.times}):
        if not polls or time - polls[-1] > SAME_POLL_MS:
            polls.append(time)
    return polls


def _nearest(polls: list[float], time: float) -> int:
    place = bisect_left(polls, time)
    if place == len(polls):
        return place - 1
    is_earlier = place > 0 and time - polls[place - 1] <= polls[place] - time
    return place - 1 if is_earlier else place
