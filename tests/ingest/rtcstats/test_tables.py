from aftercall.ingest.rtcstats.tables import MEMBERS, METHODS, STATS_TYPES


def test_the_tables_hold_every_number_of_the_published_ones() -> None:
    assert (len(METHODS), len(STATS_TYPES), len(MEMBERS)) == (55, 14, 170)


def test_common_numbers_stand_for_their_names() -> None:
    assert METHODS["g"] == METHODS["1"] == "getStats"
    assert METHODS["65"] == "navigator.mediaDevices.getUserMediaOnFailure"
    assert STATS_TYPES["3"] == "remote-inbound-rtp"
    assert (MEMBERS["t"], MEMBERS["15"], MEMBERS["152"]) == (
        "timestamp",
        "packetsLost",
        "currentRoundTripTime",
    )
