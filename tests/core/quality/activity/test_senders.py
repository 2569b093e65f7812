"""The sender of a received stream: attribution and the pages find the same one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aftercall.core.instants import EpochMs
from aftercall.core.quality.activity.stream_matching import (
    ParticipantStreams,
    StreamId,
    StreamMatching,
)
from aftercall.core.quality.comparison.compared_participant import ComparedParticipant
from aftercall.core.quality.comparison.topology import Topology
from aftercall.core.quality.issues import StreamRef
from aftercall.core.quality.stats.report_linker import Family
from tests.core.quality.comparison_builder import activity_of

SENT_AUDIO, AUDIO = Family.AUDIO_PRODUCER.value, Family.AUDIO_CONSUMER.value
SENT_VIDEO, VIDEO = Family.VIDEO_PRODUCER.value, Family.VIDEO_CONSUMER.value
SENT_SCREEN = Family.SCREENSHARE_VIDEO_PRODUCER.value

Streams = dict[str, list[StreamId]]


def _ids(family: str, **names: str | int) -> StreamId:
    return StreamId(family=family, **names)  # type: ignore[arg-type] # by name


def _by_page(session: Streams, listener: str, stream: StreamId) -> str | None:
    participants = {name: ParticipantStreams({name}, each) for name, each in session.items()}
    found = StreamMatching(participants).sender_of(listener, stream)
    return None if found is None else found.participant_id


def _by_attribution(session: Streams, listener: str, stream: StreamId) -> str | None:
    participants = {
        name: ComparedParticipant(
            participant_id=name,
            peer_ids=frozenset({name}),
            issues=[],
            streams=[
                activity_of(_ref(name, each), flowing=[(EpochMs(0), EpochMs(1))])
                for each in streams
            ],
        )
        for name, streams in session.items()
    }
    return Topology(participants).sender_of(listener, _ref(listener, stream))


def _ref(peer_id: str, stream: StreamId) -> StreamRef:
    return StreamRef(
        peer_id=peer_id,
        family=stream.family,
        ssrc=stream.ssrc,
        producer_id=stream.producer_id,
        from_peer_id=stream.from_peer_id,
    )


@pytest.mark.parametrize(
    ("session", "received", "sender"),
    [
        (
            {"ada": [_ids(SENT_AUDIO, ssrc=1)], "bob": [_ids(SENT_VIDEO, ssrc=1)], "cyd": []},
            _ids(AUDIO, ssrc=1),
            "ada",
        ),
        (
            {"ada": [_ids(SENT_SCREEN, ssrc=1)], "bob": [_ids(SENT_AUDIO, ssrc=2)], "cyd": []},
            _ids(VIDEO, ssrc=1),
            "ada",
        ),
        (
            {"ada": [_ids(SENT_SCREEN, producer_id="p")], "bob": [], "cyd": []},
            _ids(VIDEO, producer_id="p"),
            "ada",
        ),
        (
            {
                "ada": [],
                "bob": [_ids(AUDIO, producer_id="p")],
                "cyd": [_ids(AUDIO, producer_id="p")],
            },
            _ids(AUDIO, producer_id="p"),
            "ada",
        ),
        (
            {"ada": [_ids(SENT_AUDIO, ssrc=1)], "bob": [], "cyd": []},
            _ids(AUDIO, ssrc=1, from_peer_id="named by the app"),
            "ada",
        ),
        (
            {
                "ada": [_ids(SENT_AUDIO, producer_id="microphone")],
                "bob": [_ids(SENT_AUDIO, producer_id="microphone")],
                "cyd": [],
            },
            _ids(AUDIO, producer_id="microphone", from_peer_id="ada"),
            "ada",
        ),
        (
            {"ada": [], "bob": [], "cyd": [_ids(SENT_AUDIO, producer_id="microphone")]},
            _ids(AUDIO, producer_id="microphone", from_peer_id="bob"),
            "bob",
        ),
        (
            {"ada": [], "bob": [], "cyd": [_ids(SENT_AUDIO, producer_id="p", ssrc=1)]},
            _ids(AUDIO, producer_id="p", ssrc=1),
            None,
        ),
    ],
    ids=[
        "an SSRC that sound and a picture share",
        "a screen that only its sender calls one, by SSRC",
        "a screen that only its sender calls one, by producer",
        "a producer that only listeners name",
        "a peer that is not in the session",
        "a producer id that is not unique",
        "a producer id that only the listener sends",
        "the listener's own stream",
    ],
)
def test_attribution_and_the_pages_both_use_the_better_evidence(
    session: Streams, received: StreamId, sender: str | None
) -> None:
    assert _by_page(session, "cyd", received) == sender
    assert _by_attribution(session, "cyd", received) == sender


_names = st.sampled_from([None, "p", "q"])
_ssrcs = st.sampled_from([None, 1, 2])
_sent = st.builds(
    StreamId,
    family=st.sampled_from([SENT_AUDIO, SENT_VIDEO, SENT_SCREEN]),
    ssrc=_ssrcs,
    producer_id=_names,
)
_received = st.builds(
    StreamId,
    family=st.sampled_from([AUDIO, VIDEO]),
    ssrc=_ssrcs,
    producer_id=_names,
    from_peer_id=st.sampled_from([None, "ada", "bob", "nobody"]),
)
_sessions = st.fixed_dictionaries(
    {"ada": st.lists(_sent | _received, max_size=3), "cyd": st.lists(_received, max_size=3)},
    optional={"bob": st.lists(_sent | _received, max_size=3)},
)


@given(_sessions, _received)
def test_attribution_and_the_pages_agree_on_every_sender(
    session: Streams, received: StreamId
) -> None:
    heard = {**session, "cyd": [*session["cyd"], received]}
    sender = _by_page(heard, "cyd", received)
    assert sender == _by_attribution(heard, "cyd", received)
    assert sender != "cyd"
