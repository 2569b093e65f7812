"""The first sentence of a session's page, for everybody and for one person."""

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from aftercall.core.overview.causes import causes_of
from aftercall.core.overview.session_summary import summarise_session
from aftercall.core.overview.verdict_words import (
    Call,
    VerdictWords,
    verdict_for,
    verdict_for_everybody,
)
from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.findings import Evidence, Finding
from aftercall.core.quality.diagnosis.named_text import MarkedPeople, plain
from tests.core.overview.cause_builder import NAMES, SCALE, at, digested, finding

LOSS = Figure(name="loss_percent", unit="%", typical=12, worst=21)
LOSSY = finding(
    "uplink",
    "ann",
    affected=["bob", "cy"],
    media=["voice"],
    figures=[LOSS],
    severity="severe",
    spans=[(at(10), at(20)), (at(40), at(60))],
    evidence=Evidence(listeners_present=2, listeners_affected=2),
)
BAD_FOR_ANN = {"ann": [4, 1, 4, 4, 1, 1], "bob": [4] * 6, "cy": [4] * 6}


def verdicts(
    levels: Mapping[str, Sequence[int]],
    findings: Mapping[str, Sequence[Finding]],
    now: int | None = None,
) -> tuple[VerdictWords, dict[str, VerdictWords]]:
    rows = digested(levels, findings)
    call = Call(causes_of(rows), MarkedPeople(NAMES), None if now is None else at(now))
    quality = summarise_session(SCALE, rows, is_final=now is None).quality
    personal = {row.id: verdict_for(row.id, digest, call) for row, digest in rows}
    return verdict_for_everybody(call, quality), personal


def said(verdict: VerdictWords) -> str:
    return plain(verdict.who) + plain(verdict.what)


def test_the_sentence_says_who_what_how_bad_how_long_and_who_noticed() -> None:
    found, _ = verdicts(BAD_FOR_ANN, {"ann": [LOSSY]})
    assert said(found) == "Ann Lee's uplink lost about 12 %, at worst 21 %, for 30 s in all."
    assert plain(found.who) == "Ann Lee's uplink"
    assert plain(found.reach) == "Everybody heard it."
    assert plain(found.more) == "The other 2 had a good call."
    assert plain(found.advice).startswith("connect Ann by cable")
    assert (found.level, found.cause) == (1, "uplink.ann")


def test_other_causes_are_named_in_short() -> None:
    levels = BAD_FOR_ANN | {"bob": [3] * 6, "de": [2] * 6}
    findings = {
        "ann": [LOSSY],
        "bob": [finding("cpu", "bob")],
        "de": [finding("cpu", "de"), finding("round_trip", "de"), finding("rejoined", "de")],
    }
    found, _ = verdicts(levels, findings)
    assert plain(found.more).startswith("Also found: ")
    assert "slow machine (de Vries, Bob)" in plain(found.more)
    assert "and 1 more." in plain(found.more)


def test_a_good_call_is_called_good() -> None:
    good = {name: [4] * 6 for name in ("ann", "bob")}
    found, personal = verdicts(good, {})
    assert (said(found), found.cause, found.advice) == ("A good call for all 2.", None, [])
    assert said(personal["ann"]) == "A good call for Ann Lee."
    assert personal["ann"].worst_at is None


def test_trouble_that_spoilt_nothing_is_told_after_the_good_news() -> None:
    good = {name: [4] * 6 for name in ("ann", "bob", "cy")}
    found, personal = verdicts(good, {"ann": [LOSSY]})
    assert said(found) == "A good call for all 3."
    assert plain(found.more) == "Also found: uplink loss (Ann Lee)."
    assert said(personal["bob"]) == "A good call for Bob."


def test_without_a_cause_the_verdict_admits_it() -> None:
    found, personal = verdicts({"ann": [1] * 6, "bob": [4] * 6}, {})
    assert said(found) == "A bad call for 1 of 2, and the reports do not show why."
    assert said(personal["ann"]) == "A bad call for Ann Lee, and the reports do not show why."
    assert personal["ann"].worst_at == at(30)


def test_nothing_is_said_where_nothing_was_measured() -> None:
    found, personal = verdicts({}, {"ann": []})
    assert (found.level, said(found), personal["ann"].level) == (0, "", 0)


def test_a_live_call_is_told_in_the_present_and_what_goes_on_comes_first() -> None:
    over = replace(LOSSY, spans=[(at(0), at(10))], first_at=at(0), last_at=at(10))
    slow = finding("cpu", "bob", spans=[(at(50), at(60))])
    levels = {"ann": [1, 4, 4, 4, 4, 4], "bob": [4, 4, 4, 4, 4, 2]}
    found, _ = verdicts(levels, {"ann": [over], "bob": [slow]}, now=62)
    assert said(found) == "Bob's machine is too slow since 10:00:50 UTC."
    good, _ = verdicts({"ann": [4] * 6, "bob": [4] * 6}, {}, now=60)
    assert said(good) == "A good call so far for all 2."


def test_a_person_is_answered_with_what_was_worst_for_that_person() -> None:
    levels = BAD_FOR_ANN | {"bob": [4, 4, 2, 2, 4, 4]}
    slow = finding("cpu", "bob", spans=[(at(20), at(40))])
    _, personal = verdicts(levels, {"ann": [LOSSY], "bob": [slow]})
    bob = personal["bob"]
    assert said(bob) == "Bob's machine was too slow for 20 s."
    assert plain(bob.reach) == "Bob alone noticed."
    assert plain(bob.more) == "Also found: uplink loss (Ann Lee)."
    assert (bob.cause, bob.worst_at) == ("cpu.bob", at(30))
    assert personal["ann"].cause == "uplink.ann"


def test_the_worst_moment_is_the_middle_of_the_longest_worst_run_of_the_cause() -> None:
    _, personal = verdicts(BAD_FOR_ANN, {"ann": [LOSSY]})
    assert personal["ann"].worst_at == at(50)
