"""Writes everything of an ended session into a zip, which `aftercall import` reads again."""

import asyncio
import csv
import io
import shutil
import zipfile
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import IO, Any, BinaryIO, Final

import msgspec

from aftercall.core.egresses import EgressKind
from aftercall.core.events import AnyEvent
from aftercall.core.fact_lines import Header, encode_fact
from aftercall.core.instants import EpochMs, format_iso
from aftercall.core.records import Participant
from aftercall.ingest.dumps.own_export import FACTS
from aftercall.service.services import Services
from aftercall.service.session_facts import SessionOverview
from aftercall.wire.chat_transcript_files import guard_formula
from aftercall.wire.rtcstats_dump import encode_rtcstats, file_name, user_agent_of

README: Final = """A session of Aftercall.

facts.jsonl       its facts, a line each; `aftercall import` makes the same record of them
session.json      the session, its people, its recordings and livestreams
participants.csv  attendance
talk.jsonl        chat and transcript, if there are any
dumps/            the statistics of each connection of a participant, as rtcstats writes them

Addresses are as far in it as the server kept them.
"""

_HELD_BYTES: Final = 8 * 1024**2
"""Bytes of facts that are held in memory; a file without a name takes the rest."""

_COLUMNS: Final = (
    "participant_id", "display_name", "user_id", "custom_participant_id", "joined_at", "left_at",
    "duration_minutes",
)  # fmt: skip


async def write_session_export(
    services: Services, app_id: str, session_id: str, to: Path | BinaryIO
) -> None:
    """Write the zip. Raises `NotFound`, and `Refused` while the session is not over."""
    facts = services.session_facts
    overview = await facts.overview(app_id, session_id)
    session = overview.session
    with (
        zipfile.ZipFile(to, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive,
        SpooledTemporaryFile(_HELD_BYTES) as lines,
    ):
        archive.writestr("README.txt", README)
        archive.writestr("session.json", _encode(overview))
        archive.writestr("participants.csv", _attendance(overview.participants))
        header = Header(session_id=session.id, meeting_id=session.meeting_id, title=session.title)
        lines.write(msgspec.json.encode(header) + b"\n")
        _write(lines, facts.of_session(session), "export")
        for peer in overview.peers:
            found = await facts.of_peer(session, peer)
            _write(lines, found, peer.source)
            await asyncio.to_thread(_add_dump, archive, peer.id, found)
        _write(lines, facts.of_egresses(overview.egresses), "export")
        talk = io.BytesIO()
        async for page in facts.talk(session):
            _write(lines, page, "export")
            _write(talk, page, "export")
        if talk.tell():
            archive.writestr("talk.jsonl", talk.getvalue())
        await asyncio.to_thread(_add_lines, archive, lines)


def _add_lines(archive: zipfile.ZipFile, lines: IO[bytes]) -> None:
    lines.seek(0)
    with archive.open(FACTS, "w", force_zip64=True) as member:
        shutil.copyfileobj(lines, member)


def _write(to: IO[bytes], facts: list[AnyEvent], source: str) -> None:
    for fact in facts:
        to.write(encode_fact(fact, source) + b"\n")


def _add_dump(archive: zipfile.ZipFile, peer_id: str, facts: list[AnyEvent]) -> None:
    archive.writestr(file_name(peer_id), b"".join(encode_rtcstats(facts, user_agent_of(facts))))


def _encode(overview: SessionOverview) -> bytes:
    session = overview.session
    found: dict[str, Any] = {
        "session": {
            "id": session.id,
            "meeting_id": session.meeting_id,
            "title": session.title,
            "started_at": format_iso(session.started_at),
            "ended_at": None if session.ended_at is None else format_iso(session.ended_at),
        },
        "participants": [_person(each) for each in overview.participants],
        "recordings": _egresses(overview, EgressKind.RECORDING),
        "livestreams": _egresses(overview, EgressKind.LIVESTREAM),
    }
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def _egresses(overview: SessionOverview, kind: EgressKind) -> list[dict[str, Any]]:
    return [
        {
            "id": egress.id,
            "status": egress.status.value,
            "invoked_at": format_iso(egress.invoked_at),
            "started_at": _iso(egress.started_at),
            "stopped_at": _iso(egress.stopped_at),
            "duration_ms": egress.length_ms,
            "size_bytes": egress.size_bytes,
            **{name: egress.text(name) for name in egress.texts},
        }
        for egress in overview.egresses
        if egress.kind is kind
    ]


def _person(participant: Participant) -> dict[str, Any]:
    values = (
        participant.id,
        participant.display_name,
        participant.user_id,
        participant.custom_participant_id,
        format_iso(participant.joined_at),
        _iso(participant.left_at),
        participant.duration_minutes,
    )
    return dict(zip(_COLUMNS, values, strict=True))


def _iso(at: EpochMs | None) -> str | None:
    return None if at is None else format_iso(at)


def _attendance(people: list[Participant]) -> str:
    text = io.StringIO()
    rows = csv.writer(text)
    rows.writerow(_COLUMNS)
    for each in people:
        rows.writerow(
            [guard_formula("" if value is None else str(value)) for value in _person(each).values()]
        )
    return text.getvalue()
