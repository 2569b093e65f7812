"""The files in `deploy/`: valid by the programs they are for, and of settings, paths and metrics
that exist."""

import asyncio
import json
import re
import subprocess
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from aftercall.app import Application
from aftercall.composition import prepare
from aftercall.setting_values import PREFIX
from aftercall.settings import Settings, read_settings
from tests.acceptance.required_programs import needs

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
MONITORING = DEPLOY / "monitoring"
HIGHEST_EXPOSURE = 20
"""In tenths, of a scale to 100: `systemd-analyze` calls up to 19 OK."""


def run(*words: object, cwd: Path | None = None) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, cwd=cwd)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs("promtool", package="prometheus")
def test_the_alert_rules_are_valid_and_fire_when_they_should() -> None:
    run("promtool", "check", "rules", MONITORING / "alerts.yaml")
    run("promtool", "test", "rules", MONITORING / "alerts_test.yaml", cwd=MONITORING)


def expressions_of_dashboard() -> list[str]:
    dashboard: dict[str, Any] = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    return [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]


@needs("promtool", package="prometheus")
def test_the_dashboard_asks_what_prometheus_understands(tmp_path: Path) -> None:
    rules = [
        {"record": f"aftercall:panel_{number}", "expr": expression}
        for number, expression in enumerate(expressions_of_dashboard())
    ]
    # JSON is YAML.
    file = tmp_path / "rules.yaml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    run("promtool", "check", "rules", file)


def test_panels_do_not_overlap_and_have_a_name_each() -> None:
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    places: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        at = panel["gridPos"]
        cells = {(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])}
        assert not cells & places, panel["title"]
        assert all(x < 24 for x, _ in cells)
        places |= cells
    names = [panel["title"] for panel in dashboard["panels"]]
    assert len(set(names)) == len(names)


async def metrics_of_a_server(data_dir: Path) -> str:
    """What `/metrics` answers on a server's first start."""
    settings = Settings(data_dir=data_dir)
    await prepare(settings)
    application = Application(settings)
    asked: asyncio.Queue[Any] = asyncio.Queue()
    stated: asyncio.Queue[Any] = asyncio.Queue()
    scope: Any = {"type": "lifespan"}
    living = asyncio.create_task(application(scope, asked.get, stated.put))
    await asked.put({"type": "lifespan.startup"})
    await stated.get()
    try:
        served: Any = application
        transport = httpx.ASGITransport(app=served)
        async with httpx.AsyncClient(transport=transport, base_url="http://a.test") as client:
            return (await client.get("/metrics")).text
    finally:
        await asked.put({"type": "lifespan.shutdown"})
        await living


async def test_rules_and_dashboard_name_metrics_that_the_server_has(tmp_path: Path) -> None:
    known = set()
    for family in text_string_to_metric_families(await metrics_of_a_server(tmp_path)):
        known |= {family.name, family.name + "_total", family.name + "_bucket"}
    text = (MONITORING / "alerts.yaml").read_text() + " ".join(expressions_of_dashboard())
    named = set(re.findall(r"\baftercall_\w+", text))
    assert len(named) > 10
    assert named <= known


@needs("systemd-analyze", package="systemd")
def test_the_unit_is_valid_and_leaves_little_exposed(tmp_path: Path) -> None:
    unit = tmp_path / "aftercall.service"
    text = (DEPLOY / "aftercall.service").read_text()
    assert "ExecStart=/opt/aftercall/bin/aftercall serve\n" in text
    unit.write_text(text.replace("/opt/aftercall/bin/aftercall", "/bin/true"))
    run("systemd-analyze", "verify", unit)
    threshold = f"--threshold={HIGHEST_EXPOSURE}"
    run("systemd-analyze", "security", "--offline=true", threshold, unit)


@pytest.mark.parametrize("name", ["aftercall.service", "Containerfile", "compose.yaml"])
def test_settings_in_deploy_exist(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("postgresql://db/calls")
    found = re.findall(rf'\b({PREFIX}[A-Z_]+)(?:: |=)"?([^\s"]+)', (DEPLOY / name).read_text())
    assert found
    for key, value in found:
        if value == "value":
            continue
        read_settings({key: str(secret) if key.endswith("_FILE") else value})


def test_the_container_copies_what_exists() -> None:
    text = (DEPLOY / "Containerfile").read_text()
    assert "requirements/run.txt" in text
    assert (ROOT / "requirements/run.txt").exists()
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert not {"src", "requirements", "collector", "dashboard", "pages"} & set(ignored)
