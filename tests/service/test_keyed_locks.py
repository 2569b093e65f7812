import asyncio

from hypothesis import given
from hypothesis import strategies as st

from aftercall.service.keyed_locks import KeyedLocks


class LockUsers:
    """Callers who work under the lock of a key, for some turns of the event loop."""

    def __init__(self) -> None:
        self.locks: KeyedLocks[str] = KeyedLocks()
        self.at_work: dict[str, int] = {}
        self.most_at_once = 0
        self.done: list[str] = []

    async def work(self, key: str, *, after: int = 0, turns: int = 2, fails: bool = False) -> None:
        for _ in range(after):
            await asyncio.sleep(0)
        async with self.locks.of(key):
            self.at_work[key] = self.at_work.get(key, 0) + 1
            self.most_at_once = max(self.most_at_once, self.at_work[key])
            try:
                for _ in range(turns):
                    await asyncio.sleep(0)
                if fails:
                    raise ValueError(key)
            finally:
                self.at_work[key] -= 1
                self.done.append(key)


async def test_a_third_caller_waits_for_the_second_when_the_first_releases_the_lock() -> None:
    users = LockUsers()
    first = asyncio.create_task(users.work("a"))
    second = asyncio.create_task(users.work("a"))
    await first
    await users.work("a")
    await second
    assert users.most_at_once == 1
    assert users.done == ["a"] * 3


async def test_callers_of_different_keys_do_not_wait_for_each_other() -> None:
    users = LockUsers()
    async with users.locks.of("a"):
        async with asyncio.timeout(10):
            await users.work("b")
        assert len(users.locks) == 1
    assert len(users.locks) == 0


async def test_a_cancelled_waiter_leaves_no_lock() -> None:
    users = LockUsers()
    async with users.locks.of("a"):
        waiting = asyncio.create_task(users.work("a"))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait([waiting])
    del waiting
    assert len(users.locks) == 0


_CALLS = st.tuples(st.sampled_from("ab"), st.integers(0, 8), st.integers(0, 4), st.booleans())


@given(st.lists(_CALLS, max_size=8))
def test_a_key_has_one_holder_at_a_time_and_no_lock_is_left(
    calls: list[tuple[str, int, int, bool]],
) -> None:
    async def scenario() -> LockUsers:
        users = LockUsers()
        await asyncio.gather(
            *(
                users.work(key, after=after, turns=turns, fails=fails)
                for key, after, turns, fails in calls
            ),
            return_exceptions=True,
        )
        return users

    users = asyncio.run(scenario())
    assert users.most_at_once <= 1
    assert len(users.done) == len(calls)
    assert len(users.locks) == 0
