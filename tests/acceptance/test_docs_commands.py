"""The commands in the README and the docs run as they are written, top to bottom, a page at a time.

The server of the test stands in for the one that `make run` starts: its address takes the place of
the default one, its folder that of `/var/lib/aftercall`.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.acceptance import http_client
from tests.acceptance.http_client import TIMEOUT_S
from tests.acceptance.server import Server, environment, running

pytestmark = pytest.mark.acceptance

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
BLOCK = re.compile(r"^```(sh|python)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
DEFAULT_ADDRESS = "http://127.0.0.1:8787"

PAGES = {
    "README.md": 4,
    "docs/how-to/alerts.md": 2,
    "docs/how-to/bigbluebutton.md": 1,
    "docs/how-to/collect-from-livekit.md": 2,
    "docs/how-to/janus.md": 1,
    "docs/how-to/jitsi.md": 1,
    "docs/how-to/privacy.md": 4,
    "docs/how-to/realtimekit-webhooks.md": 1,
    "docs/how-to/retention.md": 1,
    "docs/how-to/transcripts.md": 2,
    "docs/how-to/webhooks.md": 2,
    "docs/how-to/write-side.md": 1,
    "docs/operate/reverse-proxy.md": 1,
    "docs/reference/events.md": 1,
    "docs/start/first-record.md": 5,
    "docs/start/operate.md": 3,
    "docs/start/simulate.md": 1,
    "docs/operate/backup.md": 2,
}
"""Pages, and how many of their blocks run at least."""

ELSEWHERE = {
    # Needs a database server and its programs.
    "createdb ": "tests/acceptance/test_postgresql_restore.py",
    # Wants the server to be stopped.
    "aftercall retain --rebuild-file": "tests/cli/test_retain.py",
    # Want another system, or what it wrote.
    "aftercall import ada.gz": "tests/cli/test_dump_import.py",
    "curl -F file=@ada.gz": "tests/web/dashboard/test_imports.py",
    "aftercall export ": "tests/cli/test_session_export.py",
    "pip install 'aftercall[import]'": "tests/acceptance/test_import_realtimekit.py",
    # A receiver, which listens until it is stopped.
    "import os\nfrom http.server import": "tests/acceptance/test_webhooks.py",
    # Write into the checkout, or need a wheel.
    "npm pack ": "tests/acceptance/test_collector_package.py",
    "python3 -m venv /opt/aftercall": "tests/acceptance/test_wheel.py",
    "/opt/aftercall/bin/pip install": "tests/acceptance/test_wheel.py",
}
"""How blocks begin that other tests run, and those tests."""

FOR_DEVELOPERS = ("CONTRIBUTING.md",)
PERSON = "crm-4711"
"""Who is exported and erased on the page about one person's data."""


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on its first start, as each page finds it."""
    with running(tmp_path_factory.mktemp("docs")) as started:
        yield started


def script_of(page: str) -> tuple[str, int]:
    """A page's blocks as one script, and how many there are. A Python block runs in a Python of its
    own."""
    parts = []
    for kind, block in BLOCK.findall((ROOT / page).read_text()):
        if block.startswith(tuple(ELSEWHERE)):
            continue
        parts.append(block if kind == "sh" else f"python3 - <<'PYTHON'\n{block}\nPYTHON\n")
    return "\n".join(parts), len(parts)


def stand_ins(folder: Path, server: Server) -> Path:
    """Programs in the place of those that would start another server, or install what is there."""
    programs = folder / "programs"
    programs.mkdir()
    targets = r"run|demo"
    write(programs / "make", f'[[ $1 =~ ^({targets})$ ]] && grep -q "^$1:" Makefile')
    write(programs / "pip", 'python3 -c "import cloudflare"')
    write(
        programs / "aftercall",
        f"""case $1 in
          serve) exit 0 ;;
          person) exec {BIN / "aftercall"} "$@" <<< {PERSON} ;;
          simulate) exec {BIN / "aftercall"} "$@" --url {server.url} ;;
          *) exec {BIN / "aftercall"} "$@" ;;
        esac""",
    )
    (folder / "backups").mkdir()
    (folder / "restored").mkdir()
    (folder / "restored" / "erasures.jsonl").touch()
    return programs


def write(program: Path, script: str) -> None:
    program.write_text(f"#!/usr/bin/env bash\nset -euo pipefail\n{script}\n")
    program.chmod(0o755)


def write_keys(folder: Path) -> None:
    """The secrets that the pages on webhooks read from files."""
    (folder / "bbb-secret").write_text("a secret of BigBlueButton")
    pair = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    form = (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "publickey.pem").write_bytes(pair.public_key().public_bytes(*form))


def add_person(server: Server) -> None:
    """A member of a meeting, as the page about one person's data takes for granted."""
    with http_client.Client(headers=server.headers) as client:
        made = client.post(server.kit("meetings"), json={"title": "Stand-up"}).json()["data"]
        member = {"name": "Ada", "preset_name": "guest", "custom_participant_id": PERSON}
        added = client.post(server.kit(f"meetings/{made['id']}/participants"), json=member)
        added.raise_for_status()


def test_every_page_with_commands_is_run_here_or_elsewhere() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("deploy/**/*.md")]
    names = {str(page.relative_to(ROOT)) for page in pages} - set(FOR_DEVELOPERS)
    assert {name for name in names if script_of(name)[1]} == set(PAGES)
    assert [test for test in ELSEWHERE.values() if not (ROOT / test).exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_of_a_page_run_as_written(page: str, server: Server, tmp_path: Path) -> None:
    script, blocks = script_of(page)
    assert blocks >= PAGES[page]
    add_person(server)
    write_keys(tmp_path)
    for old, new in (
        (DEFAULT_ADDRESS, server.url),
        ("AFTERCALL_PUBLIC_URL=https://calls.example.com", "AFTERCALL_PUBLIC_URL=https://a.test"),
        ("https://calls.example.com", server.url),
        ("/backups/", f"{tmp_path / 'backups'}/"),
        ("/var/lib/aftercall", str(tmp_path / "restored")),
        ("/srv/elsewhere", str(tmp_path / "elsewhere")),
        # What the first start printed.
        ("ACCOUNT=… APP=… TOKEN=…", "ACCOUNT APP TOKEN"),
        (".venv/bin/aftercall ", "aftercall "),
        ("--secret-file ", f"--secret-file {tmp_path}/"),
        ("rand -hex 16 > ", f"rand -hex 16 > {tmp_path}/"),
        ("ada.zip", str(tmp_path / "ada.zip")),
    ):
        script = script.replace(old, new)
    assert "…" not in re.sub(r"#.*", "", script)
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=5 * TIMEOUT_S,
        env=environment(
            {
                "PATH": f"{stand_ins(tmp_path, server)}:{BIN}:{os.environ['PATH']}",
                "ACCOUNT": server.account_id,
                "APP": server.app_id,
                "TOKEN": server.api_token,
                "AFTERCALL_DATA_DIR": str(server.data_dir),
            }
        ),
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}\n{script}"
