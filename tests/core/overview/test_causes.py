"""The causes of a session: each once, with its effects, and how bad it was for whom."""

from collections.abc import Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.overview.causes import SERVER, STILL_MS, Cause, causes_for, causes_of, rank_of
from aftercall.core.quality.diagnosis.findings import Evidence, Finding
from aftercall.core.quality.experience.levels import BAD, FAIR, GOOD, POOR, UNKNOWN
from tests.core.overview.cause_builder import at, digested, finding

LOSSY = finding("uplink", "ann", affected=["bob", "cy"], severity="severe")
HEARD = finding(
    "sender", "ann", affected=["bob"], severity="information",
    evidence=Evidence(sender_cause="uplink"),
)  # fmt: skip


def causes(levels: Mapping[str, Sequence[int]], **findings: Sequence[Finding]) -> list[Cause]:
    return causes_of(digested(levels, findings))


def test_an_effect_is_folded_into_the_cause_it_names() -> None:
    slow = finding("cpu", "ann", severity="severe")
    heard_by_cy = replace(HEARD, affected=["cy"])
    found = causes({}, ann=[slow, LOSSY], bob=[HEARD], cy=[heard_by_cy])
    assert [each.key for each in found] == ["uplink.ann", "cpu.ann"]
    assert [participant_id for participant_id, _ in found[0].effects] == ["bob", "cy"]
    assert found[1].effects == []


def test_an_effect_without_a_cause_becomes_one_for_all_who_report_it() -> None:
    by_bob = replace(HEARD, spans=[(at(0), at(10))], evidence=Evidence(sender_cause="unknown"))
    by_cy = replace(by_bob, affected=["cy"], spans=[(at(20), at(30))])
    [found] = causes({}, bob=[by_bob], cy=[by_cy])
    assert (found.key, found.affected, found.finding.severity) == (
        "sender.ann",
        ["bob", "cy"],
        "warning",
    )
    assert found.spans == [(at(0), at(10)), (at(20), at(30))]


def test_what_the_server_did_to_everybody_is_one_cause() -> None:
    one = finding("server", None, affected=["ann", "bob"])
    other = replace(one, severity="severe", spans=[(at(30), at(50))], first_at=at(30))
    [found] = causes({}, ann=[one], bob=[other])
    assert (found.key, found.subject) == (f"server.{SERVER}", None)
    assert found.finding.severity == "severe"
    assert found.spans == [(at(0), at(20)), (at(30), at(50))]


def test_findings_of_one_cause_and_person_are_one_cause() -> None:
    earlier = finding("one_way_audio", "ann", peer_ids=["bob"])
    longer = finding("one_way_audio", "ann", peer_ids=["cy"], spans=[(at(0), at(60))])
    [found] = causes({}, ann=[earlier, longer])
    assert [each.peer_ids for each in found.findings] == [["cy"], ["bob"]]


def test_findings_of_hidden_participants_are_left_out() -> None:
    [bob, *_] = digested({"ann": [1]}, {"ann": [LOSSY]})
    assert causes_of([(replace(bob[0], is_hidden=True), bob[1])]) == []


def test_how_bad_it_was_is_read_from_the_moments_of_the_cause() -> None:
    one = finding("uplink", "ann", affected=["bob"], spans=[(at(20), at(40))])
    [found] = causes({"ann": [4, 4, 1, 1, 4, 4], "bob": [1, 4, 4, 3, 4, 1]}, ann=[one])
    assert found.levels == {"ann": BAD, "bob": FAIR}
    assert found.level == BAD


def test_moments_of_two_causes_count_for_the_more_severe() -> None:
    loss = finding("downlink", "ann", severity="severe", spans=[(at(0), at(20))])
    relay = finding("relay_tcp", "ann", spans=[(at(0), at(60))])
    found = causes({"ann": [1, 1, 3, 3, 3, 3]}, ann=[relay, loss])
    assert [(each.key, each.level) for each in found] == [
        ("downlink.ann", BAD),
        ("relay_tcp.ann", FAIR),
    ]


def test_a_cause_that_another_covers_is_as_bad_as_its_moments() -> None:
    loss = finding("downlink", "ann", severity="severe", spans=[(at(0), at(60))])
    relay = finding("relay_tcp", "ann", spans=[(at(0), at(20))])
    found = causes({"ann": [2, 2, 4, 4, 4, 4]}, ann=[relay, loss])
    assert {each.key: each.level for each in found} == {"downlink.ann": POOR, "relay_tcp.ann": POOR}


def test_no_cause_was_worse_for_anybody_than_the_call() -> None:
    [ann, bob] = digested({"ann": [1] * 6, "bob": [1] * 6}, {"ann": [LOSSY]})
    mostly_good = replace(bob[1], level=GOOD)
    [found] = causes_of([ann, (bob[0], mostly_good)])
    assert found.levels == {"ann": BAD, "bob": GOOD, "cy": UNKNOWN}


def test_a_moment_without_length_lies_in_a_bucket() -> None:
    failed = finding("interruption", "ann", spans=[(at(25), at(25))])
    [found] = causes({"ann": [4, 4, 1, 4, 4, 4]}, ann=[failed])
    assert found.level == BAD


def test_the_level_is_unknown_where_nothing_was_measured() -> None:
    [found] = causes({}, ann=[LOSSY])
    assert found.levels == {"ann": UNKNOWN, "bob": UNKNOWN, "cy": UNKNOWN}
    assert not found.is_note


def test_information_that_was_no_trouble_is_a_note_and_comes_last() -> None:
    relayed = finding("relay_tcp", "ann", severity="information")
    mild = finding("cpu", "bob")
    found = causes({"ann": [4] * 6, "bob": [4] * 6}, ann=[relayed], bob=[mild])
    assert [(each.key, each.is_note) for each in found] == [
        ("cpu.bob", False),
        ("relay_tcp.ann", True),
    ]
    [felt] = causes({"ann": [2] * 6}, ann=[relayed])
    assert not felt.is_note


def test_a_cause_lasts_until_half_a_minute_after_its_last_sign() -> None:
    [found] = causes({}, ann=[LOSSY])
    end = found.spans[-1][1]
    assert found.is_lasting(EpochMs(end + STILL_MS))
    assert not found.is_lasting(EpochMs(end + STILL_MS + 1))


def test_a_person_sees_first_what_was_worst_there_then_the_own_end() -> None:
    loss = finding("uplink", "ann", affected=["bob"], severity="severe")
    own = finding("cpu", "bob")
    every = causes({"ann": [1] * 6, "bob": [2] * 6}, ann=[loss], bob=[own])
    assert [each.key for each in every] == ["uplink.ann", "cpu.bob"]
    assert [each.key for each in causes_for("bob", every)] == ["cpu.bob", "uplink.ann"]
    assert [each.key for each in causes_for("ann", every)] == ["uplink.ann"]


@given(st.permutations(["ann", "bob", "cy", "de"]), st.data())
def test_the_order_of_participants_changes_nothing(names: list[str], data: Any) -> None:
    level = st.sampled_from([UNKNOWN, BAD, POOR, FAIR, GOOD])
    levels = {name: data.draw(st.lists(level, min_size=6, max_size=6)) for name in sorted(names)}
    findings = {
        "ann": [LOSSY, finding("relay_tcp", "ann")],
        "bob": [HEARD],
        "cy": [replace(HEARD, affected=["cy"])],
        "de": [finding("cpu", "de")],
    }
    rows = dict(zip(sorted(names), digested(levels, findings), strict=True))
    found = causes_of([rows[name] for name in names])
    wanted = causes_of([rows[name] for name in sorted(names)])
    assert [(each.key, each.levels) for each in found] == [
        (each.key, each.levels) for each in wanted
    ]
    assert found == sorted(found, key=rank_of)
