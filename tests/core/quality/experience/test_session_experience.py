"""The experience of every participant, from MOS values of streams written as tables."""

from collections.abc import Mapping, Sequence

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.experience.levels import BAD, FAIR, GOOD, POOR, UNKNOWN, overall_level
from aftercall.core.quality.experience.mos_over_time import StreamMoments
from aftercall.core.quality.experience.session_experience import ExperienceInput, experiences
from aftercall.core.quality.experience.time_scale import TimeScale
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.synthetic_call import CALL_START

BUCKETS = 4
SCALE = TimeScale(from_at=CALL_START, bucket_ms=10_000, buckets=BUCKETS)
STAY = (CALL_START, EpochMs(CALL_START + BUCKETS * 10_000))
Sound = float | None | Sequence[float | None]
"""One MOS for the whole time, or one for each bucket."""


def _ref(who: str, sender: str | None, family: Family) -> StreamRef:
    return StreamRef(
        peer_id=who, connection_id=f"{who}-pc", family=family.value, from_peer_id=sender
    )


def _input(
    who: str,
    received: Mapping[str, Sound],
    *,
    pictures: Mapping[str, Sound] | None = None,
    sent: Sound = None,
    issues: Sequence[Issue] = (),
) -> ExperienceInput:
    """A participant who received audio with these MOS values, by sender; a sender `?…` is
    unknown."""
    rows: list[tuple[StreamRef, Family, Sound]] = [
        (_ref(who, sender, family), family, sound)
        for family, streams in (
            (Family.AUDIO_CONSUMER, received),
            (Family.VIDEO_CONSUMER, pictures or {}),
        )
        for sender, sound in streams.items()
    ]
    rows.append((_ref(who, None, Family.AUDIO_PRODUCER), Family.AUDIO_PRODUCER, sent))
    values = np.full((len(rows), BUCKETS), np.nan, dtype=np.float32)
    for place, (_, _, sound) in enumerate(rows):
        values[place] = [
            np.nan if each is None else each
            for each in (sound if isinstance(sound, Sequence) else [sound] * BUCKETS)
        ]
    return ExperienceInput(
        streams=StreamMoments(
            scale=SCALE,
            refs=[ref for ref, _, _ in rows],
            families=[family for _, family, _ in rows],
            values=values,
        ),
        read_issues=lambda: issues,
        stays=[STAY],
    )


def _sender_of(listener: str, ref: StreamRef) -> str | None:
    sender = ref.from_peer_id
    return None if sender is None or sender.startswith("?") else sender


def _levels(inputs: Mapping[str, ExperienceInput]) -> dict[str, list[int]]:
    return {who: each.levels for who, each in experiences(inputs, _sender_of).items()}


def _letters(inputs: Mapping[str, ExperienceInput]) -> dict[str, int]:
    return {who: overall_level(levels) for who, levels in _levels(inputs).items()}


def _room(heard: Mapping[str, Mapping[str, Sound]]) -> dict[str, ExperienceInput]:
    return {who: _input(who, received) for who, received in heard.items()}


def test_two_participants_share_an_impairment_between_them() -> None:
    assert _letters(_room({"ada": {"bob": 4.3}, "bob": {"ada": 2.0}})) == {"ada": BAD, "bob": BAD}


def test_among_three_a_bad_uplink_is_bad_for_its_sender_and_fair_for_the_others() -> None:
    heard = {
        "ada": {"bob": 4.3, "cy": 4.3},
        "bob": {"ada": 2.0, "cy": 4.3},
        "cy": {"ada": 2.0, "bob": 4.3},
    }
    assert _letters(_room(heard)) == {"ada": BAD, "bob": FAIR, "cy": FAIR}


def test_among_three_a_bad_downlink_is_bad_for_its_owner_only() -> None:
    heard = {
        "ada": {"bob": 2.0, "cy": 2.0},
        "bob": {"ada": 4.3, "cy": 4.3},
        "cy": {"ada": 4.3, "bob": 4.3},
    }
    assert _letters(_room(heard)) == {"ada": BAD, "bob": GOOD, "cy": GOOD}


def test_one_bad_speaker_does_not_lower_the_letters_of_a_large_room() -> None:
    people = [f"p{n}" for n in range(50)]
    heard = {
        who: {other: 1.5 if other == "p0" else 4.3 for other in people if other != who}
        for who in people
    }
    letters = _letters(_room(heard))
    assert letters.pop("p0") == BAD
    assert set(letters.values()) == {GOOD}


def test_one_speaker_to_a_silent_room_decides_every_letter() -> None:
    heard: dict[str, dict[str, Sound]] = {f"p{n}": {"p0": 2.8} for n in range(1, 20)}
    assert set(_letters(_room({"p0": {}, **heard})).values()) == {POOR}


def test_a_participant_that_sends_no_media_is_rated_by_received_media() -> None:
    heard = {"ada": {"bob": 4.3}, "bob": {}}
    assert _letters(_room(heard)) == {"ada": GOOD, "bob": GOOD}
    assert _letters(_room({"ada": {}, "bob": {}})) == {"ada": UNKNOWN, "bob": UNKNOWN}


def test_audio_and_video_are_rated_by_their_own_thresholds() -> None:
    inputs = {
        "ada": _input("ada", {"bob": 4.3}, pictures={"bob": 2.5}),
        "bob": _input("bob", {"ada": 4.3}, pictures={"ada": 3.4}),
    }
    assert _letters(inputs) == {"ada": POOR, "bob": POOR}


def test_without_a_known_sender_remote_reports_replace_the_listeners() -> None:
    inputs = {
        "ada": _input("ada", {"?1": 4.3}, sent=2.0),
        "bob": _input("bob", {"?2": 4.3}, sent=4.3),
    }
    assert _letters(inputs) == {"ada": BAD, "bob": GOOD}


def test_remote_reports_of_a_sender_do_not_count_if_listeners_measure() -> None:
    inputs = {
        "ada": _input("ada", {"bob": 4.3}, sent=2.0),
        "bob": _input("bob", {"ada": 4.3}, sent=4.3),
        "cy": _input("cy", {"bob": 4.3}, sent=2.0),
    }
    assert _letters(inputs) == {"ada": GOOD, "bob": GOOD, "cy": GOOD}


def _issue(name: IssueName, ref: StreamRef, start_s: int, end_s: int) -> Issue:
    return single(
        name, ref, EpochMs(CALL_START + 1000 * start_s), EpochMs(CALL_START + 1000 * end_s)
    )


def test_audio_that_never_arrived_counts_as_the_lowest_mos() -> None:
    unheard = _issue(IssueName.ONE_WAY_AUDIO, _ref("bob", "ada", Family.AUDIO_CONSUMER), 10, 30)
    inputs = {
        "ada": _input("ada", {"bob": 4.3}),
        "bob": _input("bob", {}, issues=[unheard]),
    }
    levels = _levels(inputs)
    assert levels["ada"] == [GOOD, BAD, BAD, GOOD]
    assert levels["bob"] == [GOOD, BAD, BAD, GOOD]


def test_a_lost_connection_is_bad_until_it_is_restored() -> None:
    lost = _issue(
        IssueName.ICE_RECONNECTING, StreamRef(peer_id="ada", connection_id="ada-pc"), 10, 30
    )
    gone: Sound = [4.3, None, None, 4.3]
    inputs = {
        "ada": _input("ada", {"bob": gone, "cy": gone}, issues=[lost]),
        "bob": _input("bob", {"ada": gone, "cy": 4.3}),
        "cy": _input("cy", {"ada": gone, "bob": 4.3}),
    }
    levels = _levels(inputs)
    assert levels["ada"] == [GOOD, BAD, BAD, GOOD]
    assert levels["bob"] == levels["cy"] == [GOOD] * 4


def test_a_connection_that_was_never_established_is_a_bad_call() -> None:
    never = _issue(
        IssueName.CONNECTION_FAILED, StreamRef(peer_id="ada", connection_id="ada-pc"), 12, 12
    )
    inputs = {
        "ada": _input("ada", {}, issues=[never]),
        "bob": _input("bob", {"cy": 4.3}),
        "cy": _input("cy", {"bob": 4.3}),
    }
    assert _levels(inputs)["ada"] == [UNKNOWN, BAD, BAD, BAD]


def test_a_participant_alone_has_no_letter() -> None:
    lost = _issue(IssueName.ICE_RECONNECTING, StreamRef(peer_id="ada"), 10, 30)
    assert _letters({"ada": _input("ada", {}, issues=[lost])}) == {"ada": UNKNOWN}


def test_unplayed_audio_is_bad_for_the_listener_only() -> None:
    unplayed = _issue(IssueName.AUDIO_NOT_PLAYED, StreamRef(peer_id="ada"), 0, 40)
    inputs = {
        "ada": _input("ada", {"bob": 4.3}, issues=[unplayed]),
        "bob": _input("bob", {"ada": 4.3}),
    }
    assert _letters(inputs) == {"ada": BAD, "bob": GOOD}


def test_one_broken_leg_of_a_mesh_lowers_a_stream_but_no_letter() -> None:
    people = ["ada", "bob", "cy", "dee"]
    heard: dict[str, dict[str, Sound]] = {
        who: {other: 4.3 for other in people if other != who} for who in people
    }
    heard["ada"]["bob"] = heard["bob"]["ada"] = 1.4
    inputs = _room(heard)
    assert set(_letters(inputs).values()) == {GOOD}
    assert experiences(inputs, _sender_of)["ada"].worst_stream == [BAD] * BUCKETS


OPINIONS = st.none() | st.sampled_from([1.0, 2.0, 2.8, 3.5, 4.3])
SOUNDS = st.lists(OPINIONS, min_size=BUCKETS, max_size=BUCKETS)
NAMES = ["ada", "bob", "cy", "dee"]


@st.composite
def rooms(draw: st.DrawFn) -> dict[str, dict[str, Sound]]:
    people = NAMES[: draw(st.integers(1, len(NAMES)))]
    return {
        who: {other: draw(SOUNDS) for other in people if other != who and draw(st.booleans())}
        for who in people
    }


@given(rooms(), st.integers(1, 3), st.data())
def test_good_participants_who_join_never_lower_a_letter(
    heard: dict[str, dict[str, Sound]], more: int, data: st.DataObject
) -> None:
    before = _letters(_room(heard))
    guests = [f"guest{n}" for n in range(more)]
    everybody = [*heard, *guests]
    good = st.sampled_from([None, 3.8, 4.3])
    grown = {
        who: {**received, **{guest: data.draw(good) for guest in guests}}
        for who, received in heard.items()
    }
    for guest in guests:
        grown[guest] = {other: data.draw(good) for other in everybody if other != guest}
    after = _letters(_room(grown))
    for who, letter in before.items():
        assert letter == UNKNOWN or after[who] >= letter
    assert all(after[guest] in (UNKNOWN, GOOD) for guest in guests)


@given(rooms())
def test_stored_mos_values_give_the_same_levels(heard: dict[str, dict[str, Sound]]) -> None:
    for each in experiences(_room(heard), _sender_of).values():
        assert all(mos is None or round(mos, 2) == mos for mos in each.mos_audio)
        assert len(each.levels) == len(each.worst_stream) == BUCKETS
