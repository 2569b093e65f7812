"""Write docs/reference/settings.md from the table of settings; with --check only compare."""

import sys
from dataclasses import fields
from pathlib import Path

from aftercall.settings import PREFIX, Settings

PAGE = Path(__file__).resolve().parent.parent / "docs/reference/settings.md"
HEAD = """# Settings

Every setting is an environment variable. `aftercall serve` has options for some of them, and an
option overrides the environment. `aftercall check` prints the effective settings and their origin.
A name that begins with `AFTERCALL_` and is not in this list is refused.

With `_FILE` after its name, a variable names a file whose content is the value, without the line
break at its end: `AFTERCALL_DATABASE_URL_FILE=/run/secrets/database-url`. Passwords then stand
neither in the environment nor in a unit file.

`scripts/generate_settings_page.py` writes this page.

| variable | default | meaning |
|---|---|---|
"""


def page() -> str:
    """The page as it should be."""
    rows = []
    for f in fields(Settings):
        about, choices = f.metadata["about"], f.metadata["choices"]
        meaning = f"{about} One of {', '.join(f'`{c}`' for c in choices)}." if choices else about
        default = str(f.default).lower() if isinstance(f.default, bool) else str(f.default)
        shown = f"`{default}`" if default else "empty"
        rows.append(f"| `{PREFIX}{f.name.upper()}` | {shown} | {meaning} |")
    return HEAD + "\n".join(rows) + "\n"


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif not PAGE.exists() or PAGE.read_text() != page():
        sys.exit(f"{PAGE.name} differs from the settings: run make generated")
