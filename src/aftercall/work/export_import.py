"""Imports Aftercall's own exports: the facts that were recorded once are recorded again."""

import asyncio
from collections.abc import Callable
from contextlib import closing
from itertools import groupby, islice
from operator import attrgetter
from typing import BinaryIO, Final, NamedTuple

from aftercall.core.errors import Malformed
from aftercall.core.events import PeerJoined, PeerLeft, SessionOpened
from aftercall.core.import_records import CallImported, FileRead, ParticipantImported
from aftercall.core.instants import format_iso
from aftercall.core.privacy import Privacy
from aftercall.ingest.dumps.own_export import FORMAT, ZIP, OwnExport, SourcedEntry
from aftercall.ingest.redaction import redact
from aftercall.service.recording.delivery import Outcome, Status
from aftercall.service.services import Services

AT_ONCE: Final = 500
"""Facts in one transaction."""


class DumpFile(NamedTuple):
    """A file to import, which can be opened several times."""

    name: str
    size: int
    open: Callable[[], BinaryIO]


def is_own_export(file: DumpFile) -> bool:
    """Whether a file is a zip, as no other dump is."""
    with closing(file.open()) as opened:
        return opened.read(len(ZIP)) == ZIP


async def import_export(
    services: Services, app_id: str, file: DumpFile
) -> tuple[FileRead, CallImported | None]:
    """Record the facts of an export."""
    report = FileRead(name=file.name, format=FORMAT, connections=[], left_out={})
    privacy = Privacy(services.settings.privacy)
    with closing(file.open()) as opened:
        try:
            export = await asyncio.to_thread(OwnExport, opened)
            call = CallImported(
                session_id=export.header.session_id,
                meeting_id=export.header.meeting_id,
                title=export.header.title,
                started_at="",
                participants=[],
                rejected={},
            )
            facts = export.facts()
            leaves: list[SourcedEntry] = []
            while batch := await asyncio.to_thread(lambda: list(islice(facts, AT_ONCE))):
                # A leave comes last: what a peer did before it would seem to be late.
                leaves += [each for each in batch if isinstance(each.fact, PeerLeft)]
                rest = [each for each in batch if not isinstance(each.fact, PeerLeft)]
                await _take(services, app_id, rest, call, privacy)
            await _take(services, app_id, leaves, call, privacy)
        except Malformed as error:
            report.error = error.message
            return report, None
    report.bytes, report.digest = export.data.size, export.data.digest
    if export.bad_lines:
        report.left_out["a line that is no fact of the session"] = export.bad_lines
    if call.accepted:
        await services.recorder.end_emptied(app_id, call.session_id)
        await services.finaliser.finalise(app_id, call.session_id)
    return report, call


async def _take(
    services: Services,
    app_id: str,
    entries: list[SourcedEntry],
    call: CallImported,
    privacy: Privacy,
) -> None:
    """Record facts under the sources that they first came from."""
    for source, group in groupby(entries, key=attrgetter("source")):
        facts = [each.fact for each in group]
        for outcome in await services.recorder.record(
            app_id, redact(facts, privacy), source=source
        ):
            count_outcome(outcome, call)
        for fact in facts:
            if isinstance(fact, SessionOpened):
                call.started_at = format_iso(fact.at)
            if isinstance(fact, PeerJoined):
                _add_participant(fact, call)


def _add_participant(join: PeerJoined, call: CallImported) -> None:
    if all(each.peer_id != join.peer_id for each in call.participants):
        call.participants.append(
            ParticipantImported(
                peer_id=join.peer_id, name=join.identity.display_name, file="", is_new=True
            )
        )


def count_outcome(outcome: Outcome, call: CallImported) -> None:
    """Add what became of a fact to the result of the import."""
    if outcome.status is Status.ACCEPTED:
        call.accepted += 1
    elif outcome.status is Status.DUPLICATE:
        call.duplicates += 1
    else:
        reason = outcome.message or outcome.code or "refused"
        call.rejected[reason] = call.rejected.get(reason, 0) + 1
