import socket
import threading
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.cli.serve import bound, greet, put_into
from aftercall.service.accounts.setup import FirstAccount
from aftercall.settings import Settings, own_url, read_settings

words = st.text(st.characters(codec="ascii", exclude_categories=["Cc", "Cs"]), max_size=30)


@given(
    st.integers(1, 65_535),
    st.booleans(),
    words,
    st.sampled_from(["full", "truncate", "none"]),
)
def test_workers_read_the_same_settings(
    port: int, is_web: bool, public_url: str, privacy: str
) -> None:
    settings = replace(
        Settings(),
        port=port,
        web=is_web,
        public_url=public_url,
        privacy=privacy,
        data_dir=Path("/var/lib/aftercall"),
    )
    environment: dict[str, str] = {"PATH": "/bin"}
    put_into(environment, settings)
    assert read_settings(environment) == settings
    assert environment["PATH"] == "/bin"


def test_workers_read_the_effective_settings_not_the_files_they_came_from(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("https://calls.example\n")
    environment = {"AFTERCALL_PUBLIC_URL_FILE": str(file)}
    settings = read_settings(environment, port=9_001)
    put_into(environment, settings)
    file.unlink()
    assert read_settings(environment).public_url == "https://calls.example"
    assert read_settings(environment).port == 9_001


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("calls.example", "http://calls.example:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("2001:db8::7", "http://[2001:db8::7]:80"),
    ],
)
def test_the_printed_address_can_be_opened(host: str, url: str) -> None:
    assert own_url(host, 80) == url


def test_an_address_in_use_is_reported_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with (
            pytest.raises(OSError, match=f"cannot listen on 127.0.0.1:{port}"),
            bound(replace(Settings(), port=port), within_s=0),
        ):
            pass


def test_an_address_that_is_freed_soon_is_waited_for() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        freed = threading.Timer(0.3, taken.close)
        freed.start()
        with bound(replace(Settings(), port=port)) as listening:
            assert listening.getsockname()[1] == port
        freed.join()


def test_the_first_start_prints_ids_and_token(capsys: pytest.CaptureFixture[str]) -> None:
    founded = FirstAccount(account_id="acc", app_id="the-app", api_token="ac_secret")
    greet("http://127.0.0.1:8787", Settings(), founded)
    stated = capsys.readouterr().out
    assert stated.startswith("Aftercall ")
    for needed in ("acc", "the-app", "ac_secret", 'base_url="http://127.0.0.1:8787/client/v4"'):
        assert needed in stated


def test_later_starts_print_only_the_address(capsys: pytest.CaptureFixture[str]) -> None:
    greet("http://127.0.0.1:8787", Settings(), None)
    assert len(capsys.readouterr().out.splitlines()) == 1


def test_the_snippet_of_the_first_start_is_valid_python(capsys: pytest.CaptureFixture[str]) -> None:
    founded = FirstAccount(account_id="acc", app_id="the-app", api_token="ac_secret")
    greet("http://127.0.0.1:8787", Settings(), founded)
    lines = capsys.readouterr().out.splitlines()
    begin = next(n for n, line in enumerate(lines) if "from cloudflare" in line)
    compile("\n".join(line[2:] for line in lines[begin:]), "snippet", "exec")
