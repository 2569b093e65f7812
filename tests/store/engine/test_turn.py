"""A turn says how many wait for it."""

import asyncio

from aftercall.store.engine.turn import Turn


async def test_who_waits_is_counted_until_it_is_their_turn_or_they_give_up() -> None:
    turn = Turn()

    async def take() -> None:
        async with turn:
            assert turn.waiting in (0, 1)

    async with turn:
        assert turn.waiting == 0
        first, second = asyncio.create_task(take()), asyncio.create_task(take())
        await asyncio.sleep(0)
        assert turn.waiting == 2
        second.cancel()
        await asyncio.wait([second])
        assert turn.waiting == 1
    await first
    assert turn.waiting == 0
