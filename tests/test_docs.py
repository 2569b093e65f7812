"""The pages name everything an operator can meet, and nothing that does not exist."""

import re
import subprocess
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from aftercall.composition import new_id, now
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database
from aftercall.web.http.access_log import HttpMetrics
from aftercall.web.server.connections import ConnectionLimits, Connections

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), ROOT / "bench" / "README.md"])
FOLDERS = ("src", "tests", "docs", "bench", "scripts", "collector", "dashboard", "pages")


async def test_every_metric_is_documented_and_no_other(db: Database) -> None:
    services = build_services(db, settings=Settings(), clock=now, new_id=new_id, policy=Policy())
    registry: CollectorRegistry = services.metrics
    HttpMetrics(registry)
    limits = ConnectionLimits(connections=1, head_s=1, body_s=1, unsent_s=1)
    Connections(limits).show_in(registry)
    page = (ROOT / "docs" / "operate" / "monitoring.md").read_text()
    assert set(re.findall(r"^\| `(aftercall_\w+)`", page, re.M)) == {
        metric.name for metric in registry.collect()
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    """Capitals stand for any name: `src/aftercall/ingest/NAME.py`."""
    named = re.findall(r"`((?:" + "|".join(FOLDERS) + r")/[\w./-]+\.\w+)`", page.read_text())
    assert [name for name in named if "NAME" not in name and not (ROOT / name).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_page_that_a_page_links_to_exists(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", page.read_text())
    assert [link for link in links if not (page.parent / link).exists()] == []


def test_every_promise_of_security_names_a_test_that_exists() -> None:
    text = (ROOT / "SECURITY.md").read_text()
    promises = text.partition("## What Aftercall promises")[2].partition("\n## ")[0]
    entries = re.split(r"^- ", promises, flags=re.MULTILINE)[1:]
    assert len(entries) > 10
    for entry in entries:
        named = re.findall(r"`(tests/[\w/.]+\.py)`", entry)
        assert named, entry
        assert all((ROOT / each).is_file() for each in named), entry


def test_every_decision_has_a_number_of_its_own() -> None:
    names = [path.name for path in (ROOT / "docs" / "decisions").glob("*.md")]
    numbers = [name[:4] for name in names]
    assert all(re.fullmatch(r"\d{4}-[a-z0-9-]+\.md", name) for name in names)
    assert sorted(set(numbers)) == sorted(numbers)


def test_make_prints_every_target() -> None:
    printed = subprocess.run(
        ["make", "--no-print-directory", "help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    targets = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.M)[0].split()
    assert [target for target in targets if f"make {target}" not in printed] == []


@pytest.mark.parametrize(
    ("walk", "most"),
    [
        ("a report in", 10),
        ("a report out", 12),
        ("the end of a session", 10),
        ("the dashboard's list of sessions", 7),
    ],
)
def test_a_walk_through_the_code_is_short(walk: str, most: int) -> None:
    page = (ROOT / "CONTRIBUTING.md").read_text()
    steps = page.partition(f"## A walk: {walk}\n")[2].partition("\n## ")[0]
    named = re.findall(r"^\d+\. `(src/[\w./]+\.py)`", steps, re.M)
    assert 5 <= len(named) == len(set(named)) <= most
