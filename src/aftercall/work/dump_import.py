"""Imports dumps of past calls: each is read twice, once to see what it holds and once to record it.

Reading runs in a thread, so that requests of the same process go on.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, suppress
from functools import partial
from itertools import islice
from pathlib import PurePath
from typing import BinaryIO, Final, NamedTuple

from aftercall.core.errors import Malformed
from aftercall.core.events import Identity
from aftercall.core.ids import id_from
from aftercall.core.import_records import (
    MOST_FILES,
    CallImported,
    ConnectionRead,
    FileRead,
    ImportOptions,
    ImportReport,
    ParticipantImported,
    StreamRead,
)
from aftercall.core.instants import EpochMs, format_iso
from aftercall.core.privacy import Privacy
from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.formats import Format, format_of
from aftercall.ingest.dumps.grouping import SurveyedPeer, calls_of, peers_of, title_of
from aftercall.ingest.dumps.survey import NO_TIME, Survey, survey
from aftercall.ingest.dumps.translate import (
    SOURCE,
    DumpFact,
    PeerPlan,
    Translator,
    joins,
    leave,
)
from aftercall.ingest.redaction import redact
from aftercall.ingest.source import Fact
from aftercall.service.services import Services
from aftercall.work.export_import import (
    DumpFile,
    count_outcome,
    import_export,
    is_own_export,
)

AT_ONCE: Final = 500
"""Facts in one transaction."""

Progress = Callable[[float], None]
"""Is called with the share of the work that is done, 0..1. Raises `ImportCancelled` to stop it."""

CANCELLED: Final = "The import was cancelled before this file was read."


class ImportCancelled(Exception):
    """Nothing more of an import is to be read."""


class _Surveyed(NamedTuple):
    number: int
    file: DumpFile
    format: Format
    survey: Survey
    digest: str


class _Read(NamedTuple):
    """What has been read so far."""

    reports: list[FileRead]
    own: list[CallImported]
    """Calls of Aftercall's own exports."""
    calls: "list[tuple[CallImported, list[PeerPlan]]]"


class DumpImporter:
    """Imports into one app."""

    def __init__(self, services: Services, app_id: str) -> None:
        self._services = services
        self._app_id = app_id
        self._privacy = Privacy(services.settings.privacy)

    async def run(
        self, files: Sequence[DumpFile], options: ImportOptions, progress: Progress
    ) -> ImportReport:
        """Import files. A file that cannot be read does not keep the others from it. What was
        recorded when `progress` stopped it is ended as it is, and reported."""
        if len(files) > MOST_FILES:
            raise Malformed(f"An import has at most {MOST_FILES} files.", code="too_many_files")
        read = _Read([], [], [])
        with suppress(ImportCancelled):
            await self._read(files, options, progress, read)
        for call, plans in read.calls:
            await self._end(call, plans)
        unread = files[len(read.reports) :]
        read.reports.extend(FileRead(name=file.name, error=CANCELLED) for file in unread)
        calls = [*read.own, *(call for call, _ in read.calls)]
        return ImportReport(files=read.reports, calls=calls)

    async def _read(
        self, files: Sequence[DumpFile], options: ImportOptions, progress: Progress, read: "_Read"
    ) -> None:
        now = self._services.clock()
        reports, own = read.reports, read.own
        surveyed: list[_Surveyed] = []
        total = 2 * sum(file.size for file in files) or 1
        done = 0
        for number, file in enumerate(files):
            if await asyncio.to_thread(is_own_export, file):
                report, call = await import_export(self._services, self._app_id, file)
                reports.append(report)
                own += [call] if call is not None else []
                done += 2 * file.size
                progress(done / total)
                continue
            share = partial(_share, progress, done, total)
            report, found = await asyncio.to_thread(_survey, number, file, now, share)
            reports.append(report)
            if found is not None and any(each.digest == found.digest for each in surveyed):
                report.error = "The same dump is there twice; it counts once."
            elif found is not None:
                surveyed.append(found)
            done += file.size
            progress(done / total)
        calls = read.calls
        calls += await self._plan(surveyed, options)
        for each in surveyed:
            plans = [p for _, plans in calls for p in plans if p.surveyed.file == each.number]
            share = partial(_share, progress, done, total)
            await self._record(each, plans, calls, reports[each.number], now, share)
            done += each.file.size
            progress(done / total)

    async def _plan(
        self, surveyed: Sequence[_Surveyed], options: ImportOptions
    ) -> "list[tuple[CallImported, list[PeerPlan]]]":
        peers: list[tuple[SurveyedPeer, _Surveyed]] = []
        for each in surveyed:
            peers += [(peer, each) for peer in peers_of(each.number, each.survey)]
        of_file = {each.number: each for each in surveyed}
        groups = calls_of(peer for peer, _ in peers)
        if options.meeting_id is not None and groups:
            groups = [[peer for group in groups for peer in group]]
        calls: list[tuple[CallImported, list[PeerPlan]]] = []
        for group in groups:
            ids = {
                peer: id_from(self._app_id, "dump", of_file[peer.file].digest, peer.key)
                for peer in map(_key_of, group)
            }
            calls.append(await self._plan_call(group, ids, of_file, options))
        return calls

    async def _plan_call(
        self,
        group: Sequence[SurveyedPeer],
        ids: "dict[_PeerKey, str]",
        of_file: dict[int, _Surveyed],
        options: ImportOptions,
    ) -> "tuple[CallImported, list[PeerPlan]]":
        places = self._services.import_places
        peer_ids = sorted(ids.values())
        known = await places.known_peers(self._app_id, peer_ids)
        session_id = await places.session_of_peers(self._app_id, peer_ids)
        first = EpochMs(int(min(peer.first_ms for peer in group)))
        last = EpochMs(int(max(peer.last_ms for peer in group)))
        if session_id is None and options.meeting_id is not None:
            middle = EpochMs((first + last) // 2)
            session_id = await places.session_of_meeting(
                self._app_id, options.meeting_id, [first, middle, last]
            )
        session_id = session_id or id_from(self._app_id, "dump call", *peer_ids)
        meeting_id = options.meeting_id or id_from(self._app_id, "dump meeting", session_id)
        title = options.title or title_of(group, first)
        call = CallImported(
            session_id=session_id,
            meeting_id=meeting_id,
            title=title,
            started_at=format_iso(first),
            participants=[],
            rejected={},
        )
        plans: list[PeerPlan] = []
        counts = Counter(peer.file for peer in group)
        seen: Counter[int] = Counter()
        for peer in group:
            seen[peer.file] += 1
            number = seen[peer.file] if counts[peer.file] > 1 else 0
            name = _name(peer, of_file[peer.file], options, number)
            peer_id = ids[_key_of(peer)]
            plans.append(
                PeerPlan(
                    peer_id=peer_id,
                    session_id=session_id,
                    meeting_id=meeting_id,
                    meeting_title=title,
                    identity=Identity(display_name=name),
                    surveyed=peer,
                )
            )
            call.participants.append(
                ParticipantImported(
                    peer_id=peer_id,
                    name=name,
                    file=of_file[peer.file].file.name,
                    is_new=peer_id not in known,
                )
            )
        facts = [fact for plan in plans for fact in joins(plan, self._app_id)]
        await self._take(facts, call)
        return call, plans

    async def _record(
        self,
        surveyed: _Surveyed,
        plans: Sequence[PeerPlan],
        calls: "Sequence[tuple[CallImported, list[PeerPlan]]]",
        report: FileRead,
        now: EpochMs,
        note_read: Callable[[int], None],
    ) -> None:
        call_of = {plan.peer_id: call for call, each in calls for plan in each}
        if not plans or all(call_of[plan.peer_id].rejected for plan in plans):
            return
        translator = Translator(plans, self._app_id, now)
        with closing(surveyed.file.open()) as file:
            watched = _Watched(file, note_read)
            facts = translator.translate(surveyed.format.read(DumpBytes(watched)))
            while batch := await asyncio.to_thread(_next, facts):
                watched.note()
                by_call: dict[str, list[DumpFact]] = {}
                for fact in batch:
                    call = call_of[fact.peer_id]
                    by_call.setdefault(call.session_id, []).append(fact)
                for call, _ in calls:
                    if mine := by_call.get(call.session_id):
                        await self._take(mine, call)
        if translator.unreadable:
            report.left_out["a report that cannot be read"] = translator.unreadable
        if translator.dropped_events:
            report.left_out["an event beyond the first 20000"] = translator.dropped_events

    async def _end(self, call: CallImported, plans: Sequence[PeerPlan]) -> None:
        if call.rejected and not call.accepted:
            return
        await self._take([leave(plan, self._app_id) for plan in plans], call)
        if call.accepted:
            await self._services.recorder.end_emptied(self._app_id, call.session_id)
            await self._services.finaliser.finalise(self._app_id, call.session_id)

    async def _take(self, facts: Sequence[Fact], call: CallImported) -> None:
        events = redact(facts, self._privacy)
        recorder = self._services.recorder
        for outcome in await recorder.record(self._app_id, events, source=SOURCE):
            count_outcome(outcome, call)


class _PeerKey(NamedTuple):
    file: int
    key: str


def _key_of(peer: SurveyedPeer) -> _PeerKey:
    return _PeerKey(peer.file, peer.key)


def _next(facts: Iterator[DumpFact]) -> list[DumpFact]:
    return list(islice(facts, AT_ONCE))


class _Watched:
    """A file that reports how many of its bytes were read."""

    def __init__(self, file: BinaryIO, note_read: Callable[[int], None]) -> None:
        self._file = file
        self._note_read = note_read
        self._read = 0

    def read(self, size: int, /) -> bytes:
        chunk = self._file.read(size)
        self._read += len(chunk)
        self.note()
        return chunk

    def note(self) -> None:
        self._note_read(self._read)


def _share(progress: Progress, done: int, total: int, read: int) -> None:
    progress(min(1.0, (done + read) / total))


def _survey(
    number: int, file: DumpFile, now: EpochMs, note_read: Callable[[int], None]
) -> tuple[FileRead, _Surveyed | None]:
    report = FileRead(name=file.name, connections=[], left_out={})
    try:
        with closing(file.open()) as opened:
            data = DumpBytes(_Watched(opened, note_read))
            format_ = format_of(data)
            report.format = format_.name
            found = survey(format_.read(data), now)
            # What follows the last value is hashed as well.
            while data.read():
                pass
    except Malformed as error:
        report.error = error.message
        return report, None
    report.bytes, report.digest = data.size, data.digest
    report.media_requests = found.media_requests
    report.left_out = dict(found.left_out)
    report.connections = [_connection(found, key) for key in found.connections]
    if not found.connections and not found.media_failures:
        report.error = NO_TIMES if NO_TIME in found.left_out else NOTHING
        return report, None
    return report, _Surveyed(number, file, format_, found, data.digest)


NOTHING: Final = (
    "There is nothing to import: the file holds no connection. Chrome forgets connections that are "
    "closed, so take the dump before the call ends; its “rtcstats dump” keeps them."
)


NO_TIMES: Final = (
    "There is nothing to import: the times in the file are not those of a past call. Is this "
    "server's clock right?"
)


def _connection(found: Survey, key: tuple[str, str]) -> ConnectionRead:
    connection = found.connections[key]
    return ConnectionRead(
        id=connection.id,
        reports=connection.reports,
        seconds=round((connection.last_ms - connection.first_ms) / 1_000, 1),
        first_at=format_iso(EpochMs(int(connection.first_ms))),
        last_at=format_iso(EpochMs(int(connection.last_ms))),
        streams=[
            StreamRead(
                direction=each.direction,
                kind=each.kind,
                ssrc=each.ssrc,
                packets=each.packets,
                packets_lost=each.packets_lost,
            )
            for each in (*connection.received.values(), *connection.sent.values())
        ],
    )


def _name(
    peer: SurveyedPeer, surveyed: _Surveyed, options: ImportOptions, number: int
) -> str | None:
    if surveyed.number < len(options.names):
        given = options.names[surveyed.number]
    else:
        given = peer.client.name or PurePath(surveyed.file.name).name.partition(".")[0]
    return f"{given} {number}" if number else given
