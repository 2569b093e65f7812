"""The use cases of one process, for the HTTP handlers, jobs and the command line."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any

from prometheus_client import CollectorRegistry

from aftercall.core.ids import NewId
from aftercall.core.instants import Clock
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.summary.layout import SummaryOptions
from aftercall.outbound.alert_channels.deliver import Channels
from aftercall.outbound.alert_channels.mail import MailServer
from aftercall.outbound.safe_sender import SafeSender, make_sender
from aftercall.outbound.speech_model import SpeechModel
from aftercall.service.accounts.intake_rate_limits import Budgets
from aftercall.service.accounts.read_links import ReadLinks
from aftercall.service.accounts.setup import Setup
from aftercall.service.accounts.sign_in import SignIns
from aftercall.service.accounts.source_keys import SourceKeys
from aftercall.service.accounts.tokens import Access
from aftercall.service.alerts.alert_rules import AlertRules
from aftercall.service.alerts.delivery import AlertDeliveries
from aftercall.service.alerts.evaluation import AlertEvaluation
from aftercall.service.api.download_rows import Exports
from aftercall.service.api.egresses import Egresses
from aftercall.service.api.links import Links
from aftercall.service.api.meetings import Meetings
from aftercall.service.api.presets import Presets
from aftercall.service.api.sessions import SessionReads
from aftercall.service.api.transcript_uploads import TranscriptUploads
from aftercall.service.audit import AuditLog
from aftercall.service.dashboard.attendance import AttendanceLists
from aftercall.service.dashboard.attendance_periods import AttendancePeriods
from aftercall.service.dashboard.live_updates import LiveUpdates
from aftercall.service.dashboard.overview import Overviews
from aftercall.service.dashboard.participant_page import ParticipantPages
from aftercall.service.dashboard.people import People
from aftercall.service.dashboard.session_list import SessionLists
from aftercall.service.dashboard.session_page import SessionPages
from aftercall.service.data_check import DataCheck
from aftercall.service.downtime import DowntimeWatch
from aftercall.service.dump_uploads import DumpUploads
from aftercall.service.encryption import Encryption
from aftercall.service.erased_people import ErasedPeople
from aftercall.service.geo import Geo
from aftercall.service.import_places import ImportPlaces
from aftercall.service.imports import Imports
from aftercall.service.jobs import Jobs
from aftercall.service.models import speech_model_of, summarising
from aftercall.service.polled_servers import PolledServers
from aftercall.service.privacy.deletions import Deletions
from aftercall.service.privacy.erasures import Erasures
from aftercall.service.privacy.person_exports import PersonExports
from aftercall.service.privacy.readmission import Readmissions
from aftercall.service.recording.aliases import Aliases
from aftercall.service.recording.group_commit import WriteQueue
from aftercall.service.recording.recorder import Recorder
from aftercall.service.reports.digests import Digests
from aftercall.service.reports.finalise import Finaliser
from aftercall.service.reports.peer_reports import Reports
from aftercall.service.reports.session_reports import SessionReports
from aftercall.service.reports.summaries import Summaries
from aftercall.service.retention.deletion import Deletion
from aftercall.service.retention.policies import RetentionPolicies
from aftercall.service.retention_rule import RetentionRule
from aftercall.service.sample_day import SampleDays
from aftercall.service.session_facts import SessionFacts
from aftercall.service.session_watches import SessionWatches
from aftercall.service.transcriptions import Transcriptions
from aftercall.service.webhooks.announcer import Announcer
from aftercall.service.webhooks.artefacts import ArtefactNews
from aftercall.service.webhooks.deliveries import Deliveries
from aftercall.service.webhooks.delivery_log import DeliveryLog
from aftercall.service.webhooks.signing_keys import SigningKeys
from aftercall.service.webhooks.subscriptions import Subscriptions
from aftercall.service.work_metrics import JudgedSessions, WorkMetrics
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
    meetings: Meetings
    presets: Presets
    egresses: Egresses
    session_reads: SessionReads
    reports: Reports
    session_reports: SessionReports
    digests: Digests
    session_lists: SessionLists
    session_pages: SessionPages
    participant_pages: ParticipantPages
    people: People
    attendance_lists: AttendanceLists
    attendance_periods: AttendancePeriods
    overviews: Overviews
    live_updates: LiveUpdates
    sign_ins: SignIns
    read_links: ReadLinks
    source_keys: SourceKeys
    polled_servers: PolledServers
    links: Links
    retention_rule: RetentionRule
    exports: Exports
    summaries: Summaries
    finaliser: Finaliser
    work_metrics: WorkMetrics
    setup: Setup
    recorder: Recorder
    downtime_watch: DowntimeWatch
    write_queue: WriteQueue
    budgets: Budgets
    aliases: Aliases
    geo: Geo
    jobs: Jobs
    erased_people: ErasedPeople
    erasures: Erasures
    readmissions: Readmissions
    deletions: Deletions
    person_exports: PersonExports
    audit_log: AuditLog
    data_check: DataCheck
    deletion: Deletion
    retention_policies: RetentionPolicies
    sample_days: SampleDays
    imports: Imports
    import_places: ImportPlaces
    session_facts: SessionFacts
    dump_uploads: DumpUploads
    transcript_uploads: TranscriptUploads
    transcriptions: Transcriptions
    speech_model: SpeechModel | None
    """The model that transcribes, if the settings name one."""
    announcer: Announcer
    artefact_news: ArtefactNews
    webhooks: Subscriptions
    webhook_deliveries: Deliveries
    delivery_log: DeliveryLog
    signing_keys: SigningKeys
    sender: SafeSender
    alert_rules: AlertRules
    alert_deliveries: AlertDeliveries
    alert_evaluation: AlertEvaluation


def default_summary_options(settings: Mapping[str, Any]) -> SummaryOptions:
    """The summary options of a meeting that has none of its own."""
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
    erased_people = ErasedPeople()
    retention_rule = RetentionRule(db=db, clock=clock, settings=settings)
    encryption = Encryption(settings)
    announcer = Announcer(clock=clock)
    artefact_news = ArtefactNews(db=db, clock=clock, announcer=announcer)
    person_exports = PersonExports(
        db=db,
        clock=clock,
        new_id=new_id,
        data_dir=settings.data_dir,
        erased_people=erased_people,
        retention=retention_rule,
    )
    dump_uploads = DumpUploads(
        db=db, clock=clock, new_id=new_id, settings=settings, retention=retention_rule
    )
    recorder = Recorder(
        db,
        clock=clock,
        new_id=new_id,
        policy=policy,
        most_talk=most_talk,
        erased_people=erased_people,
        retention=retention_rule,
        announcer=announcer,
    )
    watches = SessionWatches(db=db, clock=clock)
    reports = Reports(db=db, clock=clock, retention=retention_rule, watches=watches)
    session_reports = SessionReports(db=db, clock=clock, retention=retention_rule)
    access = Access(db=db, clock=clock, new_id=new_id, settings=settings)
    links = Links(db=db, clock=clock, settings=settings, retention=retention_rule)
    digests = Digests(db=db, clock=clock, reports=reports, retention=retention_rule)
    people = People(db=db, clock=clock, retention=retention_rule)
    calls = SessionLists(db=db, clock=clock, digests=digests, retention=retention_rule)
    pages = SessionPages(
        db=db,
        clock=clock,
        calls=calls,
        digests=digests,
        links=links,
        watches=watches,
        retention=retention_rule,
    )
    sender = make_sender(settings)
    keys_of_sources = SourceKeys(db=db, clock=clock, settings=settings, check_url=sender.check)
    summaries = Summaries(
        db=db,
        clock=clock,
        options_of=summary_options_of,
        retention=retention_rule,
        artefacts=artefact_news,
        **summarising(settings, sender, metrics),
    )
    alert_deliveries = AlertDeliveries(
        db=db,
        settings=settings,
        channels=Channels(
            sender,
            mail_server=MailServer.read(settings.smtp_url, settings.smtp_from),
            has_apprise=settings.apprise,
        ),
        encryption=encryption,
        retention=retention_rule,
        metrics=metrics,
    )
    transcript_uploads = TranscriptUploads(
        db=db,
        clock=clock,
        retention=retention_rule,
        erased_people=erased_people,
        summaries=summaries,
        artefacts=artefact_news,
        most_characters=most_talk,
    )
    return Services(
        settings=settings,
        clock=clock,
        new_id=new_id,
        metrics=metrics,
        is_ready=db.is_current,
        access=access,
        meetings=Meetings(
            db=db, clock=clock, new_id=new_id, recorder=recorder, erased_people=erased_people
        ),
        presets=Presets(db=db, clock=clock, new_id=new_id),
        egresses=Egresses(db=db, retention=retention_rule),
        session_reads=SessionReads(db=db, clock=clock, settings=settings, retention=retention_rule),
        reports=reports,
        session_reports=session_reports,
        digests=digests,
        session_lists=calls,
        session_pages=pages,
        participant_pages=ParticipantPages(db=db, pages=pages, digests=digests, reports=reports),
        people=people,
        attendance_lists=AttendanceLists(db=db, clock=clock, retention=retention_rule),
        attendance_periods=AttendancePeriods(
            db=db, clock=clock, retention=retention_rule, people=people
        ),
        overviews=Overviews(db=db, clock=clock),
        live_updates=LiveUpdates(db=db, clock=clock),
        sign_ins=SignIns(db=db, clock=clock, access=access),
        read_links=ReadLinks(db=db, clock=clock, new_id=new_id, retention=retention_rule),
        source_keys=keys_of_sources,
        polled_servers=PolledServers(
            db=db, clock=clock, settings=settings, source_keys=keys_of_sources
        ),
        links=links,
        retention_rule=retention_rule,
        exports=Exports(db=db),
        summaries=summaries,
        finaliser=Finaliser(
            db,
            session_reports=session_reports,
            summaries=summaries,
            judged=JudgedSessions(metrics),
            retention=retention_rule,
            artefacts=artefact_news,
        ),
        work_metrics=WorkMetrics(db, clock=clock, metrics=metrics, seconds=seconds),
        setup=Setup(db=db, clock=clock, new_id=new_id),
        recorder=recorder,
        downtime_watch=DowntimeWatch(db, clock=clock, seconds=seconds),
        write_queue=WriteQueue(
            recorder,
            capacity=settings.intake_queue,
            capacity_bytes=settings.intake_queue_bytes,
            metrics=metrics,
        ),
        budgets=Budgets(settings, clock=clock, seconds=seconds, metrics=metrics),
        aliases=Aliases(db),
        geo=Geo.open(settings.geo_database, settings.asn_database),
        jobs=Jobs(db, clock=clock),
        erased_people=erased_people,
        erasures=Erasures(
            db=db,
            clock=clock,
            new_id=new_id,
            data_dir=settings.data_dir,
            erased_people=erased_people,
            session_reports=session_reports,
            summaries=summaries,
            exports=person_exports,
        ),
        person_exports=person_exports,
        readmissions=Readmissions(
            db=db, clock=clock, data_dir=settings.data_dir, erased_people=erased_people
        ),
        deletions=Deletions(db=db, clock=clock, exports=person_exports, dump_uploads=dump_uploads),
        audit_log=AuditLog(db, clock=clock, keep_days=settings.audit_retention_days),
        data_check=DataCheck(db),
        retention_policies=RetentionPolicies(
            db=db, clock=clock, settings=settings, retention=retention_rule
        ),
        imports=Imports(db=db, clock=clock, erased_people=erased_people, retention=retention_rule),
        sample_days=SampleDays(db=db, clock=clock, new_id=new_id, access=access),
        import_places=ImportPlaces(db),
        dump_uploads=dump_uploads,
        transcript_uploads=transcript_uploads,
        transcriptions=Transcriptions(
            db=db, clock=clock, new_id=new_id, settings=settings, uploads=transcript_uploads
        ),
        speech_model=speech_model_of(settings, sender),
        session_facts=SessionFacts(db, exports=Exports(db=db), retention=retention_rule),
        announcer=announcer,
        artefact_news=artefact_news,
        webhooks=Subscriptions(
            db=db,
            clock=clock,
            new_id=new_id,
            encryption=encryption,
            announcer=announcer,
            check_url=sender.check,
        ),
        webhook_deliveries=Deliveries(
            db=db,
            clock=clock,
            announcer=announcer,
            retention=retention_rule,
            metrics=metrics,
            keep_days=settings.webhook_retention_days,
        ),
        delivery_log=DeliveryLog(db=db, clock=clock),
        signing_keys=SigningKeys(db=db, clock=clock, encryption=encryption),
        deletion=Deletion(
            db=db, clock=clock, retention=retention_rule, metrics=metrics, seconds=seconds
        ),
        sender=sender,
        alert_rules=AlertRules(
            db=db,
            clock=clock,
            new_id=new_id,
            encryption=encryption,
            deliveries=alert_deliveries,
        ),
        alert_deliveries=alert_deliveries,
        alert_evaluation=AlertEvaluation(
            db=db,
            clock=clock,
            new_id=new_id,
            digests=digests,
            settings=settings,
            metrics=metrics,
            seconds=seconds,
        ),
    )
