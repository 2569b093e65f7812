"""The frames of Jitsi's rtcstats client (protocol 3.1), which its pages send over a WebSocket.

One reader follows one page in one conference: a peer. Identities come in parts and are merged;
reports are differences from the one before. Entries are numbered by the client, so that what it
sends again after a reconnect counts once.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import Identity, PeerEvent, PeerJoined, PeerLeft
from aftercall.core.ids import id_from
from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.stats.getstats import decode_body
from aftercall.core.storable_json import UNREADABLE, read_json
from aftercall.ingest.checks import moment_of
from aftercall.ingest.jitsi.rooms import (
    SOURCE,
    endpoint_user_id,
    meeting_id_from,
    room_of_page,
    title_of,
)
from aftercall.ingest.rtcstats.delta import NamedDelta, TooManyObjects
from aftercall.ingest.rtcstats.legacy import is_legacy, translate_legacy
from aftercall.ingest.source import Fact, UnencodedSample
from aftercall.ingest.untyped_json import as_count, as_object, as_text, known, scalars

INTERVAL_MS: Final = 10 * SECOND_MS
"""How often a stock deployment reports; `rtcstatsPollInterval`."""

MOST_CONNECTIONS: Final = 64
AHEAD_TOLERANCE_MS: Final = 2_000

_STATES: Final = {
    "oniceconnectionstatechange": "ice_connection_state",
    "onconnectionstatechange": "connection_state",
    "onsignalingstatechange": "signaling_state",
}
_IDENTITY: Final = (
    "confName", "confID", "displayName", "endpointId", "meetingUniqueId", "browserName",
)  # fmt: skip
_ENTRY_MEMBERS: Final = 4


class Frame(NamedTuple):
    """One frame, taken apart."""

    session_id: str
    kind: str
    data: Any


class FrameFacts(NamedTuple):
    """What a frame adds, the number of its entry, and when the client sent it."""

    facts: list[Fact]
    number: int | None = None
    heard_at: EpochMs | None = None
    is_end: bool = False


def read_frame(text: bytes) -> Frame:
    """Raises `Malformed` for what is no frame."""
    try:
        content = as_object(read_json(text, msgspec.json.decode))
        data = content.get("data")
        if isinstance(data, str):
            data = read_json(data.encode("utf-8", "replace"), msgspec.json.decode)
    except UNREADABLE:
        raise Malformed("The frame is not JSON.", code="bad_json") from None
    session_id, kind = as_text(content.get("statsSessionId")), as_text(content.get("type"))
    if session_id is None or kind is None:
        raise Malformed("The frame names no session or no type.", code="bad_event")
    return Frame(session_id, kind, data)


def breakout_stay(frame: Frame) -> str | None:
    """What names a stay in a breakout room, if the frame reports one. There the client takes
    another `statsSessionId` for every connection; the one that it would have had,
    `parentStatsSessionId`, and the room remain."""
    if frame.kind != "identity" or not isinstance(frame.data, list) or len(frame.data) < 3:
        return None
    value = as_object(frame.data[2])
    parent, room = as_text(value.get("parentStatsSessionId")), as_text(value.get("confName"))
    return f"{parent}/{room}" if parent and room else None


class StatsReader:
    """Follows one stay of an app: that of a `statsSessionId`, or of a `breakout_stay`."""

    def __init__(self, app_id: str, stay: str) -> None:
        self.stay = stay
        self.peer_id = id_from(app_id, SOURCE, "stats", stay)
        self.last_number = 0
        self._app_id = app_id
        self._identity: dict[str, Any] = {}
        self._joined: PeerJoined | None = None
        self._deltas: dict[str, NamedDelta] = {}
        self._correction_ms = 0

    def read(self, frame: Frame, received_at: EpochMs) -> FrameFacts:
        """The facts of a frame; none of an entry that was read before. Raises `Malformed`."""
        match frame.kind:
            case "keepalive":
                return FrameFacts([], heard_at=received_at)
            case "close":
                return FrameFacts(self.left(received_at), heard_at=received_at, is_end=True)
            case "identity" | "stats-entry":
                return self._entry(frame.data, received_at)
        raise Malformed("The frame is of an unknown type.", code="bad_event")

    def left(self, at: EpochMs) -> list[Fact]:
        """The leave that the page itself announced."""
        if self._joined is None:
            return []
        id = id_from(self._app_id, SOURCE, self.peer_id, "left")
        return [PeerLeft(id=id, at=at, peer_id=self.peer_id)]

    def _entry(self, data: Any, received_at: EpochMs) -> FrameFacts:
        if not isinstance(data, list) or len(data) < _ENTRY_MEMBERS:
            raise Malformed("An entry is an array of four members or five.", code="bad_event")
        method, connection, value, sent_at, *rest = data
        stated = as_count(rest[0]) if rest else None
        number = self.last_number + 1 if stated is None else stated
        if number <= self.last_number:
            return FrameFacts([], number)
        self.last_number = number
        at = self._at(sent_at, received_at)
        if method == "identity":
            return FrameFacts(self._identified(as_object(value), at), number, at)
        # The identity may have come to another process: the record knows whose they are, or none.
        facts = self._facts(as_text(method) or "", as_text(connection), value, at, number)
        return FrameFacts(facts, number, at)

    def _at(self, sent_at: object, received_at: EpochMs) -> EpochMs:
        """The client's time, corrected once its clock turns out to be ahead."""
        at = moment_of(sent_at)
        if at is None:
            return received_at
        ahead = at - self._correction_ms - received_at
        if ahead > AHEAD_TOLERANCE_MS:
            self._correction_ms += ahead
        return EpochMs(at - self._correction_ms)

    def _identified(self, value: Mapping[str, Any], at: EpochMs) -> list[Fact]:
        self._identity |= {
            name: text for name in _IDENTITY if (text := as_text(value.get(name))) is not None
        }
        conference = self._identity.get("confName")
        if conference is None:
            return []
        room = room_of_page(conference, self._identity.get("confID"))
        is_new = self._joined is None
        endpoint = self._identity.get("endpointId")
        joined = PeerJoined(
            id=id_from(self._app_id, SOURCE, self.peer_id, "joined"),
            at=at if self._joined is None else self._joined.at,
            meeting_id=meeting_id_from(self._app_id, room),
            peer_id=self.peer_id,
            identity=Identity(
                user_id=None if endpoint is None else endpoint_user_id(self._app_id, endpoint),
                display_name=self._identity.get("displayName"),
            ),
            interval_ms=INTERVAL_MS,
            meeting_title=title_of(room),
        )
        facts: list[Fact] = [joined] if joined != self._joined else []
        self._joined = joined
        if is_new:
            data = known(
                endpoint_id=endpoint,
                meeting_unique_id=self._identity.get("meetingUniqueId"),
            )
            facts.append(self._note("jitsi_identity", data, at, 0))
        return facts

    def _facts(
        self, method: str, connection: str | None, value: Any, at: EpochMs, number: int
    ) -> list[Fact]:
        if method == "getstats" and connection is not None and isinstance(value, dict):
            return self._sample(connection, value, at, number)
        if method in _STATES and isinstance(value, str):
            data = known(connection_id=connection, state=as_text(value, longest=64))
            return [self._note(_STATES[method], data, at, number)]
        if method == "dominantSpeaker":
            speaker = as_text(as_object(value).get("dominantSpeakerEndpoint"))
            return [self._note("dominant_speaker", known(endpoint_id=speaker), at, number)]
        if method.endswith("OnFailure"):
            text = as_text(value) or as_text(as_object(value).get("name"))
            data = scalars(known(method=method[:64], error=text))
            return [self._note("media_error", data, at, number)]
        return []

    def _sample(
        self, connection: str, value: dict[str, Any], at: EpochMs, number: int
    ) -> list[Fact]:
        if connection not in self._deltas and len(self._deltas) >= MOST_CONNECTIONS:
            self._deltas.pop(next(iter(self._deltas)))
        try:
            report = self._deltas.setdefault(connection, NamedDelta()).decode(value)
            stats = [each for each in report.values() if isinstance(each.get("type"), str)]
            if is_legacy(stats):
                stats = list(translate_legacy(stats))
            text = msgspec.json.encode({"connections": [{"id": connection, "stats": stats}]})
            body = decode_body(text)
        except TooManyObjects:
            raise Malformed("The report has too many objects.", code="too_large") from None
        return [UnencodedSample(id="", at=at, peer_id=self.peer_id, sequence=number, body=body)]

    def _note(self, name: str, data: Mapping[str, Any], at: EpochMs, number: int) -> PeerEvent:
        id = id_from(self._app_id, SOURCE, self.peer_id, name, str(number))
        return PeerEvent(id=id, at=at, peer_id=self.peer_id, name=name, data=dict(data))
