from dataclasses import replace
from pathlib import Path

import pytest

from aftercall.cli.check import odd_database, odd_settings, origin, shown
from aftercall.settings import Settings

PRIVATE = Settings()
PUBLIC = replace(PRIVATE, host="0.0.0.0")


def found(settings: Settings) -> set[str]:
    return {finding.id for finding in odd_settings(settings)} - {"A006"}


def test_the_defaults_are_not_odd() -> None:
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
def test_what_is_odd_is_found(settings: Settings, ids: set[str]) -> None:
    assert found(settings) == ids


async def test_a_missing_database_is_odd_but_no_error(tmp_path: Path) -> None:
    (finding,) = await odd_database(replace(PRIVATE, data_dir=tmp_path))
    assert (finding.id, finding.is_error) == ("A010", False)


def test_an_option_wins_over_the_environment_and_that_over_the_default() -> None:
    environment = {"AFTERCALL_PORT": "1", "AFTERCALL_HOST": "x"}
    assert origin("port", {"port"}, environment) == "option"
    assert origin("host", {"port"}, environment) == "environment"
    assert origin("workers", {"port"}, environment) == "default"


def test_a_password_is_not_shown() -> None:
    settings = replace(PRIVATE, database_url="postgresql://me:secret@db/x")
    assert "secret" not in shown(settings, "database_url")
