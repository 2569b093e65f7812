"""The command line: arguments in, exit codes out.

0    done
1    it could not be done, or was interrupted; standard error gives the reason in a sentence
2    wrong usage, or a setting that cannot be used
3    the database cannot be reached or used, or it or a backup is of another version's tables
"""

import sys
from typing import Annotated

import typer
from rich.console import Console
from sqlalchemy.exc import DBAPIError

from aftercall import __version__
from aftercall.cli import (
    alerts,
    attendance,
    backup,
    check,
    dump_import,
    import_realtimekit,
    manage,
    privacy,
    read_links,
    refold,
    retain,
    serve,
    session_export,
    sign_in_link,
    simulate,
    source_keys,
    transcripts,
    webhooks,
)
from aftercall.core.errors import AftercallError
from aftercall.settings import BadSetting
from aftercall.store.engine.database import UnfitDatabase

app = typer.Typer(
    name="aftercall",
    help="Keeps the record of every real-time call and explains it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("serve")(serve.serve)
app.command("check")(check.check)
app.command("migrate")(manage.migrate)
app.add_typer(manage.apps, name="app")
app.add_typer(manage.tokens, name="token")
manage.apps.command("delete")(privacy.delete_app)
app.add_typer(privacy.person, name="person")
app.add_typer(privacy.session, name="session")
app.add_typer(privacy.meeting, name="meeting")
app.command("attendance")(attendance.attendance)
app.command("audit")(privacy.audit)
app.command("backup")(backup.backup)
app.command("restore")(backup.restore)
imports = typer.Typer(
    help="Dumps of calls, and records of other systems.",
    cls=dump_import.FilesOrSystem,
    no_args_is_help=True,
)
imports.command(dump_import.DUMPS)(dump_import.import_dumps)
imports.command("realtimekit")(import_realtimekit.import_realtimekit)
app.add_typer(imports, name="import")
app.command("export")(session_export.export_session)
app.command("refold")(refold.refold)
app.command("retain")(retain.retain)
app.command("link")(sign_in_link.link)
app.add_typer(read_links.read_links, name="read-link")
app.add_typer(source_keys.source_keys, name="source-key")
app.add_typer(transcripts.transcripts, name="transcript")
app.add_typer(alerts.alerts, name="alert")
app.add_typer(webhooks.webhooks, name="webhook")
app.add_typer(webhooks.webhook_keys, name="webhook-key")
app.command("simulate")(simulate.simulate)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        Console().print(f"aftercall {__version__}", highlight=False)
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True)
    ] = False,
) -> None:
    """Keeps the record of every real-time call and explains it."""


def _fail(sentence: str, exit_code: int) -> None:
    console = Console(stderr=True, soft_wrap=True)
    console.print(f"aftercall: {sentence}", highlight=False, markup=False)
    sys.exit(exit_code)


def run() -> None:
    """The program: every expected failure is one sentence, never a traceback."""
    try:
        app()
    except BadSetting as error:
        _fail(str(error), 2)
    except (UnfitDatabase, DBAPIError) as error:
        _fail(first_line(error), 3)
    except AftercallError as error:
        _fail(error.message, 1)
    except OSError as error:
        reason = error.strerror or str(error)
        _fail(f"{error.filename}: {reason}" if error.filename else reason, 1)


def first_line(error: BaseException) -> str:
    """A database driver's message, without the statement and the links it adds."""
    return str(error).splitlines()[0]
