"""axe-core, which finds what assistive technology cannot use."""

from typing import Final, Literal

from playwright.sync_api import Page

from tests.acceptance.dashboard.browser_harness import ROOT

SCHEMES: Final[tuple[Literal["dark", "light"], ...]] = ("dark", "light")
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def assert_accessible(page: Page) -> None:
    """Loads axe, if it is installed, and asserts that it finds no violation in light or dark."""
    if not AXE.is_file():
        return
    page.evaluate(AXE.read_text())
    for scheme in SCHEMES:
        # With motion, colours are between those of both schemes for a while.
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = violations(page)
        assert not found, f"{scheme}: {found}"
    page.emulate_media(color_scheme="light", reduced_motion="no-preference")


def violations(page: Page) -> list[str]:
    """The violations that axe, loaded before, finds on the page."""
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"][:3]
    ]
