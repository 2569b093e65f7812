from pathlib import Path

from aftercall.composition import new_id, opened, prepare
from aftercall.settings import Settings


async def test_the_first_preparation_alone_makes_an_account(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    first = await prepare(settings)
    assert first is not None
    assert await prepare(settings) is None
    async with opened(settings) as services:
        app = await services.setup.app_of(first.app_id)
    assert app.account_id == first.account_id


def test_ids_differ() -> None:
    assert len({new_id() for _ in range(100)}) == 100
