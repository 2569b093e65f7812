import asyncio
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import typer

from aftercall.cli.check import check_data, odd_database, odd_settings, origin, shown
from aftercall.settings import Settings
from aftercall.store.engine.database import migrate

PRIVATE = Settings()
PUBLIC = replace(PRIVATE, host="0.0.0.0")


def found(settings: Settings) -> set[str]:
    return {finding.id for finding in odd_settings(settings)} - {"A006"}


def test_the_default_settings_have_no_finding() -> None:
    assert found(PRIVATE) == set()


@pytest.mark.parametrize(
    ("settings", "ids"),
    [
        (replace(PRIVATE, workers=2), {"A001"}),
        (PUBLIC, {"A002", "A003", "A004"}),
        (replace(PUBLIC, try_page=False, public_url="https://x", allow_origins="y"), set()),
        (replace(PRIVATE, geo_database="/nowhere.mmdb"), {"A005"}),
        (replace(PRIVATE, privacy="full"), {"A007"}),
        (replace(PRIVATE, workers=2, database_url="postgresql://x"), set()),
    ],
)
def test_questionable_settings_are_found(settings: Settings, ids: set[str]) -> None:
    assert found(settings) == ids


async def test_a_missing_database_is_a_finding_but_no_error(tmp_path: Path) -> None:
    (finding,) = await odd_database(replace(PRIVATE, data_dir=tmp_path))
    assert (finding.id, finding.is_error) == ("A010", False)


def test_an_option_overrides_the_environment_and_that_the_default() -> None:
    environment = {"AFTERCALL_PORT": "1", "AFTERCALL_HOST": "x"}
    assert origin("port", {"port"}, environment) == "option"
    assert origin("host", {"port"}, environment) == "environment"
    assert origin("workers", {"port"}, environment) == "default"
    assert origin("database_url", set(), {"AFTERCALL_DATABASE_URL_FILE": "/a"}) == "file /a"


def test_a_password_is_not_shown() -> None:
    settings = replace(PRIVATE, database_url="postgresql://me:secret@db/x")
    assert "secret" not in shown(settings, "database_url")


async def test_a_consistent_database_is_reported_as_such(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await migrate(f"sqlite:///{tmp_path / 'aftercall.db'}")
    await asyncio.to_thread(check_data, replace(PRIVATE, data_dir=tmp_path))
    assert capsys.readouterr().out == "The database keeps its promises.\n"


async def test_each_broken_promise_is_a_line_and_sets_the_exit_code(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    await migrate(f"sqlite:///{tmp_path / 'aftercall.db'}")
    with closing(sqlite3.connect(tmp_path / "aftercall.db")) as connection, connection:
        for number in range(5):
            connection.execute(
                "INSERT INTO apps (account_id, id, name, created_at, report_shape, retention)"
                " VALUES ('gone', ?, 'x', 1, 'both', '{}')",
                (f"app-{number}",),
            )
    with pytest.raises(typer.Exit) as ended:
        await asyncio.to_thread(check_data, replace(PRIVATE, data_dir=tmp_path))
    assert ended.value.exit_code == 1
    assert capsys.readouterr().out == (
        "apps_have_an_account: 5 apps belong to no account: gone/app-0, gone/app-1, gone/app-2, …\n"
    )
