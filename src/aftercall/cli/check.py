"""`aftercall check`: the effective settings, the source of each, and warnings."""

import asyncio
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from aftercall.cli.open_services import DatabaseUrl, DataDir, opened, settings_of
from aftercall.core.errors import Unavailable
from aftercall.setting_values import FILE_SUFFIX, PREFIX
from aftercall.settings import Settings
from aftercall.store.checks.invariants import Broken
from aftercall.store.engine.database import UnfitDatabase

PAGES: Final = Path(__file__).resolve().parents[1] / "_static"
_LOOPBACK: Final = {"127.0.0.1", "::1", "localhost"}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something odd. `id` is stable; an error keeps the server from doing its work."""

    id: str
    sentence: str
    is_error: bool = False


def check(
    data: Annotated[
        bool, typer.Option("--data", help="Look at everything in the database instead.")
    ] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Print the effective settings with their origin, and warnings with stable ids.

    With --data, see whether the database keeps its promises, and print a line for each it does
    not. Exit code 1 when something is an error.
    """
    settings = settings_of(data_dir, database_url)
    if data:
        check_data(settings)
        return
    given = {
        name
        for name, value in (("data_dir", data_dir), ("database_url", database_url))
        if value is not None
    }
    table = Table("setting", "value", "from")
    for f in fields(Settings):
        table.add_row(f.name, shown(settings, f.name), origin(f.name, given, os.environ))
    out = Console(soft_wrap=True)
    out.print(table)
    findings = [*odd_settings(settings), *asyncio.run(odd_database(settings))]
    for finding in findings:
        mark = "error" if finding.is_error else "warning"
        out.print(f"{finding.id} {mark}: {finding.sentence}", highlight=False, markup=False)
    if not findings:
        out.print("Nothing is odd.")
    if any(finding.is_error for finding in findings):
        raise typer.Exit(1)


def check_data(settings: Settings) -> None:
    """Print the promises that the database does not keep. Exits with 1 when there are any."""

    async def look() -> list[Broken]:
        async with opened(settings) as services:
            return [broken async for broken in services.data_check.broken()]

    found = asyncio.run(look())
    for broken in found:
        whom = ", ".join(broken.examples) + (", …" if broken.count > len(broken.examples) else "")
        sys.stdout.write(f"{broken.name}: {broken.count} {broken.sentence}: {whom}\n")
    if found:
        raise typer.Exit(1)
    sys.stdout.write("The database keeps its promises.\n")


def shown(settings: Settings, name: str) -> str:
    """A setting's value for people; a password in a URL is hidden."""
    value = getattr(settings, name)
    if name == "database_url" and value:
        return make_url(value).render_as_string(hide_password=True)
    return str(value)


def origin(name: str, given: set[str], environment: Mapping[str, str]) -> str:
    """Where a setting's value comes from."""
    if name in given:
        return "option"
    key = PREFIX + name.upper()
    if key + FILE_SUFFIX in environment:
        return f"file {environment[key + FILE_SUFFIX]}"
    return "environment" if key in environment else "default"


def odd_settings(settings: Settings) -> Iterator[Finding]:
    """Warnings about the settings by themselves."""
    is_public = settings.host not in _LOOPBACK
    if settings.workers > 1 and settings.effective_database_url.startswith("sqlite"):
        yield Finding(
            "A001", "Several workers need PostgreSQL: SQLite has one writer.", is_error=True
        )
    if is_public and settings.try_page:
        yield Finding("A002", "Anybody who reaches this server may hold calls on /try.")
    if is_public and not settings.public_url:
        yield Finding("A003", "public_url is empty: download links name the address of the socket.")
    if is_public and settings.allow_origins == "*":
        yield Finding("A004", "Pages of any origin may send to the intake; see allow_origins.")
    for name in ("geo_database", "asn_database"):
        path = getattr(settings, name)
        if path and not os.access(path, os.R_OK):
            yield Finding("A005", f"{name} {path} cannot be read.", is_error=True)
    if settings.web and not PAGES.is_dir():
        yield Finding("A006", "The pages are not built; `make pages` builds them.")
    if settings.privacy == "full":
        yield Finding("A007", "Whole IP addresses are kept.")


async def odd_database(settings: Settings) -> list[Finding]:
    """The reasons why the database cannot be used."""
    try:
        async with opened(settings):
            return []
    except UnfitDatabase as error:
        return [Finding("A010", str(error))]
    except (Unavailable, SQLAlchemyError, OSError) as error:
        cause = error.__cause__ if isinstance(error, Unavailable) else None
        reason = str(cause or error).splitlines()[0]
        return [Finding("A011", f"The database cannot be reached: {reason}", is_error=True)]
