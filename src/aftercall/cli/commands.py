"""The commands by name. A command is imported when it is asked for: the database's and the web's
libraries take longer to import than most commands take to run."""

import gc
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, Final

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group

COMMANDS: Final[Mapping[str, str]] = {
    "serve": "serve:serve",
    "check": "check:check",
    "migrate": "manage:migrate",
    "app": "manage:apps",
    "token": "manage:tokens",
    "person": "privacy:person",
    "session": "privacy:session",
    "meeting": "privacy:meeting",
    "attendance": "attendance:attendance",
    "audit": "privacy:audit",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "import": "imports:imports",
    "export": "session_export:export_session",
    "refold": "refold:refold",
    "retain": "retain:retain",
    "link": "sign_in_link:link",
    "read-link": "read_links:read_links",
    "source-key": "source_keys:source_keys",
    "transcript": "transcripts:transcripts",
    "alert": "alerts:alerts",
    "webhook": "webhooks:webhooks",
    "webhook-key": "webhooks:webhook_keys",
    "simulate": "simulate:simulate",
}
"""Of each command the module in this folder, and its function or group there."""


class CommandsOnDemand(TyperGroup):
    """The program's commands, in the order in which help lists them."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        commands: Any = _Imported()
        self.commands = commands


class _Imported(Mapping[str, Any]):
    """Command by name."""

    def __getitem__(self, name: str) -> Any:
        module, _, attribute = COMMANDS[name].partition(":")
        command = getattr(_import(f"aftercall.cli.{module}"), attribute)
        if isinstance(command, typer.Typer):
            group = get_group(command)
            group.name = name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(name)(command)
        return get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


def _import(name: str) -> Any:
    """Imports create objects that stay: looking for cycles among them takes a sixth of the time."""
    gc.disable()
    try:
        return import_module(name)
    finally:
        gc.enable()
