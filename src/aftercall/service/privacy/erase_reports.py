"""Erases a person from the stored reports of a session: the person's own, and what others' reports
say of the person. Figures stay as they are."""

import asyncio
from collections.abc import Mapping

from msgspec.structs import replace

from aftercall.core.erasure.mentions import KnownAs
from aftercall.core.erasure.verdicts import Sentences, erase_from_verdict
from aftercall.service.reports.document import is_readable, unpack, with_verdict
from aftercall.service.reports.session_reports import SessionReports
from aftercall.store import participants, reports
from aftercall.store.engine.database import Database
from aftercall.store.reports import PROVISIONAL


async def erase_reports(
    db: Database,
    app_id: str,
    session_id: str,
    session_reports: SessionReports,
    known: KnownAs,
    names: Mapping[str, str],
) -> int:
    """Rewrite the reports that change; returns how many. `names` are those of the others."""
    async with db.read() as tx:
        rows = await participants.participants_of_session(tx, app_id, session_id)
        stored = await reports.versions_of_session(tx, app_id, session_id)
    if any(each.fold_version == PROVISIONAL for each in stored.values()):
        # A provisional report holds the fold's inputs, and so the old names.
        await session_reports.fold_session(app_id, session_id)
    sentences = Sentences(names, known)
    changed = 0
    for row in rows:
        is_own = row.id in known.participants
        while True:
            async with db.read() as tx:
                report = await reports.find_report(tx, app_id, row.id)
            if report is None:
                break
            if not is_readable(report.document):
                await session_reports.fold_session(app_id, session_id)
                continue
            document = await asyncio.to_thread(_erased, report.document, known, sentences, is_own)
            if document is None:
                break
            async with db.write() as tx:
                current = await reports.find_report(tx, app_id, row.id)
                if current is None or current.document != report.document:
                    continue
                await reports.save_reports(tx, [replace(report, document=document)])
            changed += 1
            break
    return changed


def _erased(document: bytes, known: KnownAs, sentences: Sentences, is_own: bool) -> bytes | None:
    """The document without the person; `None` if it does not change."""
    verdict = unpack(document).verdict
    erased = erase_from_verdict(verdict, known, sentences, is_own=is_own)
    return None if erased == verdict else with_verdict(document, erased)
