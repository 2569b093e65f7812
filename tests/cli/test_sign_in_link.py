import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from aftercall.cli.sign_in_link import PATH, make_link
from aftercall.composition import opened, prepare
from aftercall.core.errors import NotFound
from aftercall.core.records import Role
from aftercall.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Iterator[Settings]:
    made = Settings(data_dir=tmp_path)
    asyncio.run(prepare(made))
    yield made


def test_a_link_signs_in_with_the_given_role(settings: Settings) -> None:
    link = make_link("https://calls.example.org/", settings, None, role=Role.READ)
    base, code = link.split(PATH)
    assert base == "https://calls.example.org"

    async def follow() -> Role:
        async with opened(settings) as services:
            return (await services.sign_ins.sign_in_with_link(code)).grant.role

    assert asyncio.run(follow()) is Role.READ


def test_a_link_to_an_unknown_app_is_refused(settings: Settings) -> None:
    with pytest.raises(NotFound):
        make_link("http://localhost", settings, None, app_id="nothing")


def test_the_code_is_not_stored(settings: Settings, tmp_path: Path) -> None:
    code = make_link("http://localhost", settings, None).split(PATH)[1]
    kept = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert code.encode() not in kept
