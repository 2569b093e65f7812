"""What the doors are given: the use cases, and nothing below them."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry

from aftercall.core.ids import NewId
from aftercall.core.instants import Clock
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.summary.layout import SummaryOptions
from aftercall.service.accounts.access import Access
from aftercall.service.accounts.budgets import Budgets
from aftercall.service.accounts.setup import Founding
from aftercall.service.accounts.sign_in import SignIns
from aftercall.service.api.exports import Exports
from aftercall.service.api.links import Links
from aftercall.service.api.meetings import Rooms
from aftercall.service.api.sessions import Reads
from aftercall.service.dashboard.live_updates import Live
from aftercall.service.dashboard.overview import Overviews
from aftercall.service.dashboard.participant_page import SeriesReads
from aftercall.service.dashboard.people import People
from aftercall.service.dashboard.session_list import Calls
from aftercall.service.dashboard.session_page import CallPages
from aftercall.service.data_check import Audit
from aftercall.service.downtime import Listening
from aftercall.service.geo import Geo
from aftercall.service.jobs import Jobs
from aftercall.service.recording.aliases import Aliases
from aftercall.service.recording.queue import Intake
from aftercall.service.recording.recorder import Recorder
from aftercall.service.reports.digests import DigestKeeper, Digests
from aftercall.service.reports.finalise import Finaliser
from aftercall.service.reports.peer_reports import Reports
from aftercall.service.reports.summaries import Summaries
from aftercall.settings import Settings
from aftercall.store.engine.database import Database


@dataclass(frozen=True, kw_only=True)
class Services:
    """The use cases of one process."""

    settings: Settings
    clock: Clock
    new_id: NewId
    metrics: CollectorRegistry
    is_ready: Callable[[], Awaitable[bool]]
    """Whether the database is reachable and has this program's schema."""
    access: Access
    rooms: Rooms
    reads: Reads
    reports: Reports
    digests: Digests
    calls: Calls
    call_pages: CallPages
    series: SeriesReads
    people: People
    overviews: Overviews
    live: Live
    sign_ins: SignIns
    links: Links
    exports: Exports
    summaries: Summaries
    finaliser: Finaliser
    founding: Founding
    recorder: Recorder
    listening: Listening
    intake: Intake
    budgets: Budgets
    aliases: Aliases
    geo: Geo
    jobs: Jobs
    audit: Audit


def default_summary_options(settings: Mapping[str, Any]) -> SummaryOptions:
    """The wishes of a meeting's creator who has none."""
    return SummaryOptions()


def build_services(
    db: Database,
    *,
    settings: Settings,
    clock: Clock,
    new_id: NewId,
    policy: Policy,
    seconds: Callable[[], float] = monotonic,
    summary_options_of: Callable[[Mapping[str, Any]], SummaryOptions] = default_summary_options,
) -> Services:
    """The use cases over one database, wired. `seconds` is a clock that never jumps;
    `summary_options_of` reads from a meeting's settings how its creator wants its summaries."""
    metrics = CollectorRegistry()
    most_talk = settings.session_talk_characters
    recorder = Recorder(db, clock=clock, new_id=new_id, policy=policy, most_talk=most_talk)
    reports = Reports(db=db, clock=clock, keeper=DigestKeeper(db=db, clock=clock))
    access = Access(db=db, clock=clock, new_id=new_id, settings=settings)
    links = Links(db=db, clock=clock, settings=settings)
    digests = Digests(db=db, clock=clock, reports=reports)
    calls = Calls(db=db, clock=clock, digests=digests)
    pages = CallPages(db=db, clock=clock, calls=calls, digests=digests, links=links)
    summaries = Summaries(db=db, clock=clock, options_of=summary_options_of)
    return Services(
        settings=settings,
        clock=clock,
        new_id=new_id,
        metrics=metrics,
        is_ready=db.is_current,
        access=access,
        rooms=Rooms(db=db, clock=clock, new_id=new_id, recorder=recorder),
        reads=Reads(db=db, clock=clock, settings=settings),
        reports=reports,
        digests=digests,
        calls=calls,
        call_pages=pages,
        series=SeriesReads(db=db, clock=clock, pages=pages, digests=digests, reports=reports),
        people=People(db=db),
        overviews=Overviews(db=db, clock=clock),
        live=Live(db=db, clock=clock),
        sign_ins=SignIns(db=db, clock=clock, access=access),
        links=links,
        exports=Exports(db=db),
        summaries=summaries,
        finaliser=Finaliser(db, reports=reports, summaries=summaries),
        founding=Founding(db=db, clock=clock, new_id=new_id),
        recorder=recorder,
        listening=Listening(db, clock=clock, seconds=seconds),
        intake=Intake(
            recorder,
            capacity=settings.intake_queue,
            capacity_bytes=settings.intake_queue_bytes,
            metrics=metrics,
        ),
        budgets=Budgets(settings, clock=clock, seconds=seconds, metrics=metrics),
        aliases=Aliases(db),
        geo=Geo.open(settings.geo_database, settings.asn_database),
        jobs=Jobs(db, clock=clock),
        audit=Audit(db),
    )
