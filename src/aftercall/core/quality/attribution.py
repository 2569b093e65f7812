"""Who is to blame: what the reports of a whole session together say about each participant.

What one listener misses from one sender was lost on the sender's uplink, on the listener's
downlink, or between. One report cannot tell; all of them can. A sender whose every listener
misses the same is at fault himself; a listener who misses something of everybody is; and what
a sender's own reports of loss do not show was lost after him.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import msgspec
from msgspec.structs import replace

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.issues import Issue, IssueName, Origin, StreamRef, single
from aftercall.core.quality.streams import AUDIO, PRODUCERS, Family
from aftercall.core.quality.traces import Span, StreamTrace, intersection, overlap_ms, union

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

_DOWNLINK: Final = frozenset({IssueName.POOR_NETWORK_DOWNLINK, IssueName.SEVERE_NETWORK_DOWNLINK})
_UPLINK: Final = frozenset({IssueName.POOR_NETWORK_UPLINK, IssueName.SEVERE_NETWORK_UPLINK})
_PICTURE: Final = frozenset(
    {IssueName.LOW_VIDEO_MOS, IssueName.LOW_FRAME_RATE, IssueName.LOW_RESOLUTION}
)
_ENCODING: Final = frozenset({IssueName.CPU_LIMITED, IssueName.BANDWIDTH_LIMITED}) | _PICTURE


class Party(msgspec.Struct, frozen=True, kw_only=True):
    """One participant: its row, its peers, what its own reports show."""

    row_id: str
    peer_ids: frozenset[str]
    issues: Sequence[Issue]
    traces: Sequence[StreamTrace]


class Session:
    """The participants of a session side by side."""

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
        self.heard: dict[str, dict[str, list[Span]]] = {}
        """By listener and sender, when anything of the sender's was reported on."""
        self.missed: dict[str, dict[str, list[Span]]] = {}
        """By listener and sender, when it did not arrive as it should."""
        self.raised_uplinks = {
            row_id: union(
                (issue.first_at, issue.last_at)
                for issue in party.issues
                if issue.name in _UPLINK and is_transit(issue)
            )
            for row_id, party in self.parties.items()
        }
        self._strained_uplinks = {
            row_id: _strained(each for each in party.traces if each.family in PRODUCERS)
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
        for row_id, party in self.parties.items():
            self._read_listener(row_id, party)

    def _producers(self) -> list[tuple[str, StreamTrace]]:
        return [
            (row_id, each)
            for row_id, party in self.parties.items()
            for each in party.traces
            if each.family in PRODUCERS
        ]

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

    def _read_listener(self, row_id: str, party: Party) -> None:
        received: dict[str, list[StreamTrace]] = {}
        for each in party.traces:
            sender = self.sender_of(row_id, each.ref) if each.family not in PRODUCERS else None
            if sender is not None:
                received.setdefault(sender, []).append(each)
        self.heard[row_id] = {
            sender: union(span for t in traces for span in (*t.flowing, *t.dry))
            for sender, traces in received.items()
        }
        self.missed[row_id] = {sender: _strained(traces) for sender, traces in received.items()}

    def is_uplink_strained(self, sender: str, span: Span) -> bool:
        """Whether the sender's own reports show trouble in that time."""
        return _covers(self._strained_uplinks[sender], span)

    def knows_uplink(self, sender: str, span: Span) -> bool:
        """Whether the sender's own reports tell what was lost in that time; one whose network
        is down tells nothing."""
        return _covers(self._reported[sender], span)

    def senders_missed(self, listener: str, span: Span) -> tuple[set[str], set[str]]:
        """Whom the listener heard in that time, and whom of them badly."""
        heard = {s for s, when in self.heard[listener].items() if _covers(when, span)}
        missed = self.missed[listener]
        return heard, {s for s in heard if _covers(missed.get(s, []), span)}

    def listeners_missing(self, sender: str, span: Span) -> tuple[set[str], set[str]]:
        """Who heard the sender in that time, and which of them badly."""
        heard = {r for r, by in self.heard.items() if _covers(by.get(sender, []), span)}
        return heard, {r for r in heard if _covers(self.missed[r].get(sender, []), span)}


def _strained(traces: Iterable[StreamTrace]) -> list[Span]:
    return union((span for each in traces for span in each.strained), within_ms=ONE_WAY_MS)


def is_transit(issue: Issue) -> bool:
    """Whether a network issue is one of loss or jitter, not of the round trip alone."""
    return (
        issue.worst.get("loss_percent", 0.0) >= LOSS_PERCENT
        or issue.worst.get("jitter_ms", 0.0) >= JITTER_MS
    )


def _covers(when: Sequence[Span], span: Span) -> bool:
    return overlap_ms(when, [span]) >= MATCHING_SHARE * (span[1] - span[0]) and bool(when)


def attribute(session: Session) -> dict[str, list[Issue]]:
    """The issues of each row in order of time, with their origins, and those that only the
    session as a whole shows."""
    origins = {
        row_id: [_with_origin(issue, row_id, session) for issue in party.issues]
        for row_id, party in session.parties.items()
    }
    for row_id, issues in _inferred_uplinks(session, origins).items():
        origins[row_id].extend(issues)
    for row_id in origins:
        origins[row_id] = _with_followers(origins[row_id], row_id, session)
        origins[row_id].extend(_unheard(row_id, session))
        origins[row_id].sort(key=lambda issue: (issue.first_at, issue.name))
    return origins


def _with_origin(issue: Issue, row_id: str, session: Session) -> Issue:
    if issue.stream.family is None or Family(issue.stream.family) in PRODUCERS:
        return replace(issue, origin="local")
    if issue.name not in _DOWNLINK:
        return issue
    if not is_transit(issue):
        return replace(issue, origin="local")
    sender = session.sender_of(row_id, issue.stream)
    if sender is None:
        return issue
    return replace(issue, origin=_origin_of_loss(issue, row_id, sender, session))


def _origin_of_loss(issue: Issue, listener: str, sender: str, session: Session) -> Origin | None:
    span = (issue.first_at, issue.last_at)
    if session.is_uplink_strained(sender, span):
        return "remote"
    senders, bad_senders = session.senders_missed(listener, span)
    listeners, bad_listeners = session.listeners_missing(sender, span)
    if len(senders) > 1 and len(bad_senders) >= MOST_SHARE * len(senders):
        return "local"
    if session.knows_uplink(sender, span):
        return "local"
    if len(listeners) > 1 and len(bad_listeners) >= MOST_SHARE * len(listeners):
        return "remote"
    return "local" if len(senders) > 1 or len(listeners) > 1 else None


def _inferred_uplinks(
    session: Session, origins: Mapping[str, Sequence[Issue]]
) -> dict[str, list[Issue]]:
    """Uplinks at fault by what listeners report, where the sender's own reports raised nothing:
    browsers and clients exist that do not tell what the far end reported back."""
    blamed: dict[str, list[Issue]] = {}
    for row_id, issues in origins.items():
        for issue in issues:
            if issue.origin != "remote" or issue.name not in _DOWNLINK:
                continue
            sender = session.sender_of(row_id, issue.stream)
            span = (issue.first_at, issue.last_at)
            if sender is not None and not overlap_ms(session.raised_uplinks[sender], [span]):
                blamed.setdefault(sender, []).append(issue)
    return {sender: _merged_uplinks(sender, heard) for sender, heard in blamed.items()}


def _merged_uplinks(sender: str, heard: Sequence[Issue]) -> list[Issue]:
    found: list[Issue] = []
    for first_at, last_at in union((issue.first_at, issue.last_at) for issue in heard):
        within = [issue for issue in heard if first_at <= issue.first_at <= last_at]
        worst = {
            name: max(issue.worst.get(name, 0.0) for issue in within)
            for name in ("loss_percent", "jitter_ms")
        }
        is_severe = any(issue.name is IssueName.SEVERE_NETWORK_DOWNLINK for issue in within)
        name = IssueName.SEVERE_NETWORK_UPLINK if is_severe else IssueName.POOR_NETWORK_UPLINK
        ref = StreamRef(peer_id=within[0].stream.from_peer_id or sender)
        issue = single(
            name,
            ref,
            first_at,
            last_at,
            worst,
            sample_count=max(issue.sample_count for issue in within),
        )
        found.append(replace(issue, origin="local"))
    return found


def _with_followers(issues: list[Issue], row_id: str, session: Session) -> list[Issue]:
    """Bad sound and pictures follow from a bad network at the same time on the same stream, or
    from what the sender's encoder could make."""
    network = [issue for issue in issues if issue.name in _DOWNLINK]
    found: list[Issue] = []
    for issue in issues:
        if issue.origin is not None or issue.name in _DOWNLINK:
            found.append(issue)
            continue
        span = (issue.first_at, issue.last_at)
        causes = [
            cause.origin
            for cause in network
            if cause.stream.ssrc == issue.stream.ssrc
            and cause.stream.consumer_id == issue.stream.consumer_id
            and _covers([(cause.first_at, cause.last_at)], span)
        ]
        origin: Origin | None = causes[0] if causes else None
        if origin is None and issue.name in _PICTURE:
            sender = session.sender_of(row_id, issue.stream)
            if sender is not None and _is_encoding_badly(session.parties[sender], span):
                origin = "remote"
        found.append(replace(issue, origin=origin))
    return found


def _is_encoding_badly(sender: Party, span: Span) -> bool:
    when = union(
        (issue.first_at, issue.last_at)
        for issue in sender.issues
        if issue.name in _ENCODING and issue.stream.family in _SENT_VIDEO
    )
    return _covers(when, span)


_SENT_VIDEO: Final = frozenset(
    {Family.VIDEO_PRODUCER.value, Family.SCREENSHARE_VIDEO_PRODUCER.value}
)


def _unheard(row_id: str, session: Session) -> list[Issue]:
    """Senders who could not be heard though they spoke: one-way audio when something else did
    arrive at the time, else no audio at all. Likewise pictures that were to be shown."""
    party = session.parties[row_id]
    received = [each for each in party.traces if each.family not in PRODUCERS]
    found: list[Issue] = []
    for each in received:
        sender = session.sender_of(row_id, each.ref) if each.dry else None
        if sender is None:
            continue
        others = union(span for other in received if other is not each for span in other.flowing)
        for span in intersection(each.dry, _sent_to(each, session.parties[sender])):
            if span[1] - span[0] < ONE_WAY_MS:
                continue
            name = IssueName.NO_VIDEO_RECEIVED
            if each.family in AUDIO:
                is_one_way = _covers(others, span)
                name = IssueName.ONE_WAY_AUDIO if is_one_way else IssueName.NO_AUDIO_RECEIVED
            worst = {"silent_ms": float(span[1] - span[0])}
            found.append(single(name, each.ref, *span, worst))
    return found


def _sent_to(received: StreamTrace, sender: Party) -> list[Span]:
    """When the sender spoke, pauses between words and reports not counted, or sent a picture.
    SFUs hold back pictures that nobody looks at, so these count only where one does."""
    if received.family is Family.AUDIO_CONSUMER:
        voiced = [s for t in sender.traces if t.family is Family.AUDIO_PRODUCER for s in t.voiced]
        return union(voiced, within_ms=ONE_WAY_MS)
    if received.family is Family.VIDEO_CONSUMER and received.is_shown:
        return union(
            s for t in sender.traces if t.family is Family.VIDEO_PRODUCER for s in t.flowing
        )
    return []
