"""The catalogue's rules about why a connection did not come about: the answer never came, there was
no TURN candidate, or the browser gave no camera or microphone."""

from collections.abc import Iterable
from typing import Final

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.records import StoredPeerEvent

NO_ANSWER_MS: Final = 10 * SECOND_MS
"""How long an offer may wait for its answer. Chosen: signalling takes a second or two."""

NO_PATH_MS: Final = 15 * SECOND_MS
"""How long ICE may check before its failure is taken as such. From Chrome, which fails then."""

_CONNECTED: Final = frozenset({"connected", "completed"})
_ANSWERED: Final = frozenset({"stable", "have-remote-offer", "have-remote-pranswer", "closed"})


class _Connection:
    """What is known of a connection's negotiation."""

    def __init__(self) -> None:
        self.is_connected = False
        self.offered_at: EpochMs | None = None
        """When an offer was made that is not answered yet."""
        self.checking_at: EpochMs | None = None
        self.failed_at: EpochMs | None = None
        self.closed_at: EpochMs | None = None
        self.candidates: set[str] = set()
        """The types of its own candidates."""

    def take(self, event: StoredPeerEvent) -> None:
        state = event.data.get("state")
        match event.name:
            case "local_description" if event.data.get("type") == "offer":
                self.offered_at = self.offered_at or event.at
            case "remote_description":
                self.offered_at = None
            case "signaling_state" if state == "have-local-offer":
                self.offered_at = self.offered_at or event.at
            case "signaling_state" if state in _ANSWERED:
                self.offered_at = None
            case "ice_connection_state" | "connection_state" if state in _CONNECTED:
                self.is_connected = True
            case "ice_connection_state" if state == "checking":
                self.checking_at = self.checking_at or event.at
            case "ice_connection_state" if state == "failed":
                self.failed_at = self.failed_at or event.at
            case "local_ice_candidate":
                self.candidates.add(str(event.data.get("candidate_type")))
            case "connection_closed":
                self.closed_at = event.at


def connect_issues(
    peer_id: str, events: Iterable[StoredPeerEvent], left_at: EpochMs | None, now: EpochMs
) -> list[Issue]:
    """The issues of connections that did not come about and of devices that were not given, until
    the peer left, or until now."""
    ordered = sorted(events, key=lambda event: (event.at, event.id))
    connections: dict[str, _Connection] = {}
    for event in ordered:
        named = event.data.get("connection")
        if isinstance(named, str):
            connections.setdefault(named, _Connection()).take(event)
    end_at = now if left_at is None else left_at
    found: list[Issue] = []
    for name, each in connections.items():
        if not each.is_connected:
            ref = StreamRef(peer_id=peer_id, connection_id=name)
            found += _unanswered(each, ref, end_at)
            found += _without_relay(each, ref, end_at)
    return [*found, *_refused(peer_id, ordered)]


def _unanswered(each: _Connection, ref: StreamRef, end_at: EpochMs) -> list[Issue]:
    if each.offered_at is None:
        return []
    until = each.closed_at or end_at
    if until - each.offered_at < NO_ANSWER_MS:
        return []
    return [single(IssueName.NO_ANSWER, ref, each.offered_at, until)]


def _without_relay(each: _Connection, ref: StreamRef, end_at: EpochMs) -> list[Issue]:
    """No path was found although candidates are known, none of them of a TURN server."""
    if not each.candidates or "relay" in each.candidates or each.offered_at is not None:
        return []
    if each.failed_at is not None:
        start_at = each.checking_at or each.failed_at
        return [single(IssueName.NO_RELAY_CANDIDATE, ref, start_at, each.failed_at)]
    until = each.closed_at or end_at
    if each.checking_at is None or until - each.checking_at < NO_PATH_MS:
        return []
    return [single(IssueName.NO_RELAY_CANDIDATE, ref, each.checking_at, until)]


def _refused(peer_id: str, ordered: Iterable[StoredPeerEvent]) -> list[Issue]:
    """Devices that were asked for and not given, unless they were given later. A shared screen is
    not missed: who cancels the choice wanted to."""
    failed: dict[str, EpochMs] = {}
    for event in ordered:
        if event.name == "get_user_media_error":
            types = str(event.data.get("device_types") or "").upper()
            for type_ in types.split(",") if types else ("",):
                if type_ != "SCREENSHARE":
                    failed.setdefault(type_, event.at)
        elif event.name == "media_permission" and event.data.get("permission") == "ACCEPTED":
            failed.pop(str(event.data.get("device_type") or "").upper(), None)
            failed.pop("", None)
    ref = StreamRef(peer_id=peer_id)
    return [single(IssueName.MEDIA_REFUSED, ref, at, at) for at in sorted(set(failed.values()))]
