"""Imports the sessions of a RealtimeKit app.

Each answer is put into a folder as it comes and each session is saved as a whole, so that an import
that was cut off goes on where it was: sessions that are saved and unchanged are not fetched again,
nor are answers that are in the folder. Files behind signed links are fetched at once.
"""

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.ids import is_path_id
from aftercall.core.imported_session import ImportedSession
from aftercall.core.instants import Clock, EpochMs
from aftercall.outbound.realtimekit import LinkOver, Reader
from aftercall.service.imports import Imports
from aftercall.wire.realtimekit_import.egresses import livestreams_in, recordings_in, reported_in
from aftercall.wire.realtimekit_import.read import (
    FetchedSession,
    ListedSession,
    link_in,
    peer_of_row,
    read_fetched,
    read_list,
    rows_in,
)
from aftercall.wire.times import parse_time

PER_PAGE: Final = 100
PARTICIPANTS_PER_PAGE: Final = 200
_MOST_PAGES: Final = 10_000
_LINK_TRIES: Final = 2
_NOTHING: Final = b""
"""What is in the folder of an answer that the service does not have: no JSON is empty."""


class Progress(msgspec.Struct, kw_only=True):
    """How far an import is. `counts` are sessions by what became of them; `known` are those that
    were there and unchanged."""

    total: int | None = None
    seen: int = 0
    counts: Counter[str] = msgspec.field(default_factory=Counter)
    problems: list[str] = msgspec.field(default_factory=list)

    def remaining_s(self, elapsed_s: float) -> float | None:
        """The estimate: as long for each session that is left as for those that were fetched."""
        fetched = self.seen - self.counts["known"]
        if self.total is None or fetched <= 0:
            return None
        return max(0, self.total - self.seen) * elapsed_s / fetched


class RealtimeKitImport:
    """One import: from one RealtimeKit app into one app of this database."""

    def __init__(
        self,
        *,
        reader: Reader,
        imports: Imports,
        clock: Clock,
        app_id: str,
        folder: Path,
        on_progress: Callable[[Progress], None] = lambda _: None,
    ) -> None:
        self._reader = reader
        self._imports = imports
        self._clock = clock
        self._app_id = app_id
        self._folder = folder
        self._on_progress = on_progress
        self.progress = Progress()

    async def run(self, *, start_time: str | None = None, end_time: str | None = None) -> Progress:
        """Import every ended session, the oldest first. Raises `Refused` when the service refuses
        the token; a session that cannot be read is a problem of its own."""
        seen: set[str] = set()
        page, cursor = 1, start_time
        for _ in range(_MOST_PAGES):
            answer = await self._reader.list_sessions(
                start_time=cursor, end_time=end_time, page=page, limit=PER_PAGE
            )
            listed, total = read_list(answer)
            if self.progress.total is None:
                self.progress.total = total
            new = [each for each in listed if each.id not in seen]
            seen.update(each.id for each in listed)
            await self._import_all(new)
            if not listed or (len(listed) < PER_PAGE and not new):
                break
            # The list shifts while sessions are deleted at its beginning: it is read on from the
            # last one that was seen, and not by the page's number.
            last = listed[-1].created_at
            page, cursor = (1, last) if new and last != cursor else (page + 1, cursor)
        shutil.rmtree(self._folder, ignore_errors=True)
        return self.progress

    async def _import_all(self, listed: list[ListedSession]) -> None:
        known = await self._imports.updated_at(self._app_id, [each.id for each in listed])
        for each in listed:
            if each.id in known and known[each.id] == _instant(each.updated_at):
                self.progress.counts["known"] += 1
            else:
                await self._import(each.id)
            self.progress.seen += 1
            self._on_progress(self.progress)

    async def _import(self, id: str) -> None:
        try:
            if not is_path_id(id):
                raise Malformed(f"{id[:80]} cannot be the id of a session.", code="bad_answer")
            saved = await self._imports.save(await self._fetch(id))
        except Malformed as error:
            self.progress.counts["failed"] += 1
            self.progress.problems.append(f"{id[:80]}: {error.message}")
            return
        self.progress.counts[saved.value] += 1
        shutil.rmtree(self._folder / id, ignore_errors=True)

    async def _fetch(self, id: str) -> ImportedSession:
        spool = Spool(self._folder / id)
        details = await spool.get("details", partial(self._reader.session, id))
        if details is None:
            raise Malformed("The session is gone.", code="session_gone")
        chat, transcript, summary = await asyncio.gather(
            self._file(spool, id, "chat"),
            self._file(spool, id, "transcript"),
            self._file(spool, id, "summary"),
        )
        pages = await self._participants(spool, id)
        rows = {row["id"]: row for page in pages for row in rows_in(page) if _has_id(row)}
        participants = await asyncio.gather(
            *(
                spool.get(f"participant-{row}", partial(self._reader.participant, id, row))
                for row in rows
            )
        )
        reports = await asyncio.gather(
            *(
                spool.get(
                    f"report-{row}",
                    partial(self._reader.peer_report, peer_of_row(each) or row),
                )
                for row, each in rows.items()
            )
        )
        fetched = FetchedSession(
            details=details,
            pages=pages,
            participants=dict(zip(rows, participants, strict=True)),
            reports=dict(zip(rows, reports, strict=True)),
            chat=chat,
            transcript=transcript,
            summary=summary,
            summary_type=(await spool.get("summary-type", _absent) or b"").decode(),
        )
        await self._fetch_egresses(spool, id, fetched)
        return await asyncio.to_thread(read_fetched, fetched, self._app_id, self._clock())

    async def _fetch_egresses(self, spool: "Spool", id: str, fetched: FetchedSession) -> None:
        """Recordings and livestreams, asked for only where the session's details name any."""
        reported = reported_in(fetched.details)
        if reported.meeting_id is not None and is_path_id(reported.meeting_id):
            fetched.recordings = await self._recordings(spool, reported.meeting_id)
        if not reported.is_streamed:
            return
        fetched.livestreams = await spool.get("livestreams", partial(self._reader.livestreams, id))
        if fetched.livestreams is not None:
            ids = [each for each in livestreams_in(fetched.livestreams) if is_path_id(each)]
            fetched.livestream_details = {
                each: await spool.get(f"livestream-{each}", partial(self._reader.livestream, each))
                for each in ids
            }

    async def _recordings(self, spool: "Spool", meeting_id: str) -> list[bytes]:
        return await self._pages(
            spool,
            "recordings",
            partial(self._reader.recordings, meeting_id),
            recordings_in,
            PER_PAGE,
        )

    async def _participants(self, spool: "Spool", id: str) -> list[bytes]:
        read = partial(self._reader.participants, id)
        return await self._pages(spool, "participants", read, rows_in, PARTICIPANTS_PER_PAGE)

    async def _pages(
        self,
        spool: "Spool",
        name: str,
        read: Callable[..., Awaitable[bytes | None]],
        rows_of: Callable[[bytes], Sequence[object]],
        page_size: int,
    ) -> list[bytes]:
        """The pages of a list until one is not full."""
        pages: list[bytes] = []
        while len(pages) < _MOST_PAGES:
            number = len(pages) + 1
            page = await spool.get(f"{name}-{number}", partial(read, page=number, limit=page_size))
            if page is None:
                break
            pages.append(page)
            if len(rows_of(page)) < page_size:
                break
        return pages

    async def _file(
        self, spool: "Spool", id: str, kind: Literal["chat", "transcript", "summary"]
    ) -> bytes | None:
        """A file, fetched at once after its link; a link that is over is asked for again."""

        async def fetch() -> bytes | None:
            for _ in range(_LINK_TRIES):
                answer = await self._reader.link(id, kind)
                url = None if answer is None else link_in(answer)
                if url is None:
                    return None
                try:
                    file, media_type = await self._reader.download(url)
                except LinkOver:
                    continue
                if kind == "summary":
                    spool.put("summary-type", media_type.encode())
                return file
            self.progress.problems.append(f"{id}: the link to the {kind} leads nowhere.")
            return None

        return await spool.get(kind, fetch)


class Spool:
    """Answers in a folder, each in a file that is there as a whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def get(self, name: str, fetch: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
        """The answer of this name, fetched unless it is there."""
        path = self._folder / name
        try:
            known = await asyncio.to_thread(path.read_bytes)
        except FileNotFoundError:
            known = await fetch() or _NOTHING
            await asyncio.to_thread(self.put, name, known)
        return known or None

    def put(self, name: str, answer: bytes) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        unfinished = self._folder / f".{name}"
        unfinished.write_bytes(answer)
        os.replace(unfinished, self._folder / name)


async def _absent() -> bytes | None:
    return None


def _has_id(row: dict[str, Any]) -> bool:
    id = row.get("id")
    return isinstance(id, str) and is_path_id(id)


def _instant(text: str) -> EpochMs | None:
    try:
        return parse_time(text, field="updated_at")
    except Malformed:
        return None
