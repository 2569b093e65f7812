"""axe-core, which finds what assistive technology cannot use."""

from playwright.sync_api import Page

from tests.acceptance.dashboard.browser_harness import ROOT

AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"


def violations(page: Page) -> list[str]:
    """The violations that axe, loaded before, finds on the page."""
    found = page.evaluate("axe.run(document, { resultTypes: ['violations'] })")
    return [
        f"{violation['id']}: {node['html'][:160]} {node['failureSummary'][:200]}"
        for violation in found["violations"]
        for node in violation["nodes"][:3]
    ]
