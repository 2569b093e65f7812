"""Thousands of ended calls with a few hundred participants, written directly into an SQLite
database, so that searches run over many rows."""

import random
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import create_engine, text

from aftercall.core.instants import DAY_MS, EpochMs
from aftercall.core.overview.session_summary import ParticipantBrief, SessionQuality, SessionSummary
from aftercall.core.quality.report.fold import FOLD_VERSION
from aftercall.core.records import EVERY_KIND
from aftercall.store.sessions.bulk_index import index_all
from aftercall.store.sessions.day_counts import EVERY_SIZE
from aftercall.store.sessions.facets import search_terms_of
from aftercall.store.sessions.stored_summary import encode_summary
from aftercall.store.tables import schema

FIRST_NAMES = (
    "Ada",
    "Bruno",
    "Chiara",
    "Dmitri",
    "Elif",
    "Farid",
    "Grace",
    "Hiroshi",
    "Ines",
    "Jonas",
)
LAST_NAMES = (
    "Costa",
    "Dubois",
    "Eriksen",
    "Fischer",
    "Haddad",
    "Ito",
    "Jansen",
    "Kowalski",
    "Novak",
)
TITLES = ("Weekly planning", "Support call", "Interview", "Choir committee", "Budget round")
_LENGTH_MS = 1_500_000
_ADDED = (
    "(app_id, day, total_participants) DO UPDATE SET sessions = sessions + excluded.sessions, "
    "minutes = minutes + excluded.minutes"
)
_DAYS = 60


def fill(
    data_dir: Path,
    app_id: str,
    *,
    count: int,
    now: EpochMs,
    also: Sequence[str],
    apart_from: EpochMs,
) -> None:
    """Write `count` calls of the sixty days before `now`; those in `also` are often among the
    participants, but not within a day of `apart_from`, when their own call was. The server must
    not be running."""
    tables: dict[str, list[tuple[Any, ...]]] = {}
    for table, row in _rows(app_id, count, now, also, apart_from):
        tables.setdefault(table, []).append(row)
    connection = sqlite3.connect(data_dir / "aftercall.db")
    with connection:
        for table, rows in tables.items():
            marks = ", ".join("?" * len(rows[0]))
            known = _ADDED if table == "session_tallies" else "DO NOTHING"
            connection.executemany(
                f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT {known}", rows
            )
    connection.close()
    engine = create_engine(f"sqlite:///{data_dir / 'aftercall.db'}")
    with engine.begin() as opened:
        for table in ("session_days", "session_postings", "minute_tallies"):
            opened.execute(text(f"DELETE FROM {table}"))
        opened.execute(text("UPDATE sessions SET ordinal = NULL"))
        index_all(opened)
        opened.execute(text("ANALYZE"))
    engine.dispose()


def _rows(
    app_id: str, count: int, now: EpochMs, also: Sequence[str], apart_from: EpochMs
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    dice = random.Random(count)
    names = [f"{first} {last}" for first in FIRST_NAMES for last in LAST_NAMES]
    days: dict[int, int] = {}
    for number in range(count):
        created_at = EpochMs(now - DAY_MS // 4 - dice.randrange(_DAYS * DAY_MS))
        present = dice.sample(names, 2)
        if number % 10 == 0 and abs(created_at - apart_from) > DAY_MS:
            present[0] = dice.choice(also)
        days[created_at // DAY_MS] = days.get(created_at // DAY_MS, 0) + 1
        yield from _call_rows(app_id, number, created_at, dice.choice(TITLES), present)
    for day, sessions in days.items():
        for size in (EVERY_SIZE, 2):
            minutes = 50.0 * sessions
            yield "session_tallies", (app_id, day, size, sessions, minutes)


def _call_rows(
    app_id: str,
    number: int,
    created_at: EpochMs,
    title: str,
    names: Sequence[str],
) -> Iterator[tuple[str, tuple[Any, ...]]]:
    id = f"c0000000-0000-4000-8000-{number:012x}"
    ended_at = created_at + _LENGTH_MS
    meeting_id = f"crowd-{number % 97}"
    yield (
        "sessions",
        _row(
            "sessions",
            {
                "app_id": app_id, "id": id, "meeting_id": meeting_id, "title": title,
                "kind": "meeting", "phase": "ended", "created_at": created_at,
                "started_at": created_at, "ended_at": ended_at, "end_reason": "emptied",
                "updated_at": ended_at, "touched_at": ended_at, "keep_alive_s": 60,
                "live_participants": 0, "total_participants": 2, "max_concurrent_participants": 2,
                "minutes_consumed": 50.0, "minutes_by_view": "{}", "day": created_at // DAY_MS,
                "kept_kinds": EVERY_KIND, "recorded_day": created_at // DAY_MS,
            },
        ),
    )  # fmt: skip
    seen = [
        ParticipantBrief(id=f"{id[:-1]}{n}", name=name, person=f"crowd {name}")
        for n, name in enumerate(names)
    ]
    for one in seen:
        yield (
            "participants",
            _row("participants", {
                "app_id": app_id, "session_id": id, "id": one.id, "display_name": one.name,
                "view_type": "GROUP_CALL", "is_hidden": False, "joined_at": created_at,
                "left_at": ended_at, "left_is_inferred": False, "duration_minutes": 25.0,
                "created_at": created_at, "updated_at": ended_at,
            }),
        )  # fmt: skip
    shares = [(0, 0, 0 if place % 7 else 1, 2 if place % 7 else 1) for place in range(25)]
    quality = SessionQuality(
        fold_version=FOLD_VERSION, is_final=True, level=3, affected_participants=1,
        letters=(0, 0, 1, 1), mos_audio=4.2, mos_video=3.6, measured_participants=2,
        bad_participants=0, is_bad=False, shares=shares, shares_from_at=created_at,
        shares_bucket_ms=60_000,
    )  # fmt: skip
    marks = search_terms_of([title, *names], [None])
    summary = SessionSummary(
        participants=seen, quality=quality, browsers=["Chrome"], countries=["PT"]
    )
    yield (
        "session_verdicts",
        _row("session_verdicts", {
            "app_id": app_id, "session_id": id, "created_at": created_at, "quality_rank": 3.6,
            "summary": encode_summary(summary),
            "counted": msgspec.json.encode(
                {"created_at": created_at, "is_bad": False, "facets": {}, "marks": marks}
            ).decode(),
        }),
    )  # fmt: skip


def _row(table: str, values: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(values.get(name) for name in schema.metadata.tables[table].columns.keys())  # noqa: SIM118
