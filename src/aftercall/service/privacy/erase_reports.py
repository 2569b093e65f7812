"""Erases a person from the stored reports of a session: the person's own, and what others' reports
say of the person. Figures stay as they are."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial

from msgspec.structs import replace

from aftercall.core.erasure.mentions import KnownAs
from aftercall.core.erasure.verdicts import Sentences, erase_from_verdict
from aftercall.service.reports.document import is_imported, is_readable, unpack, with_verdict
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
        await _make_readable(db, app_id, row.id, session_id, session_reports)
        is_own = row.id in known.participants
        erased = partial(_erased, known=known, sentences=sentences, is_own=is_own)
        changed += await _erase_report(db, app_id, row.id, erased)
    return changed


async def _make_readable(
    db: Database, app_id: str, id: str, session_id: str, session_reports: SessionReports
) -> None:
    """Fold a report again that an older program wrote; delete it where that cannot be done, as its
    samples are gone: nobody can read it, and it holds the old names."""
    for may_fold in (True, False):
        async with db.read() as tx:
            report = await reports.find_report(tx, app_id, id)
        if report is None or is_readable(report.document):
            return
        if may_fold:
            await session_reports.fold_session(app_id, session_id)
    async with db.write() as tx:
        await reports.delete_report(tx, app_id, id)


async def _erase_report(
    db: Database, app_id: str, id: str, erased: Callable[[bytes], bytes | None]
) -> bool:
    """Rewrite a report; whether it changed. One that is folded meanwhile is rewritten again."""
    while True:
        async with db.read() as tx:
            report = await reports.find_report(tx, app_id, id)
        if report is None:
            return False
        document = await asyncio.to_thread(erased, report.document)
        if document is None:
            return False
        async with db.write() as tx:
            current = await reports.find_report(tx, app_id, id)
            if current is not None and current.document == report.document:
                await reports.save_reports(tx, [replace(report, document=document)])
                return True


def _erased(document: bytes, known: KnownAs, sentences: Sentences, is_own: bool) -> bytes | None:
    """The document without the person; `None` if it does not change."""
    verdict = unpack(document).verdict
    erased = erase_from_verdict(verdict, known, sentences, is_own=is_own)
    # What another system answered may name anybody: it goes, and the figures stay.
    is_unchanged = erased == verdict and not is_imported(document)
    return None if is_unchanged else with_verdict(document, erased)
