"""The dumps of `tests/samples/dumps`, and what a right reader finds in each."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

from aftercall.core.instants import EpochMs
from aftercall.ingest.dumps.dump_bytes import DumpBytes
from aftercall.ingest.dumps.entries import Entry
from aftercall.ingest.dumps.formats import format_of
from aftercall.ingest.dumps.survey import Survey, survey

DUMPS = Path(__file__).parent / "samples" / "dumps"
EXPECTED: dict[str, dict[str, Any]] = json.loads((DUMPS / "expected.json").read_text())
LATER = EpochMs(1_795_700_000_000)
"""The evening of the day on which the dumps were recorded."""


def path_of(name: str) -> Path:
    return DUMPS / name


def read_entries(raw: bytes) -> list[Entry]:
    """The entries of a dump."""
    data = DumpBytes(BytesIO(raw))
    return list(format_of(data).read(data))


def survey_of(raw: bytes) -> Survey:
    """What a dump holds."""
    return survey(read_entries(raw), LATER)
