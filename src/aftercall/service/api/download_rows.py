"""The records behind a download, a page at a time."""

from collections.abc import AsyncIterator, Mapping
from typing import Final

from aftercall.core.errors import NotFound
from aftercall.core.records import ChatMessage, Peer, TranscriptLine
from aftercall.store import chat_transcript, peers
from aftercall.store.engine.database import Database

PAGE: Final = 50
"""Rows in memory at a time; chosen: a slow reader holds a quarter of a megabyte of long lines."""


class Exports:
    """Streams chat and transcripts. Each page is a transaction of its own, so that a slow reader
    keeps none open; rows are in order of time, each once."""

    def __init__(self, *, db: Database) -> None:
        self._db = db

    async def chat(self, app_id: str, session_id: str) -> AsyncIterator[list[ChatMessage]]:
        page: list[ChatMessage] = []
        while True:
            after = (page[-1].at, page[-1].id) if page else None
            async with self._db.read() as tx:
                page = await chat_transcript.messages_of_session(
                    tx, app_id, session_id, after=after, limit=PAGE
                )
            if page:
                yield page
            if len(page) < PAGE:
                return

    async def transcript(self, app_id: str, session_id: str) -> AsyncIterator[list[TranscriptLine]]:
        page: list[TranscriptLine] = []
        while True:
            after = (page[-1].start_at, page[-1].id) if page else None
            async with self._db.read() as tx:
                page = await chat_transcript.lines_of_session(
                    tx, app_id, session_id, after=after, limit=PAGE
                )
            if page:
                yield page
            if len(page) < PAGE:
                return

    async def peers(self, app_id: str, session_id: str) -> Mapping[str, Peer]:
        """The session's peers by id, with their names, joins and leaves."""
        async with self._db.read() as tx:
            found = await peers.peers_of_session(tx, app_id, session_id)
        return {peer.id: peer for peer in found}

    async def summary(self, app_id: str, session_id: str) -> str:
        """The text of the latest summary. Raises `NotFound`."""
        async with self._db.read() as tx:
            summary = await chat_transcript.find_summary(tx, app_id, session_id)
        if summary is None or summary.text is None:
            raise NotFound("This summary is gone", code="summary_not_found")
        return summary.text
