"""`aftercall import`: dumps of calls, and records of other systems."""

from typing import Any

import typer
from typer.core import TyperGroup

from aftercall.cli.dump_import import import_dumps
from aftercall.cli.import_realtimekit import import_realtimekit

DUMPS = "dumps"
"""The command for files, which need not be named."""


class FilesOrSystem(TyperGroup):
    """Takes the names of files where the name of a command is expected."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if args and args[0] not in {*self.commands, *ctx.help_option_names}:
            args = [DUMPS, *args]
        return super().parse_args(ctx, args)


imports = typer.Typer(
    help="Dumps of calls, and records of other systems.",
    cls=FilesOrSystem,
    no_args_is_help=True,
)
imports.command(DUMPS)(import_dumps)
imports.command("realtimekit")(import_realtimekit)
