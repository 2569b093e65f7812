"""Causes as rows: few have a row each, many of a kind share one."""

from collections.abc import Mapping, Sequence

from aftercall.core.overview.cause_rows import MOST_SENTENCES, ROWS_APART, CauseRow, rows_of
from aftercall.core.overview.causes import STILL_MS, causes_of
from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.findings import Evidence, Finding
from aftercall.core.quality.diagnosis.named_text import MarkedPeople, plain
from tests.core.overview.cause_builder import NAMES, at, digested, finding

LOSS = Figure(name="loss_percent", unit="%", typical=12, worst=21)
LOSSY = finding(
    "uplink",
    "ann",
    affected=["bob", "cy"],
    media=["voice"],
    figures=[LOSS],
    evidence=Evidence(listeners_present=3, listeners_affected=2),
)


def rows(
    findings: Mapping[str, Sequence[Finding]],
    levels: Mapping[str, Sequence[int]] | None = None,
    now: int | None = None,
) -> list[CauseRow]:
    causes = causes_of(digested(levels or {}, findings))
    return rows_of(causes, MarkedPeople(NAMES), None if now is None else at(now))


def test_a_row_has_noun_figure_reach_and_all_that_it_opens_to() -> None:
    [row] = rows({"ann": [LOSSY]}, {"ann": [1] * 6, "bob": [4] * 6, "cy": [3] * 6})
    assert (row.noun, row.amount, plain(row.reach)) == (
        "Uplink loss",
        "12 %, worst 21 %",
        "heard by 2 of 3",
    )
    assert (row.key, row.subjects, row.affected) == ("uplink.ann", ["ann"], ["bob", "cy"])
    assert (row.level, row.levels) == (1, {"ann": 1, "bob": 4, "cy": 3})
    assert plain(row.happened[0]).startswith("About 12 % of Ann Lee's voice was lost")
    assert [part.participant_id for part in row.happened[0] if part.participant_id] == ["ann"] * 2
    assert plain(row.followed[0]) == "2 of 3 listeners heard it."
    assert plain(row.advice[0]).startswith("Connect Ann by cable")
    assert row.spans == [(at(0), at(20))]


def test_somebody_who_suffered_alone_is_named_and_a_server_reaches_everybody() -> None:
    alone, server = rows(
        {"ann": [finding("cpu", "ann"), finding("server", None, affected=["ann", "bob"])]},
        {"ann": [2] * 6},
    )
    if alone.cause != "cpu":
        alone, server = server, alone
    assert plain(alone.reach) == "Ann alone"
    assert (plain(server.reach), server.subjects) == ("everybody", [])


def test_many_causes_of_a_kind_share_a_row_but_the_first_is_alone() -> None:
    people = [f"p{place:02d}" for place in range(ROWS_APART + 4)]
    findings = {name: [finding("cpu", name)] for name in people}
    levels = {name: [3] * 6 for name in people} | {people[0]: [1] * 6}
    first, rest = rows(findings, levels)
    assert (first.subjects, first.level) == ([people[0]], 1)
    assert (rest.subjects, rest.level, plain(rest.reach), rest.amount) == (
        people[1:],
        3,
        f"{len(people) - 1} people",
        "",
    )
    assert len(rest.happened) == MOST_SENTENCES + 1
    assert plain(rest.happened[-1]) == f"And {len(people) - 1 - MOST_SENTENCES} more of the kind."
    few = rows({name: findings[name] for name in people[:ROWS_APART]}, levels)
    assert len(few) == ROWS_APART


def test_only_a_live_session_has_lasting_causes() -> None:
    assert not rows({"ann": [LOSSY]})[0].is_lasting
    assert rows({"ann": [LOSSY]}, now=20)[0].is_lasting
    assert not rows({"ann": [LOSSY]}, now=21 + STILL_MS // 1_000)[0].is_lasting


def test_the_same_explanation_stands_once() -> None:
    unheard = [finding("one_way_audio", "ann", peer_ids=[name]) for name in ("bob", "cy")]
    [row] = rows({"ann": unheard})
    assert len(row.happened) == 2
    assert len({plain(each) for each in row.known}) == len(row.known) == 1
