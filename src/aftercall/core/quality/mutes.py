"""When a peer's microphone and camera were switched off, from what it told."""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

from aftercall.core.instants import EpochMs
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.streams import AUDIO, PRODUCERS, SCREENSHARES, Family
from aftercall.core.records import PeerNote

_SWITCHES: Final = {
    "audio_on": ("audio", "switch", False),
    "audio_off": ("audio", "switch", True),
    "video_on": ("video", "switch", False),
    "video_off": ("video", "switch", True),
    "audio_track_muted": ("audio", "track", True),
    "audio_track_unmuted": ("audio", "track", False),
    "video_track_muted": ("video", "track", True),
    "video_track_unmuted": ("video", "track", False),
}
_ALWAYS: Final = EpochMs(0)

Span = tuple[EpochMs, EpochMs | None]


class Mutes:
    """The muted stretches of one peer's microphone and camera."""

    def __init__(self, notes: Iterable[PeerNote]) -> None:
        self.spans: dict[str, list[Span]] = {"audio": [], "video": []}
        changes: dict[str, list[tuple[EpochMs, str, bool]]] = {"audio": [], "video": []}
        for note in sorted(notes, key=lambda note: (note.at, note.id)):
            found = _SWITCHES.get(note.name)
            if found is not None:
                kind, cause, is_muted = found
                changes[kind].append((note.at, cause, is_muted))
        for kind, told in changes.items():
            self.spans[kind] = _spans(told)
        self._starts = {kind: [start for start, _ in spans] for kind, spans in self.spans.items()}

    def unmuted_at(self, family: Family, start_at: EpochMs, end_at: EpochMs) -> EpochMs | None:
        """Since when the track has been on, for one that was on from `start_at` to `end_at`;
        `None` when it was off in any part of that. Received streams and screens are always on
        as far as these switches know."""
        if family not in PRODUCERS or family in SCREENSHARES:
            return _ALWAYS
        kind = "audio" if family in AUDIO else "video"
        spans = self.spans[kind]
        before = bisect_right(self._starts[kind], end_at)
        if not before:
            return _ALWAYS
        _, end = spans[before - 1]
        return end if end is not None and end <= start_at else None


def camera_issues(peer_id: str, mutes: Mutes, end_at: EpochMs) -> list[Issue]:
    """When the camera was switched off during the stay: no fault, but good to know."""
    ref = StreamRef(peer_id=peer_id, family=Family.VIDEO_PRODUCER.value)
    return [
        single(IssueName.CAMERA_MUTED, ref, start, end if end is not None else max(start, end_at))
        for start, end in mutes.spans["video"]
        if start is not _ALWAYS
    ]


def _spans(changes: list[tuple[EpochMs, str, bool]]) -> list[Span]:
    """Muted while any cause holds. Who first tells that he switched on had been off."""
    spans: list[Span] = []
    causes: set[str] = set()
    since: EpochMs | None = None
    if changes and changes[0][1:] == ("switch", False):
        since = _ALWAYS
        causes.add("switch")
    for at, cause, is_muted in changes:
        if is_muted:
            causes.add(cause)
        else:
            causes.discard(cause)
        if causes and since is None:
            since = at
        elif not causes and since is not None:
            spans.append((since, at))
            since = None
    if since is not None:
        spans.append((since, None))
    return spans
