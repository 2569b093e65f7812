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


def gzipped(names: set[str]) -> int:
    return sum(len(gzip.compress((ASSETS / name).read_bytes())) for name in names)


def test_every_page_loads_at_most_sixty_kilobytes_of_scripts_before_its_first_chart() -> None:
    (first,) = re.findall(r"/assets/(index-[\w-]+\.js)", PAGES.read_text())[:1]
    everywhere = with_imports(first)
    pages = set(_LAZY.findall((ASSETS / first).read_text()))
    assert len(pages) > 8
    sizes = {
        name: gzipped(everywhere | with_imports(name))
        for name in pages
        if not name.startswith(NOT_BEFORE_THE_FIRST_CHART)
    }
    assert {name: size for name, size in sizes.items() if size > MOST_BYTES} == {}
