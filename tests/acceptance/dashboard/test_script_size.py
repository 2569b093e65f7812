"""How many bytes of scripts a page loads before its first chart."""

import gzip
import re
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[3] / "src/aftercall/_static/dashboard/index.html"
pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.skipif(not PAGES.is_file(), reason="the dashboard is not built"),
]
MOST_BYTES = 60 * 1024
NOT_BEFORE_THE_FIRST_CHART = ("uPlot", "charts", "marked")
"""Scripts of charts, and of a summary's Markdown."""

ASSETS = PAGES.parent / "assets"
_STATIC = re.compile(
    r"""\bfrom\s*["'`]\./([\w.-]+\.js)["'`]|\bimport\s*["'`]\./([\w.-]+\.js)["'`]"""
)
_LAZY = re.compile(r"""\bimport\(["'`]\./([\w.-]+\.js)["'`]\)""")


def with_imports(name: str, found: set[str] | None = None) -> set[str]:
    """A script and all that it needs to run."""
    found = set() if found is None else found
    if name not in found:
        found.add(name)
        for one, other in _STATIC.findall((ASSETS / name).read_text()):
            with_imports(one or other, found)
    return found


def with_lazy(first: str) -> dict[str, set[str]]:
    """Each script that is loaded when it is wanted, and all that is loaded by then."""
    loaded = {first: with_imports(first)}
    waiting = [first]
    while waiting:
        opener = waiting.pop(0)
        for script in loaded[opener]:
            for name in _LAZY.findall((ASSETS / script).read_text()):
                if name not in loaded and not name.startswith(NOT_BEFORE_THE_FIRST_CHART):
                    loaded[name] = loaded[opener] | with_imports(name)
                    waiting.append(name)
    return loaded


def gzipped(names: set[str]) -> int:
    return sum(len(gzip.compress((ASSETS / name).read_bytes())) for name in names)


def test_every_page_loads_at_most_sixty_kilobytes_of_scripts_before_its_first_chart() -> None:
    (first,) = re.findall(r"/assets/(index-[\w-]+\.js)", PAGES.read_text())[:1]
    loaded = with_lazy(first)
    assert len(loaded) > 16
    sizes = {name: gzipped(names) for name, names in loaded.items()}
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
