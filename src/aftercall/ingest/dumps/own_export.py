"""Aftercall's own export: a zip whose `facts.jsonl` holds the facts of a session, a line each."""

import zipfile
from collections.abc import Iterator
from typing import IO, Any, Final, NamedTuple

import msgspec

from aftercall.core.errors import Malformed
from aftercall.core.events import PeerEvent, SampleTaken
from aftercall.core.fact_lines import MAGIC, Header, decode_fact
from aftercall.ingest.checks import checked_name, checked_object
from aftercall.ingest.dumps.dump_bytes import FREE_BYTES, MOST_RATIO, DumpBytes
from aftercall.ingest.dumps.entries import BadDump
from aftercall.ingest.dumps.lines import BROKEN, read_lines
from aftercall.ingest.getstats_reader import read_sample
from aftercall.ingest.source import Fact, UnencodedSample

FORMAT: Final = "aftercall"
FACTS: Final = "facts.jsonl"
MOST_BAD_LINES: Final = 1_000
"""Lines that are no facts, until the rest is not read."""

ZIP: Final = b"PK\x03\x04"


class SourcedEntry(NamedTuple):
    """A fact before redaction, and the source that it first came from."""

    source: str
    fact: Fact


class OwnExport:
    """Reads an export. Raises `BadDump` for a zip that is none."""

    def __init__(self, file: IO[bytes]) -> None:
        try:
            archive = zipfile.ZipFile(file)
            member = archive.getinfo(FACTS)
            self._member = archive.open(member)
        except (zipfile.BadZipFile, KeyError, RuntimeError, OSError):
            raise BadDump(
                f"The zip is no export of Aftercall: it has no {FACTS}. Unpack the dumps in it."
            ) from None
        if member.file_size > max(FREE_BYTES, MOST_RATIO * member.compress_size):
            raise BadDump("The zip is a bomb: it grows without end when it is uncompressed.")
        self.data = DumpBytes(self._member)
        if not self.data.peek().startswith(MAGIC):
            raise BadDump(f"The {FACTS} of the zip is no export of Aftercall.")
        self._lines = read_lines(self.data)
        try:
            self.header = msgspec.convert(next(self._lines, None), Header)
        except msgspec.ValidationError:
            raise BadDump(f"The {FACTS} of the zip is no export of Aftercall.") from None
        self.bad_lines = 0

    def facts(self) -> Iterator[SourcedEntry]:
        """The facts, all of the session of the header."""
        try:
            for line in self._lines:
                found = self._fact(line)
                if found is None:
                    self.bad_lines += 1
                    if self.bad_lines > MOST_BAD_LINES:
                        raise BadDump("The export has too many lines that are no facts.")
                else:
                    yield found
        except (zipfile.BadZipFile, EOFError):
            self.bad_lines += 1

    def _fact(self, line: Any) -> SourcedEntry | None:
        if line is BROKEN:
            return None
        try:
            source, fact = _parts(line)
        except Malformed:
            return None
        if fact.session_id != self.header.session_id:
            return None
        return SourcedEntry(source, fact)


def _parts(line: Any) -> tuple[str, Fact]:
    sourced = decode_fact(line)
    fact = sourced.fact
    if isinstance(fact, SampleTaken):
        body = read_sample(msgspec.json.encode(line[2].get("body")))
        sample = UnencodedSample(
            id=fact.id,
            at=fact.at,
            session_id=fact.session_id,
            peer_id=fact.peer_id,
            sequence=fact.sequence,
            body=body,
        )
        return sourced.source, sample
    if isinstance(fact, PeerEvent):
        checked_name(fact.name)
        checked_object(fact.data)
    return sourced.source, fact
