"""Attendance of sessions and meetings, as JSON and as files for spreadsheets."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from datetime import tzinfo
from typing import Any, Final

from litestar import Response, get
from litestar.response import Stream

from aftercall.core.instants import EpochMs
from aftercall.core.overview.attendance import Attendance, AttendanceSum, sum_of
from aftercall.service.dashboard.attendance import MOST_READ
from aftercall.web.dashboard.queries import FORMAT, FROM, TO, ZONE, read_range
from aftercall.web.http.dependencies import (
    PathId,
    ProvidedQuery,
    ProvidedServices,
    ProvidedTenant,
)
from aftercall.web.openapi.operations import described
from aftercall.wire.dashboard.attendance import (
    MeetingAttendance,
    SessionAttendance,
    attendance_rows,
    encode_meeting_attendance,
    encode_session_attendance,
    head_row,
    sum_row,
)
from aftercall.wire.envelope import encode_answer
from aftercall.wire.query import parse_path_id

TAG: Final = "Attendance"
CSV: Final = "text/csv"
ROWS_AT_ONCE: Final = 500
"""People in a piece of a file; chosen: they take a few milliseconds."""


@get(
    "/calls/{session_id:str}/attendance",
    opt=described(
        summary="Get who attended a call",
        tag=TAG,
        about="One row a person, in the order of joining, with the sum. A person's stays are "
        "united: two tabs at once count once. `left_is_inferred` marks an end that was concluded "
        "from the last report.",
        parameters=(ZONE, FORMAT),
        answer=SessionAttendance,
        text_types=(CSV,),
    ),
)
async def get_session_attendance(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    session_id: PathId,
    parameters: ProvidedQuery,
) -> Response[Any]:
    zone, is_csv = ZONE.read(parameters), FORMAT.read(parameters) == "csv"
    id = parse_path_id(session_id, what="session")
    found = await services.attendance_lists.of_session(tenant.app_id, id)
    if is_csv:
        return csv_stream(pages_of(found.attendances), zone, f"attendance-{id}.csv")
    page = await asyncio.to_thread(encode_session_attendance, found)
    return Response(encode_answer(page, has_alias=False))


@get(
    "/meetings/{meeting_id:str}/attendance",
    opt=described(
        summary="Get who attended the sessions of a meeting",
        tag=TAG,
        about="One row a person, by name, with the sum. The answer adds up the latest sessions, of "
        "10,000 participants together; the CSV file adds up all.",
        parameters=(FROM, TO, ZONE, FORMAT),
        answer=MeetingAttendance,
        text_types=(CSV,),
    ),
)
async def get_meeting_attendance(
    services: ProvidedServices,
    tenant: ProvidedTenant,
    meeting_id: PathId,
    parameters: ProvidedQuery,
) -> Response[Any]:
    zone, is_csv = ZONE.read(parameters), FORMAT.read(parameters) == "csv"
    id = parse_path_id(meeting_id, what="meeting")
    from_at, to_at = read_range(parameters)
    found = await services.attendance_lists.of_meeting(
        tenant.app_id,
        id,
        created_from=from_at,
        created_before=None if to_at is None else EpochMs(to_at + 1),
        most=None if is_csv else MOST_READ,
    )
    if is_csv:
        return csv_stream(pages_of(found.attendances), zone, f"attendance-{id}.csv")
    page = await asyncio.to_thread(encode_meeting_attendance, found)
    return Response(encode_answer(page, has_alias=False))


async def pages_of(found: Sequence[Attendance]) -> AsyncIterator[Sequence[Attendance]]:
    """People in pieces of a file."""
    for start in range(0, len(found), ROWS_AT_ONCE):
        yield found[start : start + ROWS_AT_ONCE]


async def write_pages(
    pages: AsyncIterator[Sequence[Attendance]], zone: tzinfo
) -> AsyncIterator[bytes]:
    """The file, a piece for each page, and the sum of its rows."""
    people = stays = present_ms = 0
    talk_ms: int | None = None
    yield head_row()
    async for page in pages:
        total = sum_of(page)
        people, stays = people + total.people, stays + total.stay_count
        present_ms += total.present_ms
        if total.talk_ms is not None:
            talk_ms = (talk_ms or 0) + total.talk_ms
        yield await asyncio.to_thread(attendance_rows, page, zone)
    yield sum_row(AttendanceSum(people, stays, present_ms, talk_ms))


def csv_stream(
    pages: AsyncIterator[Sequence[Attendance]], zone: tzinfo, name: str
) -> Response[Any]:
    """A file of people to be downloaded by this name, written as it is sent."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Stream(write_pages(pages, zone), media_type=CSV, headers=headers)


def csv_response(body: bytes, name: str) -> Response[bytes]:
    """A file to be downloaded by this name."""
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    return Response(body, media_type=CSV, headers=headers)


handlers = (get_session_attendance, get_meeting_attendance)
