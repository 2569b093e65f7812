"""When a peer's microphone and camera were off, from its events and its reports."""

from array import array
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate, pairwise
from math import inf, isnan
from operator import attrgetter
from typing import TYPE_CHECKING, Final, NamedTuple

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import (
    AUDIO,
    PRODUCERS,
    SCREENSHARES,
    Family,
    Sample,
    Stream,
)
from aftercall.core.quality.stats.track_tags import StreamKey
from aftercall.core.records import StoredPeerEvent

if TYPE_CHECKING:
    from aftercall.core.quality.interval_columns.columns import FloatArray

BLACK_FPS: Final = 2.5
"""A muted camera sends no picture, or a black one about once a second; a faster one is on."""

_SWITCH, _TRACK, _REPLACED, _TAG = "switch", "track", "replaced", "tag"
"""What tells: the switch in the app, the track as the system mutes it, another track in its
place, and the `muted` of the stream's tag."""

_NOTES: Final = {
    "audio_on": ("audio", _SWITCH, False),
    "audio_off": ("audio", _SWITCH, True),
    "video_on": ("video", _SWITCH, False),
    "video_off": ("video", _SWITCH, True),
    "audio_track_muted": ("audio", _TRACK, True),
    "audio_track_unmuted": ("audio", _TRACK, False),
    "video_track_muted": ("video", _TRACK, True),
    "video_track_unmuted": ("video", _TRACK, False),
    "selected_microphone_update": ("audio", _REPLACED, False),
    "selected_camera_update": ("video", _REPLACED, False),
}
_ENDED: Final = {"microphone": "audio", "camera": "video"}
_SCREENS: Final = ("screen", "screen_audio")
_ALWAYS: Final = EpochMs(0)
_MICROPHONE, _CAMERA = Family.AUDIO_PRODUCER, Family.VIDEO_PRODUCER

Span = tuple[EpochMs, EpochMs | None]


class _MuteChange(NamedTuple):
    at: EpochMs
    cause: str
    is_muted: bool


class _Report(NamedTuple):
    """What one report shows of a kind of media."""

    at: EpochMs
    frames: Mapping[StreamKey, float]
    """Frames encoded so far, by stream."""
    is_tagged: bool
    """The tags of all its streams say that they are muted."""
    is_heard: bool
    """The microphone's level is above zero."""


class MuteReports:
    """What a peer's samples show of its microphone and camera."""

    def __init__(self) -> None:
        self._by_kind: dict[str, _KindReports] = {"audio": _KindReports(), "video": _KindReports()}

    def take(self, sample: Sample) -> None:
        """Add a sample; the order does not matter."""
        microphones: list[Stream] = []
        cameras: list[Stream] = []
        for connection in sample.connections:
            for each in connection.sent:
                family = each.description.family
                if family is _MICROPHONE:
                    microphones.append(each)
                elif family is _CAMERA:
                    cameras.append(each)
        if microphones:
            self._by_kind["audio"].add(sample.at, microphones)
        if cameras:
            self._by_kind["video"].add(sample.at, cameras)

    def of(self, kind: str) -> "_KindReports":
        return self._by_kind[kind]


class _KindReports:
    """The reports of one kind of media, in columns."""

    def __init__(self) -> None:
        self._ats = array("q")
        self._flags = bytearray()
        """Whether tagged as muted, and whether heard, of each report."""
        self._keys: list[tuple[StreamKey, ...]] = []
        self._frames = array("d")
        self.has_tagged = False
        """Whether the tags of any report say that it is muted."""

    def add(self, at: EpochMs, streams: Sequence[Stream]) -> None:
        frames: dict[StreamKey, float] = {}
        is_tagged, is_heard = True, False
        for each in streams:
            encoded, tag, source = each.stats.frames_encoded, each.description.tag, each.source
            if encoded is not None and not isnan(encoded):
                frames[each.description.key] = encoded
            if tag is None or not tag.muted:
                is_tagged = False
            if source is not None and source.audio_level is not None and source.audio_level > 0:
                is_heard = True
        keys = tuple(frames)
        self._ats.append(at)
        self._flags.append(2 * is_tagged + is_heard)
        # Reports that list the same streams share the tuple of their keys.
        self._keys.append(self._keys[-1] if self._keys and self._keys[-1] == keys else keys)
        self._frames.extend(frames.values())
        self.has_tagged = self.has_tagged or is_tagged

    def pairs(self) -> "list[tuple[_Report, _Report]]":
        """Each report with the next, by time."""
        ends = list(accumulate(map(len, self._keys), initial=0))
        reports = [
            _Report(
                EpochMs(at),
                dict(zip(keys, self._frames[start : start + len(keys)], strict=True)),
                is_tagged=flags >= _TAGGED,
                is_heard=bool(flags % _TAGGED),
            )
            for at, flags, keys, start in zip(
                self._ats, self._flags, self._keys, ends, strict=False
            )
        ]
        return list(pairwise(sorted(reports, key=attrgetter("at"))))


_TAGGED: Final = 2


class MuteState:
    """The spans in which one peer's microphone and camera were muted. Events alone show most of
    them; samples add tags, and tracks whose unmuting no event reports."""

    def __init__(
        self, events: Iterable[StoredPeerEvent], reports: MuteReports | None = None
    ) -> None:
        self._changes: dict[str, list[_MuteChange]] = {"audio": [], "video": []}
        for event in sorted(events, key=lambda event: (event.at, event.id)):
            found = _change_of(event)
            if found is not None:
                self._changes[found[0]].append(found[1])
        self._reports = MuteReports() if reports is None else reports
        self._spans: dict[str, list[Span]] = {}

    @property
    def spans(self) -> dict[str, list[Span]]:
        """The muted spans by kind, `audio` and `video`, ascending; an end of `None` means that it
        lasts."""
        if not self._spans:
            for kind, reported_changes in self._changes.items():
                changes = [*reported_changes, *self._shown(kind, reported_changes)]
                self._spans[kind] = _spans(sorted(changes, key=lambda change: change.at))
        return self._spans

    @property
    def is_camera_off(self) -> bool:
        """Whether the camera is off at the end of what is known, and was on before."""
        spans = self.spans["video"]
        return bool(spans) and spans[-1][0] is not _ALWAYS and spans[-1][1] is None

    def _shown(self, kind: str, reported_changes: Sequence[_MuteChange]) -> list[_MuteChange]:
        """The changes that only samples show. Most calls have none: then samples are not read."""
        reports = self._reports.of(kind)
        if not reports.has_tagged and not any(map(_is_track_mute, reported_changes)):
            return []
        pairs = reports.pairs()
        return [*_returns(kind, reported_changes, pairs), *_tag_changes(kind, pairs)]

    def take(self, sample: Sample) -> None:
        """Add a sample; the order does not matter."""
        self._reports.take(sample)
        self._spans = {}

    def knows_switches_of(self, family: Family) -> bool:
        """Whether the peer reports switching this stream on and off."""
        if family not in PRODUCERS or family in SCREENSHARES:
            return False
        reported_changes = self._changes["audio" if family in AUDIO else "video"]
        return any(change.cause == _SWITCH for change in reported_changes)

    def unmuted_since(
        self, family: Family, starts: "FloatArray", ends: "FloatArray"
    ) -> "FloatArray":
        """Since when the track was on, for each interval; NaN where it was off in any part.
        Received streams and screens count as always on."""
        import numpy as np  # noqa: PLC0415 - only who folds loads it

        if family not in PRODUCERS or family in SCREENSHARES:
            return np.full(len(starts), float(_ALWAYS))
        spans = self.spans["audio" if family in AUDIO else "video"]
        offs = [start for start, _ in spans]
        ons = np.array([_ALWAYS, *(inf if end is None else end for _, end in spans)])
        since = ons[np.searchsorted(offs, ends, side="right")]
        return np.where(since <= starts, since, np.nan)


def _change_of(event: StoredPeerEvent) -> tuple[str, _MuteChange] | None:
    """The kind that an event is about and the change it reports. Events about screens concern
    neither microphone nor camera."""
    named = event.data.get("source")
    source = named if isinstance(named, str) else None
    if event.name == "track_ended" and source in _ENDED:
        return _ENDED[source], _MuteChange(event.at, _REPLACED, False)
    found = _NOTES.get(event.name)
    if found is None or source in _SCREENS:
        return None
    kind, cause, is_muted = found
    return kind, _MuteChange(event.at, cause, is_muted)


def _is_track_mute(change: _MuteChange) -> bool:
    return change.cause == _TRACK and change.is_muted


def _returns(
    kind: str, reported_changes: Sequence[_MuteChange], reports: Iterable[tuple[_Report, _Report]]
) -> list[_MuteChange]:
    """When a muted track is seen to be on again: the first report after each muting from which on
    pictures moved, or at whose end the microphone had a level."""
    mutings = [change.at for change in reported_changes if _is_track_mute(change)]
    found: list[_MuteChange] = []
    for before, now in reports:
        if mutings and before.at >= mutings[0] and _is_live(kind, before, now):
            found.append(_MuteChange(before.at, _REPLACED, False))
            mutings = [at for at in mutings if at > before.at]
    return found


def _is_live(kind: str, before: _Report, now: _Report) -> bool:
    if kind == "audio":
        return now.is_heard
    # A camera is sent on several connections and in several layers, alike on each.
    made = [now.frames[key] - before.frames[key] for key in now.frames.keys() & before.frames]
    return max(made, default=0.0) * SECOND_MS > BLACK_FPS * (now.at - before.at) > 0


def _tag_changes(kind: str, pairs: Sequence[tuple[_Report, _Report]]) -> list[_MuteChange]:
    """When only the tag shows that the camera is off. A tag that says so in two reports between
    which pictures move is out of date: a muted camera gives no pictures, or a black one about once
    a second. A tag that says so in a single report may be of an instant between two reports."""
    if kind != "video" or not pairs:
        return []
    reports = [pairs[0][0], *(now for _, now in pairs)]
    are_live = [_is_live(kind, before, now) for before, now in pairs]
    found: list[_MuteChange] = []
    last: _Report | None = None
    for place, report in enumerate(reports):
        around = range(max(place - 1, 0), min(place + 1, len(pairs)))
        is_out_of_date = any(
            are_live[n] and reports[n].is_tagged and reports[n + 1].is_tagged for n in around
        )
        is_still = any(not are_live[n] for n in around)
        if report.is_tagged and (is_still or not is_out_of_date):
            if last is None:
                is_earlier = place > 0 and not are_live[place - 1]
                found.append(_MuteChange(reports[place - is_earlier].at, _TAG, True))
            last = report
        elif last is not None:
            found.append(_MuteChange(last.at, _TAG, False))
            last = None
    return found


def camera_issues(peer_id: str, mute_state: MuteState, end_at: EpochMs) -> list[Issue]:
    """The times at which the camera was off during the stay, as information."""
    ref = StreamRef(peer_id=peer_id, family=Family.VIDEO_PRODUCER.value)
    return [
        single(IssueName.CAMERA_MUTED, ref, start, end if end is not None else max(start, end_at))
        for start, end in mute_state.spans["video"]
        if start is not _ALWAYS
    ]


def _spans(changes: Sequence[_MuteChange]) -> list[Span]:
    """The spans in which any cause holds. If the first switch event says "on", the track was off
    before."""
    spans: list[Span] = []
    causes: set[str] = set()
    since: EpochMs | None = None
    switches = [change for change in changes if change.cause == _SWITCH]
    if switches and not switches[0].is_muted:
        since = _ALWAYS
        causes.add(_SWITCH)
    for place, change in enumerate(changes):
        if change.is_muted:
            causes.add(change.cause)
        else:
            causes -= _ended_by(change, changes[place + 1 :])
        if causes and since is None:
            since = change.at
        elif not causes and since is not None:
            spans.append((since, change.at))
            since = None
    if since is not None:
        spans.append((since, None))
    return spans


def _ended_by(change: _MuteChange, later: Sequence[_MuteChange]) -> set[str]:
    """The causes that a change ends. Switching on mostly replaces the track, whose unmuting is not
    reported; if an unmuting is reported later, the track was the old one and still muted."""
    if change.cause == _REPLACED:
        return {_TRACK}
    if change.cause != _SWITCH:
        return {change.cause}
    following = next((each for each in later if each.cause == _TRACK), None)
    is_unmuted_later = following is not None and not following.is_muted
    return {_SWITCH} if is_unmuted_later else {_SWITCH, _TRACK}
