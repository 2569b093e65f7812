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

from aftercall import __version__
from aftercall.cli.commands import CommandsOnDemand

app = typer.Typer(
    name="aftercall",
    cls=CommandsOnDemand,
    help="Keeps the record of every real-time call and explains it.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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


def run() -> None:
    """The program: every expected failure is one sentence, never a traceback."""
    try:
        app()
    except Exception as error:
        from aftercall.cli.failures import explain  # noqa: PLC0415 - imports the database's library

        if (failure := explain(error)) is None:
            raise
        sentence, exit_code = failure
        console = Console(stderr=True, soft_wrap=True)
        console.print(f"aftercall: {sentence}", highlight=False, markup=False)
        sys.exit(exit_code)
