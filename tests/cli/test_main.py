from pathlib import Path
from typing import Any

from typer.main import get_command

from aftercall.cli.main import app

DOCS = Path(__file__).resolve().parents[2] / "docs" / "start"


def test_every_command_and_its_help_is_documented() -> None:
    page = (DOCS / "operate.md").read_text()
    for name, command in _leaves(get_command(app), "aftercall"):
        assert f"`{name}" in page, name
        assert command.help, name


def test_every_option_of_simulate_is_documented() -> None:
    page = (DOCS / "simulate.md").read_text()
    simulate = dict(_leaves(get_command(app), "aftercall"))["aftercall simulate"]
    options = {option for param in simulate.params for option in param.opts}
    assert {option for option in options if option not in page} == set()


def _leaves(command: Any, name: str) -> list[tuple[str, Any]]:
    """The commands that do something, with their whole names."""
    children = getattr(command, "commands", None)
    if not children:
        return [(name, command)]
    return [leaf for word, child in children.items() for leaf in _leaves(child, f"{name} {word}")]
