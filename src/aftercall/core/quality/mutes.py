"""When a peer's microphone and camera were switched off, from what it told and from its reports."""

from collections.abc import Iterable, Sequence
from math import inf, isnan
from typing import Final, NamedTuple

import numpy as np

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.columns import Numbers
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.streams import AUDIO, PRODUCERS, SCREENSHARES, Family, Sample, Stream
from aftercall.core.records import PeerNote

BLACK_FPS: Final = 2
"""A muted camera sends no picture, or a black one about once a second; one that moves is on."""

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

Span = tuple[EpochMs, EpochMs | None]


class _Change(NamedTuple):
    at: EpochMs
    cause: str
    is_muted: bool


class _Seen(NamedTuple):
    """What the last report said of a kind: pictures so far, or none known."""

    at: EpochMs
    frames: float | None


class Mutes:
    """The muted stretches of one peer's microphone and camera. Notes alone tell most of it; the
    samples, when they are taken too, tell of tags, and of tracks whose unmuting nobody told."""

    def __init__(self, notes: Iterable[PeerNote]) -> None:
        self._changes: dict[str, list[_Change]] = {"audio": [], "video": []}
        for note in sorted(notes, key=lambda note: (note.at, note.id)):
            found = _change_of(note)
            if found is not None:
                self._changes[found[0]].append(found[1])
        self._muted_tracks = {
            kind for kind, said in self._changes.items() if any(_is_track_mute(c) for c in said)
        }
        self._seen: dict[str, _Seen] = {}
        self._is_tagged = False
        self._spans: dict[str, list[Span]] = {}

    @property
    def spans(self) -> dict[str, list[Span]]:
        """By kind, `audio` and `video`, in order of time; `None` ends one that lasts."""
        if not self._spans:
            for kind, changes in self._changes.items():
                self._spans[kind] = _spans(sorted(changes, key=lambda change: change.at))
        return self._spans

    def take(self, sample: Sample) -> None:
        """A report; the reports in order of time."""
        self._spans = {}
        for kind, family in (("audio", Family.AUDIO_PRODUCER), ("video", Family.VIDEO_PRODUCER)):
            if kind == "video" or kind in self._muted_tracks:
                streams = [each for each in sample.sent if each.saying.family is family]
                if streams:
                    self._look(kind, sample.at, streams)

    def _look(self, kind: str, at: EpochMs, streams: Sequence[Stream]) -> None:
        counts = [each.stats.frames_encoded for each in streams]
        told = [count for count in counts if count is not None and not isnan(count)]
        frames = sum(told) if told else None
        before = self._seen.get(kind)
        self._seen[kind] = _Seen(at, frames)
        if before is None or at <= before.at:
            return
        is_still = frames is None or before.frames is None or frames == before.frames
        if kind == "video":
            is_muted = all(
                tag is not None and tag.muted for tag in (each.saying.tag for each in streams)
            )
            if is_muted and is_still:
                self._tag(before.at, is_muted=True)
            elif not is_muted:
                self._tag(before.at, is_muted=False)
        if kind in self._muted_tracks and _is_live(kind, before, self._seen[kind], streams):
            self._end_track(kind, before.at)

    def _tag(self, at: EpochMs, *, is_muted: bool) -> None:
        if is_muted is not self._is_tagged:
            self._is_tagged = is_muted
            self._changes["video"].append(_Change(at, _TAG, is_muted))

    def _end_track(self, kind: str, at: EpochMs) -> None:
        """Only where a track was told to be muted before and nothing ended that since."""
        told = [
            change
            for change in self._changes[kind]
            if change.at <= at and change.cause in (_TRACK, _REPLACED)
        ]
        if told and _is_track_mute(max(told, key=lambda change: change.at)):
            self._changes[kind].append(_Change(at, _REPLACED, False))

    def unmuted_since(self, family: Family, starts: Numbers, ends: Numbers) -> Numbers:
        """Since when the track was on, for each of these stretches; NaN where it was off in any
        part of it. Received streams and screens are always on as far as these switches know."""
        if family not in PRODUCERS or family in SCREENSHARES:
            return np.full(len(starts), float(_ALWAYS))
        spans = self.spans["audio" if family in AUDIO else "video"]
        offs = [start for start, _ in spans]
        ons = np.array([_ALWAYS, *(inf if end is None else end for _, end in spans)])
        since = ons[np.searchsorted(offs, ends, side="right")]
        return np.where(since <= starts, since, np.nan)


def _change_of(note: PeerNote) -> tuple[str, _Change] | None:
    """The kind a note is about and what it says of it. A screen is neither microphone nor
    camera."""
    source = note.data.get("source")
    if note.name == "track_ended" and source in _ENDED:
        return _ENDED[source], _Change(note.at, _REPLACED, False)
    found = _NOTES.get(note.name)
    if found is None or source in _SCREENS:
        return None
    kind, cause, is_muted = found
    return kind, _Change(note.at, cause, is_muted)


def _is_track_mute(change: _Change) -> bool:
    return change.cause == _TRACK and change.is_muted


def _is_live(kind: str, before: _Seen, now: _Seen, streams: Sequence[Stream]) -> bool:
    """Whether pictures moved between two reports, or the microphone heard something."""
    if kind == "audio":
        levels = [each.source.audio_level for each in streams if each.source is not None]
        return any(level is not None and level > 0 for level in levels)
    if now.frames is None or before.frames is None:
        return False
    return (now.frames - before.frames) * SECOND_MS / (now.at - before.at) > BLACK_FPS


def camera_issues(peer_id: str, mutes: Mutes, end_at: EpochMs) -> list[Issue]:
    """When the camera was switched off during the stay: no fault, but good to know."""
    ref = StreamRef(peer_id=peer_id, family=Family.VIDEO_PRODUCER.value)
    return [
        single(IssueName.CAMERA_MUTED, ref, start, end if end is not None else max(start, end_at))
        for start, end in mutes.spans["video"]
        if start is not _ALWAYS
    ]


def _spans(changes: Sequence[_Change]) -> list[Span]:
    """Muted while any cause holds. Who first tells that he switched on had been off."""
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


def _ended_by(change: _Change, later: Sequence[_Change]) -> set[str]:
    """The causes that a change takes away. Who switches on mostly gets a new track, of which no
    unmuting is told; where it is told later, the track was the old one and still muted."""
    if change.cause == _REPLACED:
        return {_TRACK}
    if change.cause != _SWITCH:
        return {change.cause}
    following = next((each for each in later if each.cause == _TRACK), None)
    is_told = following is not None and not following.is_muted
    return {_SWITCH} if is_told else {_SWITCH, _TRACK}
