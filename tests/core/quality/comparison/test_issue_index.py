from aftercall.core.instants import EpochMs
from aftercall.core.quality.comparison.issue_index import IssueIndex
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, single

AT = EpochMs(0)


def _issue(name: IssueName, family: str | None = None, sender: str | None = None) -> Issue:
    return single(name, StreamRef(peer_id="ada", family=family, from_peer_id=sender), AT, AT)


SENT = _issue(IssueName.POOR_NETWORK_UPLINK, "audio_producer")
CONNECTION = _issue(IssueName.ICE_RECONNECTING)
FROM_BOB = _issue(IssueName.LOW_AUDIO_MOS, "audio_consumer", "bob")
FROM_CYD = _issue(IssueName.LOW_AUDIO_MOS, "audio_consumer", "cyd")
ISSUES = {"ada": [FROM_BOB, SENT, FROM_CYD, CONNECTION, FROM_BOB], "bob": [SENT]}


def test_own_issues_are_those_of_sent_streams_and_connections() -> None:
    index = IssueIndex(ISSUES, lambda _, ref: ref.from_peer_id)
    assert index.own("ada") == index.own("ada") == [SENT, CONNECTION]
    assert index.own("bob") == [SENT]


def test_issues_are_indexed_by_the_sender_of_their_stream() -> None:
    asked: list[StreamRef] = []

    def sender_of(_: str, ref: StreamRef) -> str | None:
        asked.append(ref)
        return ref.from_peer_id

    index = IssueIndex(ISSUES, sender_of)
    for _ in range(3):
        assert index.of_sender("ada", "bob") == [FROM_BOB, FROM_BOB]
        assert index.of_sender("ada", "cyd") == [FROM_CYD]
        assert index.of_sender("ada", "eve") == []
    assert len(asked) == len(ISSUES["ada"])
