"""What several commands print the same way."""

import sys
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import typer

from aftercall.core.instants import EpochMs

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


def print_json(what: Any) -> None:
    """One line of JSON on standard output."""
    sys.stdout.write(msgspec.json.encode(what).decode() + "\n")


def format_moment(at: EpochMs | None) -> str:
    """A time in UTC, to the second."""
    if at is None:
        return "–"
    return datetime.fromtimestamp(at / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
