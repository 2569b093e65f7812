import json

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from aftercall.wire.json_template import JsonTemplate

TEXTS = st.text() | st.integers() | st.lists(st.text())


@given(st.lists(TEXTS, max_size=5), st.lists(TEXTS, max_size=5), st.booleans())
def test_a_rendered_template_equals_the_text_encoded_at_once(
    around: list[object], held: list[object], is_twice: bool
) -> None:
    frame: JsonTemplate[bytes] = JsonTemplate()
    holes = [frame.slot(msgspec.json.encode(each)) for each in held]
    times = 2 if is_twice else 1
    text = msgspec.json.encode({"around": around, "held": [holes] * times, "after": around})
    pieces = frame.fill(text)
    assert json.loads(b"".join(pieces)) == {
        "around": around,
        "held": [held] * times,
        "after": around,
    }


def test_a_slots_content_is_passed_on_unchanged() -> None:
    frame: JsonTemplate[list[int]] = JsonTemplate()
    rows = [1, 2, 3]
    filled = frame.fill(msgspec.json.encode({"one": frame.slot(rows)}))
    assert filled == [b'{"one":', rows, b"}"]
    assert filled[1] is rows
