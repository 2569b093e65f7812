import pytest

from aftercall.outbound.model_request import ATTEMPTS, ModelFailed, ask_repeatedly


class Model:
    """Fails as it is told, and then answers; notes the waits between the attempts."""

    def __init__(self, *failures: ModelFailed) -> None:
        self._failures = list(failures)
        self.waits_s: list[float] = []
        self.noted: list[ModelFailed] = []

    async def ask(self) -> str:
        if self._failures:
            raise self._failures.pop(0)
        return "Done."

    async def sleep(self, seconds: float) -> None:
        self.waits_s.append(seconds)

    async def answer(self) -> str:
        return await ask_repeatedly(self.ask, sleep=self.sleep, note_failure=self.noted.append)


def failed(*, is_passing: bool = True, retry_after_s: float | None = None) -> ModelFailed:
    return ModelFailed("No.", code="x", is_passing=is_passing, retry_after_s=retry_after_s)


async def test_what_may_pass_is_asked_again_after_longer_and_longer_waits() -> None:
    model = Model(failed(), failed(), failed())
    assert await model.answer() == "Done."
    assert model.waits_s == [2, 6, 18]
    assert len(model.noted) == ATTEMPTS - 1


async def test_the_last_failure_is_raised() -> None:
    model = Model(*(failed() for _ in range(ATTEMPTS)))
    with pytest.raises(ModelFailed):
        await model.answer()
    assert len(model.waits_s) == ATTEMPTS - 1


async def test_what_does_not_pass_is_not_asked_again() -> None:
    model = Model(failed(is_passing=False))
    with pytest.raises(ModelFailed):
        await model.answer()
    assert model.waits_s == []


@pytest.mark.parametrize(("asked_s", "waits_s"), [(1.0, [2]), (30.0, [30]), (61.0, [])])
async def test_a_wait_that_is_asked_for_is_kept_up_to_a_minute(
    asked_s: float, waits_s: list[float]
) -> None:
    model = Model(failed(retry_after_s=asked_s))
    if waits_s:
        assert await model.answer() == "Done."
    else:
        with pytest.raises(ModelFailed):
            await model.answer()
    assert model.waits_s == waits_s
