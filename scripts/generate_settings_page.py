"""Writes docs/reference/settings.md from the table of settings; with --check only compares."""

import sys
from dataclasses import fields
from pathlib import Path

from aftercall.settings import PREFIX, Settings

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/settings.md"
HEAD = """# Settings

Every setting is an environment variable. `aftercall serve` has options for some of them, and an
option wins over the environment. `aftercall check` prints what is in force and where it comes from.
A name that begins with `AFTERCALL_` and is not in this list is refused.

This page is written by `scripts/generate_settings_page.py`.

| variable | default | what it is for |
|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    rows = []
    for f in fields(Settings):
        about, choices = f.metadata["about"], f.metadata["choices"]
        said = f"{about} One of {', '.join(f'`{c}`' for c in choices)}." if choices else about
        default = str(f.default).lower() if isinstance(f.default, bool) else str(f.default)
        shown = f"`{default}`" if default else "empty"
        rows.append(f"| `{PREFIX}{f.name.upper()}` | {shown} | {said} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        sys.exit(f"{PAGE.name} is not what the settings say: make generated")
