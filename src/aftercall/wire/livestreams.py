"""Livestreams as RealtimeKit writes them, and the queries that ask for them.

RealtimeKit tells a livestream, which has an address, from the sessions in which it was live. What
sources report is one run of a livestream: it is both, under one id. Addresses to send to, and the
keys in them, are kept nowhere.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec

from aftercall.core.egresses import (
    ERROR,
    NAME,
    PLAYBACK_URL,
    Egress,
    EgressDay,
    EgressKind,
    EgressStatus,
)
from aftercall.core.errors import Malformed
from aftercall.core.instants import DAY_MS, SECOND_MS, EpochMs, format_day, is_plausible
from aftercall.core.list_queries import EgressQuery, Page
from aftercall.wire.envelope import Paging, encode_paging
from aftercall.wire.query import (
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
    Choice,
    Flag,
    Moment,
    Query,
    Text,
    read_window,
)
from aftercall.wire.times import encode_time

NOT_LIVESTREAMED: Final = "NOT_LIVESTREAMED"

_STATUSES: Final = {
    EgressStatus.INVOKED: "INVOKED",
    EgressStatus.ACTIVE: "LIVE",
    EgressStatus.PAUSED: "IDLE",
    EgressStatus.ENDING: "IDLE",
    EgressStatus.COMPLETE: "IDLE",
    EgressStatus.FAILED: "ERRORED",
}
_OVER: Final = frozenset({EgressStatus.COMPLETE, EgressStatus.FAILED})
_START: Final = Moment(name="start_time", about="Only livestreams invoked at or after this.")
_END: Final = Moment(name="end_time", about="Only livestreams invoked at or before this.")
_STATUS: Final = Choice[str](
    name="status",
    about="Only livestreams of this status.",
    values={name: name for name in dict.fromkeys(_STATUSES.values())},
    default="",
)
_EXCLUDE_MEETINGS: Final = Flag(
    name="exclude_meetings",
    about="Only livestreams of no meeting. Every livestream that is known here has one.",
)
LIVESTREAM_PARAMETERS: Final = (
    _START,
    _END,
    _STATUS,
    _EXCLUDE_MEETINGS,
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
)
_FROM: Final = Text(name="start_time", about="The first second, since 1970.")
_TO: Final = Text(name="end_time", about="The last second, since 1970; now by default.")
ANALYTICS_PARAMETERS: Final = (_FROM, _TO)
USUAL_MS: Final = 30 * DAY_MS
LONGEST_MS: Final = 366 * DAY_MS
"""The longest period that livestreams are counted for."""


class Livestream(msgspec.Struct, frozen=True, kw_only=True):
    """A livestream that a source reported."""

    id: str
    name: str | None
    status: str
    meeting_id: str
    playback_url: str | None
    ingest_server: None = None
    stream_key: None = None
    disabled: None = None
    created_at: str
    updated_at: str


class LivestreamSession(msgspec.Struct, frozen=True, kw_only=True):
    """When a livestream was live. `ingest_seconds` is known once it is over."""

    id: str
    livestream_id: str
    session_id: str
    invoked_time: str
    started_time: str | None
    stopped_time: str | None
    ingest_seconds: int | None
    viewer_seconds: int | None
    err_message: str | None
    created_at: str
    updated_at: str


class LivestreamList(msgspec.Struct, frozen=True, kw_only=True):
    livestreams: list[Livestream]
    paging: Paging


class LivestreamDetails(msgspec.Struct, frozen=True, kw_only=True):
    """A livestream with its sessions, and the latest of them apart."""

    livestream: Livestream
    session: LivestreamSession
    sessions: list[LivestreamSession]
    paging: Paging


class ActiveLivestream(msgspec.Struct, frozen=True, kw_only=True):
    livestream: Livestream
    session: LivestreamSession


class LivestreamSessions(msgspec.Struct, frozen=True, kw_only=True):
    """The livestreams of a session; `data` as the forerunner had it."""

    sessions: list[LivestreamSession]
    data: list[LivestreamSession]
    paging: Paging


class LivestreamTotals(msgspec.Struct, frozen=True, kw_only=True):
    """The livestreams of a period. `total_viewer_seconds` is `null` if no source states any."""

    count: int
    total_ingest_seconds: int
    total_viewer_seconds: int | None


class LivestreamDay(LivestreamTotals, frozen=True, kw_only=True):
    date: str


def read_livestream_query(query: Query, *, app_id: str) -> EgressQuery:
    """The list asked for. Raises `Malformed` naming the parameter at fault."""
    offset, limit = read_window(query)
    name = _STATUS.read(query)
    return EgressQuery(
        app_id=app_id,
        kind=EgressKind.LIVESTREAM,
        session_ids=() if _EXCLUDE_MEETINGS.read(query) else None,
        statuses=tuple(status for status, known in _STATUSES.items() if known == name),
        invoked_from=_START.read(query),
        invoked_to=_END.read(query),
        is_descending=IS_DESCENDING.read(query),
        offset=offset,
        limit=limit,
    )


def read_period(query: Query, now: EpochMs) -> tuple[EpochMs, EpochMs]:
    """The first and the last moment asked for; the last thirty days by default. Raises
    `Malformed`."""
    last = _read_second(_TO, query)
    last = now if last is None else EpochMs(last + SECOND_MS - 1)
    first = _read_second(_FROM, query)
    first = EpochMs(last - USUAL_MS) if first is None else first
    if first > last or last - first > LONGEST_MS:
        raise Malformed(
            '"start_time" must be before "end_time", and at most 366 days before it',
            code="bad_range",
            field="start_time",
        )
    return first, last


def encode_livestream(egress: Egress) -> Livestream:
    return Livestream(
        id=egress.id,
        name=egress.text(NAME),
        status=_STATUSES[egress.status],
        meeting_id=egress.meeting_id,
        playback_url=egress.text(PLAYBACK_URL),
        created_at=encode_time(egress.created_at),
        updated_at=encode_time(egress.updated_at),
    )


def encode_livestream_session(egress: Egress) -> LivestreamSession:
    return LivestreamSession(
        id=egress.id,
        livestream_id=egress.id,
        session_id=egress.session_id,
        invoked_time=encode_time(egress.invoked_at),
        started_time=encode_time(egress.started_at),
        stopped_time=encode_time(egress.stopped_at),
        ingest_seconds=_seconds(egress.length_ms),
        viewer_seconds=_seconds(egress.viewer_ms),
        err_message=egress.text(ERROR),
        created_at=encode_time(egress.created_at),
        updated_at=encode_time(egress.updated_at),
    )


def encode_livestream_details(egress: Egress) -> LivestreamDetails:
    session = encode_livestream_session(egress)
    return LivestreamDetails(
        livestream=encode_livestream(egress),
        session=session,
        sessions=[session],
        paging=encode_paging(Page(items=[egress], offset=0, total=1)),
    )


def encode_active_livestream(egress: Egress) -> ActiveLivestream:
    return ActiveLivestream(
        livestream=encode_livestream(egress), session=encode_livestream_session(egress)
    )


def encode_livestream_list(page: Page[Egress]) -> LivestreamList:
    return LivestreamList(
        livestreams=[encode_livestream(egress) for egress in page.items],
        paging=encode_paging(page),
    )


def encode_livestream_sessions(found: Sequence[Egress]) -> LivestreamSessions:
    of_kind = [egress for egress in found if egress.kind is EgressKind.LIVESTREAM]
    sessions = [encode_livestream_session(egress) for egress in of_kind]
    paging = encode_paging(Page(items=of_kind, offset=0, total=len(of_kind)))
    return LivestreamSessions(sessions=sessions, data=sessions, paging=paging)


def encode_livestream_totals(days: Sequence[EgressDay]) -> LivestreamTotals:
    return LivestreamTotals(**_totals(days))


def encode_livestream_days(days: Sequence[EgressDay]) -> list[LivestreamDay]:
    """Every day on which there was one, the earliest first."""
    return [LivestreamDay(date=format_day(day.day), **_totals([day])) for day in days]


def encode_livestream_news(egress: Egress) -> dict[str, Any]:
    """The members of a livestream in a webhook; what is not known is left out."""
    return {
        "streamId": egress.id,
        "status": "OFFLINE" if egress.status in _OVER else _STATUSES[egress.status],
        "manualIngest": False,
        **({"playbackUrl": url} if (url := egress.text(PLAYBACK_URL)) else {}),
    }


def livestream_status(found: Sequence[Egress]) -> str:
    """The status of a session: that of its latest livestream."""
    of_kind = [egress for egress in found if egress.kind is EgressKind.LIVESTREAM]
    return _STATUSES[of_kind[-1].status] if of_kind else NOT_LIVESTREAMED


def _totals(days: Sequence[EgressDay]) -> Mapping[str, Any]:
    watched = [day.viewer_ms for day in days if day.viewer_ms is not None]
    return {
        "count": sum(day.egresses for day in days),
        "total_ingest_seconds": _seconds(sum(day.length_ms for day in days)),
        "total_viewer_seconds": _seconds(sum(watched)) if watched else None,
    }


def _seconds(ms: int | None) -> int | None:
    return None if ms is None else round(ms / SECOND_MS)


def _read_second(parameter: Text, query: Query) -> EpochMs | None:
    text = parameter.read(query)
    if text is None:
        return None
    try:
        moment = EpochMs(int(float(text) * SECOND_MS))
    except (ValueError, OverflowError):
        moment = EpochMs(-1)
    if not (moment == 0 or is_plausible(moment)):
        raise Malformed(
            f'"{parameter.name}" must be a number of seconds since 1970',
            code="bad_time",
            field=parameter.name,
        )
    return moment
