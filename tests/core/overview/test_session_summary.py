"""The summary of a session for lists: letters, the worst finding, participants, and facets."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.overview.call_facets import calls_of, facets_of
from aftercall.core.overview.digest import Digest, Environment
from aftercall.core.overview.session_summary import (
    FACET_ALL,
    MOST_FACETS,
    MOST_NAMES,
    SessionQuality,
    brief_digest,
    facet,
    person_of,
    rank_of,
    summarise_peer,
    summarise_session,
    worst_of,
)
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.issues import IssueName, Severity, StreamRef, single
from aftercall.core.records import Participant
from tests.core.quality.session_digests import judged
from tests.core.quality.synthetic_call import CALL_START, FINE, Call, always
from tests.stored_calls import session_of

SCALE = TimeScale(from_at=CALL_START, bucket_ms=10_000, buckets=6)
MOS_OF_LEVEL = {0: None, 1: 1.0, 2: 2.8, 3: 3.4, 4: 4.2}


def row(id_: str = "ada", **members: Any) -> Participant:
    known: dict[str, Any] = {
        "app_id": "app",
        "session_id": "session",
        "id": id_,
        "user_id": f"user-{id_}",
        "display_name": id_.title(),
        "joined_at": CALL_START,
        "left_at": EpochMs(CALL_START + 60_000),
        "created_at": CALL_START,
        "updated_at": CALL_START,
    }
    return Participant(**(known | members))


@pytest.fixture(scope="module")
def clean() -> Digest:
    """The digest of a participant in a call without impairment."""
    call = Call({"ada": always(FINE), "bob": always(FINE)}, minutes=1)
    return replace(judged(call)["ada"], where=Environment())


def with_level(digest: Digest, level: int, **members: Any) -> Digest:
    mos = MOS_OF_LEVEL[level]
    known: dict[str, Any] = {
        "scale": SCALE,
        "level": level,
        "mos_audio": [mos] * SCALE.buckets,
        "mos_video": [None] * SCALE.buckets,
        "p10_mos_audio": mos,
        "p10_mos_video": None,
        "issues": [],
        "diagnosis": [],
        "is_measured": True,
    }
    return replace(digest, **(known | members))


def found(cause: str, severity: Severity, sentence: str, *issues: IssueName) -> Finding:
    return Finding(
        cause=cause,
        severity=severity,
        sentence=sentence,
        first_at=CALL_START,
        last_at=CALL_START,
        issues=list(issues),
    )


def issue(name: IssueName) -> Any:
    return single(name, StreamRef(peer_id="ada"), CALL_START, EpochMs(CALL_START + 10_000), {})


def summary_quality(clean: Digest, *levels: int, is_final: bool = True) -> SessionQuality | None:
    digested = [(row(f"p{i}"), with_level(clean, level)) for i, level in enumerate(levels)]
    return summarise_session(SCALE, digested, is_final=is_final).quality


@pytest.mark.parametrize(
    ("levels", "level", "affected", "letters"),
    [
        ([4, 4], 4, 2, (0, 0, 0, 2)),
        ([4, 1, 2, 1], 1, 2, (2, 1, 0, 1)),
        ([3, 0], 3, 1, (0, 0, 1, 0)),
        ([0, 0], 0, 0, (0, 0, 0, 0)),
    ],
)
def test_a_session_has_the_worst_letter_of_its_participants_and_counts_those_affected(
    clean: Digest, levels: list[int], level: int, affected: int, letters: tuple[int, ...]
) -> None:
    quality = summary_quality(clean, *levels)
    assert quality is not None
    assert (quality.level, quality.affected_participants, quality.letters) == (
        level,
        affected,
        letters,
    )
    assert quality.measured_participants == sum(letters)
    assert quality.bad_participants == letters[0]
    assert quality.is_bad == (level == 1)


def test_a_session_without_a_report_has_no_quality(clean: Digest) -> None:
    silent = with_level(clean, 0, is_measured=False)
    assert summarise_session(SCALE, [(row(), silent)], is_final=True).quality is None


def test_the_session_mos_is_the_lowest_of_the_participants_with_a_letter(clean: Digest) -> None:
    digested = [
        (row("a"), with_level(clean, 4, p10_mos_audio=4.2, p10_mos_video=None)),
        (row("b"), with_level(clean, 3, p10_mos_audio=3.4, p10_mos_video=3.9)),
        (row("c"), with_level(clean, 0, p10_mos_audio=1.0, p10_mos_video=1.0)),
    ]
    quality = summarise_session(SCALE, digested, is_final=True).quality
    assert quality is not None
    assert (quality.mos_audio, quality.mos_video) == (3.4, 3.9)


@pytest.mark.parametrize(
    ("asked", "digests", "is_final"),
    [(True, [True, True], True), (True, [True, False], False), (False, [True, True], False)],
)
def test_a_summary_is_final_if_every_digest_is_final(
    clean: Digest, asked: bool, digests: list[bool], is_final: bool
) -> None:
    digested = [
        (row(f"p{i}"), with_level(clean, 4, is_final=each)) for i, each in enumerate(digests)
    ]
    quality = summarise_session(SCALE, digested, is_final=asked).quality
    assert quality is not None and quality.is_final is is_final


def test_the_sparkline_counts_every_participants_buckets_and_has_their_scale(clean: Digest) -> None:
    quality = summary_quality(clean, 4, 1)
    assert quality is not None
    assert quality.shares == [(1, 0, 0, 1)] * SCALE.buckets
    assert (quality.shares_from_at, quality.shares_bucket_ms) == (CALL_START, 10_000)


def test_hidden_participants_are_neither_shown_nor_counted(clean: Digest) -> None:
    digested = [
        (row("ada"), with_level(clean, 4)),
        (row("spy", is_hidden=True), with_level(clean, 1, issues=[issue(IssueName.HIGH_RTT)])),
    ]
    summary = summarise_session(SCALE, digested, is_final=True)
    assert [seen.id for seen in summary.participants] == ["ada"]
    assert summary.quality is not None and summary.quality.level == 4
    assert summary.worst_issue is None
    facets = facets_of(session_of(Call(["ada"], minutes=1), "app"), calls_of(digested))
    assert facets[FACET_ALL] == (1, 0)
    assert not any(name.startswith("issue:") for name in facets)


def test_who_comes_back_as_another_participant_is_one_of_the_people(clean: Digest) -> None:
    digested = [
        (row("ada", custom_participant_id="1"), with_level(clean, 1)),
        (row("bob", custom_participant_id="2"), with_level(clean, 4)),
        (row("ada again", custom_participant_id="1"), with_level(clean, 4)),
        (row("cyd", custom_participant_id="3"), with_level(clean, 0, is_measured=False)),
    ]
    summary = summarise_session(SCALE, digested, is_final=True)
    assert summary.people == 3
    quality = summary.quality
    assert quality is not None
    assert quality.people_letters == (1, 0, 0, 1)
    assert (quality.affected_participants, quality.measured_participants) == (1, 3)


def test_a_summary_names_a_limited_number_of_participants_and_browsers(clean: Digest) -> None:
    digested = [
        (row(f"p{i}"), with_level(clean, 4, where=Environment(browser=f"B{i % 12}", os="Linux")))
        for i in range(30)
    ]
    summary = summarise_session(SCALE, digested, is_final=True)
    assert [seen.id for seen in summary.participants] == [f"p{i}" for i in range(MOST_NAMES)]
    assert summary.browsers == [f"B{i}" for i in range(MOST_NAMES)]
    assert summary.os == ["Linux"]
    assert summary.quality is not None and summary.quality.measured_participants == 30


def test_the_worst_finding_is_the_severest_and_precedes_issues_without_a_diagnosis(
    clean: Digest,
) -> None:
    warning = found("uplink", "warning", "W.", IssueName.POOR_NETWORK_UPLINK)
    severe = found("server", "severe", "S.")
    digested = [
        (row("a"), with_level(clean, 2, issues=[issue(IssueName.ONE_WAY_AUDIO)])),
        (row("b"), with_level(clean, 2, diagnosis=[warning])),
        (row("c"), with_level(clean, 1, diagnosis=[severe])),
    ]
    worst = summarise_session(SCALE, digested, is_final=True).worst_issue
    assert worst is not None
    assert (worst.participant_id, worst.name, worst.sentence) == ("c", "server", "S.")
    worst = summarise_session(SCALE, digested[:2], is_final=True).worst_issue
    assert worst is not None and worst.participant_id == "a"


def test_a_session_is_bad_for_the_reason_of_those_who_were_worst_off(clean: Digest) -> None:
    rejoined = replace(found("rejoined", "severe", "R."), subject="a", affected=["a"])
    uplink = replace(found("uplink", "warning", "U."), subject="b", affected=["a", "b", "c"])
    heard = replace(found("reception", "severe", "Heard."), subject="b", affected=["c"])
    digested = [
        (row("a"), with_level(clean, 4, diagnosis=[rejoined])),
        (row("c"), with_level(clean, 1, diagnosis=[heard])),
        (row("b"), with_level(clean, 1, diagnosis=[uplink])),
    ]
    worst = summarise_session(SCALE, digested, is_final=True).worst_issue
    assert worst is not None
    assert (worst.participant_id, worst.sentence, worst.others_affected) == ("b", "U.", 2)
    worst = summarise_session(SCALE, digested[:2], is_final=True).worst_issue
    assert worst is not None and worst.participant_id == "c"
    several = [(row("b"), with_level(clean, 2)), *digested[:2]]
    worst = summarise_session(SCALE, several, is_final=True).worst_issue
    assert worst is not None and (worst.participant_id, worst.sentence) == ("b", "Heard.")


def test_without_a_diagnosis_the_worst_finding_is_the_name_of_an_issue(clean: Digest) -> None:
    digest = with_level(clean, 2, issues=[issue(IssueName.HIGH_RTT)])
    worst = worst_of(row(display_name=None), digest)
    assert worst is not None
    assert (worst.name, worst.sentence, worst.participant_name) == ("high_rtt", "High rtt", None)
    assert worst_of(row(), with_level(clean, 4)) is None


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ({"custom_participant_id": "crm-1"}, {"custom_participant_id": "crm-1"}, True),
        (
            {"custom_participant_id": "crm-1", "display_name": "A"},
            {"custom_participant_id": "crm-1", "display_name": "B"},
            True,
        ),
        ({"custom_participant_id": "Ada"}, {"display_name": "Ada"}, False),
        ({"display_name": "Ada", "user_id": "u1"}, {"display_name": "Ada", "user_id": "u2"}, True),
        ({"display_name": None, "user_id": "u1"}, {"display_name": None, "user_id": "u1"}, True),
        ({"display_name": "", "user_id": None}, {"display_name": "", "user_id": None}, False),
        ({"app_id": "app", "display_name": "Ada"}, {"app_id": "b", "display_name": "Ada"}, False),
    ],
)
def test_a_person_is_identified_by_custom_id_else_by_name(
    one: Mapping[str, Any], other: Mapping[str, Any], is_same: bool
) -> None:
    first, second = row("r1", **one), row("r2", **other)
    assert (person_of(first.app_id, first) == person_of(second.app_id, second)) is is_same


def test_facets_count_a_participant_once_for_each_value(clean: Digest) -> None:
    where = Environment(browser="Firefox", os="Linux", country="AT", relay="none")
    issues = [issue(IssueName.HIGH_RTT), issue(IssueName.HIGH_RTT)]
    digested = [
        (row("a"), with_level(clean, 1, where=where, issues=issues)),
        (row("b"), with_level(clean, 4, where=where)),
        (row("c"), with_level(clean, 0, where=Environment(browser="Firefox"))),
    ]
    session = session_of(Call(["ada"], minutes=1), "app")
    facets = facets_of(session, calls_of(digested))
    assert facets[FACET_ALL] == facets[facet("meeting", "meeting")] == (2, 1)
    assert facets["browser:Firefox"] == (2, 1)
    assert facets["relay:none"] == (2, 1)
    assert facets["issue:high_rtt"] == (1, 1)
    assert facets[facet("person", person_of("app", digested[1][0]))] == (1, 0)
    assert not any(name.startswith("network:") for name in facets)


@given(st.data())
def test_a_brief_digest_gives_the_same_summary_and_facets(
    clean: Digest, data: st.DataObject
) -> None:
    severities: st.SearchStrategy[Severity] = st.sampled_from(["information", "warning", "severe"])
    names = st.sampled_from([IssueName.HIGH_RTT, IssueName.STATS_GAP, IssueName.ICE_FAILED])
    length = st.integers(0, 3)
    issues = [
        replace(issue(name), severity=severity, last_at=EpochMs(CALL_START + ms))
        for name, severity, ms in data.draw(st.lists(st.tuples(names, severities, length)))
    ]
    findings = [
        found(f"cause {n}", severity, f"Sentence {n}.", name)
        for n, (name, severity) in enumerate(data.draw(st.lists(st.tuples(names, severities))))
    ]
    digest = with_level(clean, 2, issues=issues, diagnosis=findings)
    brief = brief_digest(digest)
    assert len(brief.issues) <= 4
    assert len(brief.diagnosis) <= 1
    session = session_of(Call(["ada"], minutes=1), "app")
    shown = [
        (
            summarise_session(SCALE, [(row(), each)], is_final=True),
            facets_of(session, calls_of([(row(), each)])),
        )
        for each in (digest, brief)
    ]
    assert shown[0] == shown[1]


def test_a_huge_session_has_exact_sums_and_a_limited_number_of_facets(
    clean: Digest,
) -> None:
    digest = with_level(clean, 4)
    digested = [(row(f"p{i}"), digest) for i in range(MOST_FACETS + 10)]
    facets = facets_of(session_of(Call(["ada"], minutes=1), "app"), calls_of(digested))
    assert len(facets) == MOST_FACETS
    assert facets[FACET_ALL].measured == MOST_FACETS + 10


@given(st.integers(1, 4), st.integers(1, 1_000), st.data())
def test_the_worst_sessions_rank_by_letter_then_by_the_share_affected(
    level: int, people: int, data: st.DataObject
) -> None:
    def rank(level: int, affected: int) -> float:
        found = rank_of(
            SessionQuality(
                is_final=True,
                level=level,
                affected_participants=affected,
                mos_audio=None,
                mos_video=None,
                measured_participants=people,
                bad_participants=0,
                is_bad=False,
                shares_from_at=CALL_START,
                shares_bucket_ms=1,
            )
        )
        assert found is not None
        return found

    affected = data.draw(st.integers(1, people))
    assert rank(level, affected) < rank(level + 1, people)
    if affected < people:
        assert rank(level, affected + 1) < rank(level, affected)


def test_a_session_without_a_letter_has_no_rank(clean: Digest) -> None:
    quality = summary_quality(clean, 0)
    assert quality is not None and rank_of(quality) is None


def test_a_participant_summary_combines_participant_and_digest(clean: Digest) -> None:
    where = Environment(browser="Safari", country="CH")
    summary = summarise_peer(
        session_of(Call(["ada"], minutes=1), "app", title="Standup"),
        row("ada", duration_minutes=4.5),
        with_level(clean, 1, where=where),
    )
    assert (summary.participant_id, summary.title, summary.minutes) == ("ada", "Standup", 4.5)
    assert (summary.level, summary.is_bad, summary.is_measured) == (1, True, True)
    assert (summary.mos_audio, summary.browser, summary.country) == (1.0, "Safari", "CH")
    assert summary.relay is None
