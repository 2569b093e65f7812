from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.quality.activity.stream_matching import (
    ParticipantStreams,
    StreamEnd,
    StreamId,
    StreamMatching,
)

ENDS = ("producer", "consumer")


def _sent(ssrc: int, producer_id: str | None = None) -> StreamId:
    return StreamId(family="audio_producer", ssrc=ssrc, producer_id=producer_id)


def _received(ssrc: int, **more: str | None) -> StreamId:
    return StreamId(family="audio_consumer", ssrc=ssrc, **more)


def test_a_stream_is_matched_by_producer_id_if_its_ssrc_was_rewritten() -> None:
    participants = {
        "ada": ParticipantStreams({"ada"}, [_sent(1, "p-1")]),
        "bob": ParticipantStreams({"bob"}, [_sent(2, "p-2")]),
        "cyd": ParticipantStreams({"cyd"}, [_received(9, producer_id="p-2")]),
    }
    assert StreamMatching(participants).sender_of(
        "cyd", participants["cyd"].streams[0]
    ) == StreamEnd("bob", _sent(2, "p-2"))
    assert StreamMatching(participants).listeners_of("bob", _sent(2, "p-2")) == [
        StreamEnd("cyd", _received(9, producer_id="p-2"))
    ]
    assert StreamMatching(participants).listeners_of("ada", _sent(1, "p-1")) == []


def test_a_stream_is_matched_by_the_peer_id_of_its_tag() -> None:
    participants = {
        "ada": ParticipantStreams({"ada-1", "ada-2"}, [_sent(1)]),
        "bob": ParticipantStreams({"bob"}, [_sent(2)]),
        "cyd": ParticipantStreams({"cyd"}, [_received(9, from_peer_id="ada-2")]),
    }
    assert StreamMatching(participants).sender_of(
        "cyd", participants["cyd"].streams[0]
    ) == StreamEnd("ada", _sent(1))


def test_a_stream_tagged_with_an_unknown_peer_has_no_sender() -> None:
    participants = {
        "ada": ParticipantStreams({"ada"}, [_sent(1)]),
        "cyd": ParticipantStreams({"cyd"}, [_received(9, from_peer_id="gone")]),
    }
    assert StreamMatching(participants).sender_of("cyd", participants["cyd"].streams[0]) is None


def test_an_untagged_stream_among_several_senders_has_no_sender() -> None:
    participants = {
        "ada": ParticipantStreams({"ada"}, [_sent(1)]),
        "bob": ParticipantStreams({"bob"}, [_sent(2)]),
        "cyd": ParticipantStreams({"cyd"}, [_received(9)]),
    }
    assert StreamMatching(participants).sender_of("cyd", participants["cyd"].streams[0]) is None


def test_between_two_participants_the_sender_is_the_other_one() -> None:
    participants = {
        "ada": ParticipantStreams({"ada"}, [_sent(1)]),
        "bob": ParticipantStreams({"bob"}, [_received(9)]),
    }
    assert StreamMatching(participants).sender_of("bob", _received(9)) == StreamEnd("ada", _sent(1))


def test_a_listener_is_never_the_sender_of_its_received_stream() -> None:
    participants = {
        "ada": ParticipantStreams({"ada"}, [_sent(1, "p"), _received(2, producer_id="p")]),
        "bob": ParticipantStreams({"bob"}, [_sent(2, "p")]),
        "cyd": ParticipantStreams({"cyd"}, [_sent(3)]),
    }
    ends = StreamMatching(participants)
    assert ends.sender_of("ada", _received(2, producer_id="p")) == StreamEnd("bob", _sent(2, "p"))
    assert ends.sender_of("bob", _received(9, producer_id="p")) == StreamEnd("ada", _sent(1, "p"))


def test_an_ssrc_that_two_participants_send_identifies_no_sender() -> None:
    participants = {
        "ada": ParticipantStreams({"ada"}, [_sent(1)]),
        "bob": ParticipantStreams({"bob"}, [_sent(1)]),
        "cyd": ParticipantStreams({"cyd"}, [_sent(1), _received(1)]),
    }
    assert StreamMatching(participants).sender_of("cyd", _received(1)) is None


def test_a_rewritten_ssrc_matches_a_peers_only_stream_but_none_of_several() -> None:
    participants = {
        "ada": ParticipantStreams({"ada"}, [_sent(1), _sent(2)]),
        "bob": ParticipantStreams({"bob"}, [_sent(3)]),
        "cyd": ParticipantStreams({"cyd"}, []),
    }
    ends = StreamMatching(participants)
    assert ends.sender_of("cyd", _received(9, from_peer_id="ada")) == StreamEnd("ada", None)
    assert ends.sender_of("cyd", _received(2, from_peer_id="ada")) == StreamEnd("ada", _sent(2))
    assert ends.sender_of("cyd", _received(9, from_peer_id="bob")) == StreamEnd("bob", _sent(3))


class _Counted(list[StreamId]):
    """Streams that count how often they are iterated over."""

    passes = 0

    def __iter__(self) -> Iterator[StreamId]:
        self.passes += 1
        return super().__iter__()


def test_matching_reads_the_streams_of_a_session_once() -> None:
    names = [f"p{number}" for number in range(40)]
    streams = {
        name: _Counted(
            [
                _sent(number),
                *(_received(ssrc) for ssrc in range(len(names)) if ssrc != number),
            ]
        )
        for number, name in enumerate(names)
    }
    ends = StreamMatching({name: ParticipantStreams({name}, streams[name]) for name in names})
    for number, name in enumerate(names):
        listeners = ends.listeners_of(name, _sent(number))
        assert {end.participant_id for end in listeners} == set(names) - {name}
        assert all(
            ends.sender_of(name, each) == StreamEnd(names[each.ssrc or 0], _sent(each.ssrc or 0))
            for each in list.__iter__(streams[name])
            if each.family == "audio_consumer"
        )
    assert max(each.passes for each in streams.values()) <= 2


PRODUCERS = st.sampled_from([None, "p-1", "p-2", "p-3"])
STREAMS = st.builds(
    StreamId,
    family=st.sampled_from([f"{kind}_{end}" for kind in ("audio", "video") for end in ENDS]),
    ssrc=st.sampled_from([None, 1, 2, 3]),
    producer_id=PRODUCERS,
    from_peer_id=st.sampled_from([None, "a-1", "b", "gone"]),
)


@given(st.lists(st.lists(STREAMS, max_size=5), min_size=1, max_size=4))
def test_the_ends_of_one_participant_are_the_same_when_only_they_are_asked_for(
    streams: list[list[StreamId]],
) -> None:
    peers = [{"a", "a-1"}, {"b"}, {"c"}, {"d"}]
    participants = {
        "abcd"[number]: ParticipantStreams(peers[number], own) for number, own in enumerate(streams)
    }
    for id in participants:
        alone = StreamMatching(participants, only=id)
        assert alone.of_participant(id) == StreamMatching(participants).of_participant(id)
