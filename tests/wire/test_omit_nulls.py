from aftercall.wire.omit_nulls import known, known_members


def test_nulls_are_left_out_at_any_depth() -> None:
    stated = {
        "cpus": None,
        "asn": {"asn": "AS1", "route": None},
        "sdp": [],
        "pairs": [{"url": None}],
    }
    assert known(stated) == {"asn": {"asn": "AS1"}, "sdp": [], "pairs": [{}]}


def test_members_that_may_be_null_are_written_as_null() -> None:
    assert known({"webgl_support": None}) == {"webgl_support": None}


def test_counts_are_integers_and_fractions_are_not_rounded() -> None:
    found = known({"cpus": 8.0, "memory": 0.5, "is_mobile": False, "stars": 5})
    assert [(each, type(each)) for each in found.values()] == [
        (8, int),
        (0.5, float),
        (False, bool),
        (5, int),
    ]


def test_figures_are_not_reformatted() -> None:
    found = known_members({"avg": 1.0, "p50": None, "issues": {"lag_fraction": None}})
    assert found == {"avg": 1.0, "issues": {}}
    assert isinstance(found["avg"], float)
