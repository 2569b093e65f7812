from aftercall.core.alerts.alert import WHOLE_APP, AlertContent, Reading
from aftercall.core.alerts.grouping import merge_sessions
from aftercall.core.quality.diagnosis.named_text import TextPart


def _content(summary: str, *people: str, cause: str = "uplink") -> AlertContent:
    return AlertContent(summary=[TextPart(summary)], people=list(people), causes=[cause])


def test_without_a_session_in_trouble_it_is_clear_or_between() -> None:
    assert merge_sessions({}, are_between=False) == (WHOLE_APP, Reading.CLEAR, AlertContent())
    assert merge_sessions({}, are_between=True).reading is Reading.BETWEEN


def test_the_session_in_which_most_suffer_stands_for_all() -> None:
    seen = merge_sessions(
        {
            "a": _content("Mei", "mei"),
            "b": _content("Liam", "liam", "mei", "zoe", cause="relay_tcp"),
        },
        are_between=False,
    )
    content = seen.content
    assert seen.reading is Reading.RAISED
    texts = [part.text for part in content.summary]
    assert texts == ["2 sessions in trouble, with 3 people; ", "Liam"]
    assert content.sessions == ["b", "a"]
    assert (content.people, content.causes) == (["liam", "mei", "zoe"], ["relay_tcp", "uplink"])
    assert content.figures == {"sessions": 2.0}


def test_one_more_of_many_sessions_is_no_further_message() -> None:
    def fingerprint(count: int) -> str:
        raised = {f"s{place}": _content("x", "p") for place in range(count)}
        return merge_sessions(raised, are_between=False).content.fingerprint

    assert fingerprint(4) == fingerprint(7)
    assert fingerprint(7) != fingerprint(8)
