from aftercall.core.quality.attribution.stream_ends import (
    End,
    Party,
    StreamId,
    listeners_of,
    sender_of,
)


def _sent(ssrc: int, producer_id: str | None = None) -> StreamId:
    return StreamId(family="audio_producer", ssrc=ssrc, producer_id=producer_id)


def _received(ssrc: int, **more: str | None) -> StreamId:
    return StreamId(family="audio_consumer", ssrc=ssrc, **more)


def test_a_stream_is_traced_by_its_producers_id_though_its_ssrc_was_rewritten() -> None:
    parties = {
        "ada": Party({"ada"}, [_sent(1, "p-1")]),
        "bob": Party({"bob"}, [_sent(2, "p-2")]),
        "cyd": Party({"cyd"}, [_received(9, producer_id="p-2")]),
    }
    assert sender_of("cyd", parties["cyd"].streams[0], parties) == End("bob", _sent(2, "p-2"))
    assert listeners_of("bob", _sent(2, "p-2"), parties) == [
        End("cyd", _received(9, producer_id="p-2"))
    ]
    assert listeners_of("ada", _sent(1, "p-1"), parties) == []


def test_a_stream_is_traced_by_the_peer_it_is_said_to_come_from() -> None:
    parties = {
        "ada": Party({"ada-1", "ada-2"}, [_sent(1)]),
        "bob": Party({"bob"}, [_sent(2)]),
        "cyd": Party({"cyd"}, [_received(9, from_peer_id="ada-2")]),
    }
    assert sender_of("cyd", parties["cyd"].streams[0], parties) == End("ada", _sent(1))


def test_a_stream_of_a_peer_nobody_knows_comes_from_nobody() -> None:
    parties = {
        "ada": Party({"ada"}, [_sent(1)]),
        "cyd": Party({"cyd"}, [_received(9, from_peer_id="gone")]),
    }
    assert sender_of("cyd", parties["cyd"].streams[0], parties) is None


def test_among_several_an_unnamed_stream_is_not_guessed_at() -> None:
    parties = {
        "ada": Party({"ada"}, [_sent(1)]),
        "bob": Party({"bob"}, [_sent(2)]),
        "cyd": Party({"cyd"}, [_received(9)]),
    }
    assert sender_of("cyd", parties["cyd"].streams[0], parties) is None


def test_between_two_the_other_end_is_the_other_one() -> None:
    parties = {"ada": Party({"ada"}, [_sent(1)]), "bob": Party({"bob"}, [_received(9)])}
    assert sender_of("bob", _received(9), parties) == End("ada", _sent(1))
