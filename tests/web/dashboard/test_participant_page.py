"""A participant's page: what is read for it, and what it says first."""

import pytest

from tests.core.quality.synthetic_call import FINE, Call, PeerConditions, always, between
from tests.web.dashboard.conftest import DashboardClient, OpenDashboard

PEER = "/calls/session/peers/{}/series"
CALLS = {
    "an uplink": Call(
        {
            "ada": between(60, 180, PeerConditions(up_loss=0.12)),
            "bob": always(FINE),
            "cyd": always(FINE),
        },
        minutes=5,
    ),
    "two uplinks and a downlink": Call(
        {
            "ada": between(60, 180, PeerConditions(up_loss=0.12)),
            "bob": between(90, 200, PeerConditions(up_loss=0.2)),
            "cyd": between(30, 150, PeerConditions(down_loss=0.15)),
        },
        minutes=5,
    ),
    "nothing": Call({"ada": always(FINE), "bob": always(FINE), "cyd": always(FINE)}, minutes=3),
}


@pytest.fixture(params=list(CALLS))
def call(request: pytest.FixtureRequest) -> Call:
    return CALLS[request.param]


async def client_of(open_dashboard: OpenDashboard, *, is_live: bool = False) -> DashboardClient:
    return await open_dashboard(is_live=is_live)


@pytest.mark.parametrize("is_live", [False, True])
async def test_the_verdict_is_the_one_that_the_sessions_page_has_for_the_person(
    open_dashboard: OpenDashboard, is_live: bool
) -> None:
    client = await client_of(open_dashboard, is_live=is_live)
    personal = (await client.get("/calls/session"))["personal"]
    for person in ("ada", "bob", "cyd"):
        page = await client.get(PEER.format(person) + "?stream=worst")
        id = page["lane"]["participant_id"]
        assert page["verdict"] == personal[id]
        assert page["verdict"]["level"] == page["lane"]["level"]


async def test_only_the_stream_that_is_asked_for_has_columns(
    open_dashboard: OpenDashboard,
) -> None:
    client = await client_of(open_dashboard)
    every = await client.get(PEER.format("ada"))
    assert every["chosen"] is None
    for asked in ("worst", *(stream["key"] for stream in every["streams"])):
        page = await client.get(PEER.format("ada") + f"?stream={asked}")
        assert asked in ("worst", page["chosen"])
        assert [stream["key"] for stream in page["streams"] if stream["t"]] == [page["chosen"]]
        for one, other in zip(page["streams"], every["streams"], strict=True):
            if one["key"] == page["chosen"]:
                assert one == other
            assert (one["key"], one["p10_mos"], one["level"]) == (
                other["key"],
                other["p10_mos"],
                other["level"],
            )


async def test_the_connection_can_be_read_apart(open_dashboard: OpenDashboard) -> None:
    client = await client_of(open_dashboard)
    whole = await client.get(PEER.format("ada") + "?points=50")
    without = await client.get(PEER.format("ada") + "?points=50&connection=false")
    apart = await client.get("/calls/session/peers/ada/connection?points=50")
    assert apart == whole["connection"] and len(apart["t"]) > 10
    assert not without["connection"]["t"]
    assert {**without, "connection": None, "now": 0} == {**whole, "connection": None, "now": 0}
    for path in ("/calls/other/peers/ada/connection", "/calls/session/peers/eve/connection"):
        assert (await client.refused(path))[0] == 404
    refused = await client.refused(PEER.format("ada") + "?connection=perhaps")
    assert (refused[0], refused[2]) == (400, "connection")


async def test_the_other_end_of_a_stream_is_found_by_its_key(
    open_dashboard: OpenDashboard,
) -> None:
    client = await client_of(open_dashboard)
    page = await client.get(PEER.format("ada") + "?stream=worst")
    ends = [end for stream in page["streams"] for end in stream["others"]]
    assert ends
    for end in ends:
        there = await client.get(PEER.format(end["peer_id"]) + f"?stream={end['key']}")
        assert there["chosen"] == end["key"]
        (drawn,) = [stream for stream in there["streams"] if stream["t"]]
        assert page["lane"]["participant_id"] in {e["participant_id"] for e in drawn["others"]}


async def test_a_stream_that_is_not_there_has_no_columns_and_a_long_key_is_refused(
    open_dashboard: OpenDashboard,
) -> None:
    client = await client_of(open_dashboard)
    page = await client.get(PEER.format("ada") + "?stream=video_producer:none")
    assert page["chosen"] is None
    assert not any(stream["t"] for stream in page["streams"])
    refused = await client.refused(PEER.format("ada") + f"?stream={'x' * 257}")
    assert (refused[0], refused[2]) == (400, "stream")
