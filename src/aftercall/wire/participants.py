"""Participants of a session as RealtimeKit writes them, and the queries that ask for them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from aftercall.core.ids import id_from
from aftercall.core.instants import EpochMs, minutes_between
from aftercall.core.list_queries import Page, ParticipantOrder, ParticipantQuery
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.quality.report.receive_stats import PeerReception
from aftercall.core.records import Participant, Peer, ReportShape
from aftercall.wire.envelope import Paging, encode_answer, encode_paging
from aftercall.wire.json_template import JsonTemplate
from aftercall.wire.peer_report.metadata import FILTERS as PARTS
from aftercall.wire.peer_report.report import (
    encode_peer_report,
    encode_peer_stats,
    encode_quality_stats,
    encode_quality_stats_list,
)
from aftercall.wire.query import (
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
    Choice,
    Choices,
    Flag,
    Query,
    Text,
    read_window,
)
from aftercall.wire.realtimekit_import.answers import ParticipantAnswers
from aftercall.wire.times import encode_time

T = TypeVar("T")

SEARCH: Final = Text(
    name="search",
    about="Part of the display name or of the custom participant id in any case, or the "
    "beginning of the participant's or the user's id.",
)
SORT_BY: Final = Choice(
    name="sort_by",
    about="What to sort by; ties by id.",
    values={"joinedAt": ParticipantOrder.JOINED_AT, "duration": ParticipantOrder.DURATION},
    default=ParticipantOrder.JOINED_AT,
)
IS_CONSOLIDATED: Final = Choice(
    name="view",
    about="Whether durations count this session alone (raw) or its breakout rooms as well "
    "(consolidated).",
    values={"raw": False, "consolidated": True},
    default=False,
)
INCLUDE_PEER_EVENTS: Final = Flag(
    name="include_peer_events", about="List when each connection came and went."
)
FILTERS: Final = Choices(
    name="filters",
    about="Keep only these parts of the call statistics; several are separated by commas.",
    values=PARTS,
)

PARTICIPANT_LIST_PARAMETERS: Final = (
    SEARCH,
    SORT_BY,
    IS_DESCENDING,
    IS_CONSOLIDATED,
    INCLUDE_PEER_EVENTS,
    PAGE_NO,
    PER_PAGE,
)
PARTICIPANT_PARAMETERS: Final = (FILTERS, INCLUDE_PEER_EVENTS)


class PeerEventBody(msgspec.Struct, frozen=True, kw_only=True):
    """A connection came or went; `created_at` is when."""

    id: str
    event_name: str
    peer_id: str
    participant_id: str
    session_id: str
    socket_session_id: None = None
    preset_view_type: str
    minutes_consumed: float
    created_at: str
    updated_at: str


class ParticipantBody(msgspec.Struct, frozen=True, kw_only=True):
    """One identity's presence in a session. `duration` is in minutes, four decimals; of one
    who is present, up to now. `left_at_inferred` says that nobody said goodbye."""

    id: str
    user_id: str | UnsetType = UNSET
    custom_participant_id: str | UnsetType = UNSET
    display_name: str | UnsetType = UNSET
    picture: str | None
    preset_name: str | UnsetType = UNSET
    role: str | UnsetType = UNSET
    session_id: str
    joined_at: str
    left_at: str | None
    left_at_inferred: bool
    duration: float
    created_at: str
    updated_at: str
    peer_events: list[PeerEventBody] | UnsetType = UNSET


class MeasuredParticipant(ParticipantBody, frozen=True, kw_only=True):
    """A participant with its call statistics, as far as there are any."""

    peer_stats: Any = UNSET
    quality_stats: Any = UNSET
    peer_report: Any = UNSET


class ParticipantDetails(msgspec.Struct, frozen=True, kw_only=True):
    participant: MeasuredParticipant


class PeerReportDetails(MeasuredParticipant, frozen=True, kw_only=True):
    """A peer's participant flat, and once more as `participant`; only in one of these places where
    the app says which one it reads."""

    participant: MeasuredParticipant


class ParticipantList(msgspec.Struct, frozen=True, kw_only=True):
    participants: list[ParticipantBody]
    paging: Paging


def read_participant_query(query: Query, *, app_id: str, session_id: str) -> ParticipantQuery:
    """The list asked for. Raises `Malformed` naming the parameter at fault."""
    offset, limit = read_window(query)
    return ParticipantQuery(
        app_id=app_id,
        session_id=session_id,
        search=SEARCH.read(query),
        order=SORT_BY.read(query),
        is_descending=IS_DESCENDING.read(query),
        offset=offset,
        limit=limit,
    )


def encode_participant(row: Participant, peers: Sequence[Peer] | None) -> ParticipantBody:
    """A row, with the comings and goings of `peers` unless that is None.

    `row.duration_minutes` is taken as the minutes to show.
    """
    return ParticipantBody(**_members(row, peers))


def encode_participant_list(
    page: Page[Participant], peers: dict[str, list[Peer]] | None
) -> ParticipantList:
    """A page of rows; `peers` are those of each row, by the row's id, when asked for."""
    return ParticipantList(
        participants=[
            encode_participant(row, None if peers is None else peers.get(row.id, []))
            for row in page.items
        ],
        paging=encode_paging(page),
    )


def encode_participant_details(
    row: Participant,
    peers: Sequence[Peer] | None,
    verdict: Verdict,
    receptions: Sequence[PeerReception] | None,
    *,
    filters: frozenset[str],
    imported: ParticipantAnswers | None = None,
) -> ParticipantDetails:
    """A row with its call statistics in their first form; `filters` (none: all) narrow them.
    `receptions` are None where they are not wanted. An `imported` participant's statistics are
    those that were answered by the system that recorded it."""
    members: dict[str, Any] = {
        "peer_stats": encode_peer_stats(row, verdict, filters=filters, in_details=True),
        "quality_stats": UNSET if receptions is None else encode_quality_stats_list(receptions),
    }
    if imported is not None:
        members |= imported.details_members(filters)
    return ParticipantDetails(participant=MeasuredParticipant(**_members(row, peers), **members))


def encode_peer_report_details(
    row: Participant,
    peers: Sequence[Peer] | None,
    verdict: Verdict,
    receptions: Sequence[PeerReception] | None,
    rows: Mapping[str, T],
    *,
    filters: frozenset[str],
    shape: ReportShape = ReportShape.BOTH,
    imported: ParticipantAnswers | None = None,
) -> list[bytes | T]:
    """The whole answer with `PeerReportDetails`: the same members flat and under `participant`, or
    in one of these places, as `shape` says.

    It comes in pieces, for the report of a long call is megabytes: JSON, and in their places the
    `rows` of each family, whatever they are. `receptions` are None where they are not wanted.
    There is no alias; no client reads a report from it. An `imported` participant's statistics are
    as in `encode_participant_details`.
    """
    frame: JsonTemplate[bytes | T] = JsonTemplate()
    older: Any = UNSET
    if receptions is not None:
        older = frame.slot(msgspec.json.encode(encode_quality_stats(receptions)))
    holes = {family: frame.slot(each) for family, each in rows.items()}
    measured: dict[str, Any] = {
        "peer_report": encode_peer_report(row, verdict, holes, filters=filters),
        "peer_stats": encode_peer_stats(row, verdict, filters=filters),
        "quality_stats": older,
    }
    if imported is not None:
        measured |= imported.report_members(filters, holes)
    members = msgspec.json.encode(MeasuredParticipant(**_members(row, peers), **measured))
    match shape:
        case ReportShape.BOTH:
            data = members[:-1] + b',"participant":' + members + b"}"
        case ReportShape.NESTED:
            data = b'{"participant":' + members + b"}"
        case ReportShape.FLAT:
            data = members
    return frame.fill(msgspec.json.encode(encode_answer(msgspec.Raw(data), has_alias=False)))


def encode_peer_events(peers: Iterable[Peer]) -> list[PeerEventBody]:
    """What RealtimeKit would have logged of these connections, in order of time.

    Ids are a function of the peer and the event, so that they are the same at each call.
    """
    events = [event for peer in peers for event in _events_of(peer)]
    return [body for _, _, body in sorted(events, key=lambda event: (event[0], event[1]))]


def _events_of(peer: Peer) -> list[tuple[EpochMs, int, PeerEventBody]]:
    joined_at = peer.present_from
    moments = [
        ("PEER_CREATED", min(peer.first_heard_at, joined_at), 0.0),
        ("PEER_JOINING", joined_at, 0.0),
    ]
    if peer.left_at is not None:
        minutes = minutes_between(joined_at, peer.left_at)
        moments.append(("PEER_LEAVING", max(peer.left_at, joined_at), minutes))
    return [
        (at, order, _event(peer, name, at, minutes))
        for order, (name, at, minutes) in enumerate(moments)
    ]


def _event(peer: Peer, name: str, at: EpochMs, minutes: float) -> PeerEventBody:
    moment = encode_time(at)
    return PeerEventBody(
        id=id_from(peer.app_id, "peer_event", peer.id, name),
        event_name=name,
        peer_id=peer.id,
        participant_id=peer.participant_id,
        session_id=peer.session_id,
        preset_view_type=peer.view_type.value,
        minutes_consumed=minutes,
        created_at=moment,
        updated_at=moment,
    )


def _members(row: Participant, peers: Sequence[Peer] | None) -> dict[str, Any]:
    names = {
        "user_id": row.user_id,
        "custom_participant_id": row.custom_participant_id,
        "display_name": row.display_name,
        "preset_name": row.preset_name,
        "role": row.preset_name,
    }
    return {
        "id": row.id,
        **{member: UNSET if name is None else name for member, name in names.items()},
        "picture": row.picture,
        "session_id": row.session_id,
        "joined_at": encode_time(row.joined_at),
        "left_at": encode_time(row.left_at),
        "left_at_inferred": row.left_is_inferred,
        "duration": row.duration_minutes,
        "created_at": encode_time(row.created_at),
        "updated_at": encode_time(row.updated_at),
        "peer_events": UNSET if peers is None else encode_peer_events(peers),
    }
