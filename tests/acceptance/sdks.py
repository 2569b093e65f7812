"""Official SDKs of several generations, each in a folder of its own, kept between runs."""

import fcntl
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

CACHE = Path(__file__).resolve().parents[2] / ".venvs"
NODE = Path(__file__).with_name("node")
_TEST_TOOLS = ("pytest", "pytest-asyncio", "respx", "time-machine", "rich", "pytest-xdist")


def python_sdk(version: str, *, with_test_tools: bool = False) -> Path:
    """A Python that has this version of the SDK."""
    name = f"sdk-{version}-tests" if with_test_tools else f"sdk-{version}"
    python = CACHE / name / "bin" / "python"
    with _alone(name):
        if not (CACHE / name / "ready").exists():
            shutil.rmtree(CACHE / name, ignore_errors=True)
            _install([sys.executable, "-m", "venv", str(CACHE / name)])
            wanted = [f"cloudflare[aiohttp]=={version}"]
            wanted += _TEST_TOOLS if with_test_tools else ()
            _install([*_installer(python), *wanted])
            (CACHE / name / "ready").touch()
    return python


def own_tests(version: str) -> Path:
    """The folder of the SDK's published source package, which holds its own tests."""
    folder = CACHE / f"cloudflare-{version}"
    python = python_sdk(version, with_test_tools=True)
    with _alone(f"source-{version}"):
        if not folder.exists():
            words = ["download", "--quiet", "--no-deps", "--no-binary", ":all:"]
            _install([str(python), "-m", "pip", *words, "-d", str(CACHE), f"cloudflare=={version}"])
            with tarfile.open(CACHE / f"cloudflare-{version}.tar.gz") as source:
                source.extractall(CACHE, filter="data")
    return folder


def node_sdks() -> Path:
    """The folder with the npm SDKs installed as `cloudflare-6` and `cloudflare-7`."""
    if shutil.which("npm") is None:
        pytest.skip("npm was not found: the npm SDKs cannot be tried")
    stamp = NODE / "node_modules" / ".ready"
    with _alone("node"):
        if (
            not stamp.exists()
            or stamp.stat().st_mtime < (NODE / "package-lock.json").stat().st_mtime
        ):
            _install(["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"], cwd=NODE)
            stamp.touch()
    return NODE


def _installer(python: Path) -> list[str]:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    if uv is not None:
        return [uv, "pip", "install", "--quiet", "--python", str(python)]
    return [str(python), "-m", "pip", "install", "--quiet"]


def _install(command: list[str], cwd: Path | None = None) -> None:
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, timeout=600)
    if done.returncode != 0:
        pytest.skip(f"the SDK could not be fetched: {done.stderr.strip()[-300:]}")


@contextmanager
def _alone(name: str) -> Iterator[None]:
    """One process at a time makes a folder; the others wait for it."""
    CACHE.mkdir(exist_ok=True)
    with (CACHE / f".{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
