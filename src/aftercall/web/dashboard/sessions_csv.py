"""The table of sessions as a CSV file."""

import csv
import io
from collections.abc import AsyncIterator, Sequence
from typing import Final

from aftercall.core.overview.names import visible_title
from aftercall.core.overview.session_facts import ExportedSession
from aftercall.core.quality.experience.levels import WORDS
from aftercall.wire.chat_transcript_files import guard_formula
from aftercall.wire.dashboard.session_list import SessionRow, encode_session_row
from aftercall.wire.times import encode_time

COLUMNS: Final = (
    "session_id",
    "meeting_id",
    "title",
    "status",
    "started_at",
    "ended_at",
    "participants",
    "names",
    "minutes",
    "verdict",
    "affected_participants",
    "measured_participants",
    "bad_participants",
    "mos_audio",
    "mos_video",
    "worst_issue",
    "sentence",
    "browsers",
    "countries",
)


async def write_csv(pages: AsyncIterator[list[ExportedSession]]) -> AsyncIterator[bytes]:
    """The file, a piece for each page. A cell that a spreadsheet would read as a formula
    begins with `'`."""
    yield _rows([list(COLUMNS)])
    async for page in pages:
        yield _rows([_cells(encode_session_row(each.listed), each.names) for each in page])


def _rows(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8", "replace")


def _cells(call: SessionRow, names: Sequence[str]) -> list[str]:
    quality, worst = call.quality, call.worst_issue
    values: tuple[object, ...] = (
        call.id,
        call.meeting_id,
        visible_title(call.title, [seen.name for seen in call.participants], len(names)),
        call.status,
        encode_time(call.started_at),
        encode_time(call.ended_at),
        call.total_participants,
        ", ".join(names),
        call.minutes,
        WORDS[quality.level] if quality else None,
        quality.affected_participants if quality else None,
        quality.measured_participants if quality else None,
        quality.bad_participants if quality else None,
        quality.mos_audio if quality else None,
        quality.mos_video if quality else None,
        worst.name if worst else None,
        worst.sentence if worst else None,
        ", ".join(call.browsers),
        ", ".join(call.countries),
    )
    return ["" if value is None else guard_formula(str(value)) for value in values]
