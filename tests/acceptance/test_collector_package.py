"""The package that `npm pack` makes of the collector can be installed and imported by itself."""

import subprocess
from pathlib import Path

import pytest

from tests.acceptance.required_programs import needs

ROOT = Path(__file__).parents[2]

pytestmark = [
    pytest.mark.acceptance,
    needs("npm"),
    pytest.mark.skipif(
        not (ROOT / "collector/dist/aftercall-collector.js").exists(),
        reason="the collector is not built; `make pages` builds it",
    ),
]

IMPORT = """
const { attach } = await import("aftercall-collector");
const precall = await import("aftercall-collector/precall");
console.log(typeof attach, Object.values(precall).some((each) => typeof each === "function"));
"""


def run(*words: str, cwd: Path) -> str:
    done = subprocess.run(words, cwd=cwd, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_packed_collector_is_installed_and_imported(tmp_path: Path) -> None:
    packed = run(
        *("npm", "pack", "--silent", "--workspace", "collector"),
        *("--pack-destination", str(tmp_path)),
        cwd=ROOT,
    ).splitlines()[-1]
    page = tmp_path / "page"
    page.mkdir()
    (page / "package.json").write_text('{"name": "page", "type": "module", "private": true}')
    run("npm", "install", "--offline", "--no-audit", "--no-fund", f"../{packed}", cwd=page)
    (page / "index.js").write_text(IMPORT)
    assert run("node", "index.js", cwd=page) == "function true"
    types = page / "node_modules/aftercall-collector/dist/types/index.d.ts"
    assert "attach" in types.read_text()
