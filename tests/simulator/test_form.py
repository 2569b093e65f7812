from collections.abc import Iterator
from typing import Any

import pytest

from aftercall.simulator.call import Call
from aftercall.simulator.form import Form
from aftercall.simulator.network_conditions import Kind

BEGIN_MS = 1_795_000_000_000


def samples(form: Form, participants: int) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each sample of a call in fine weather, with its guest."""
    call = Call(
        seed=3,
        number=0,
        participants=participants,
        length_s=120,
        interval_s=10,
        begin_ms=BEGIN_MS,
        kinds=(Kind.GOOD,) * participants,
        form=form,
    )
    for _, sent in call.play():
        for one in sent:
            if one.entry["type"] == "sample":
                yield one.guest, one.entry


def streams(sample: dict[str, Any], direction: str) -> set[tuple[str, str]]:
    """What a sample's streams show, with their connection."""
    return {
        (tag["connection"], tag["source"])
        for tag in sample["streams"]
        if tag["direction"] == direction
    }


@pytest.mark.parametrize("form", Form)
def test_each_tag_names_a_stream_that_was_measured(form: Form) -> None:
    for _, sample in samples(form, 5):
        measured = {
            (connection["id"], stats["ssrc"])
            for connection in sample["connections"]
            for stats in connection["stats"]
            if stats["type"] in ("inbound-rtp", "outbound-rtp")
        }
        assert {(tag["connection"], tag["ssrc"]) for tag in sample["streams"]} == measured


def test_nobody_has_a_camera_in_an_audio_call() -> None:
    for _, sample in samples(Form.AUDIO, 3):
        assert {tag["kind"] for tag in sample["streams"]} == {"audio"}


def test_the_audience_of_a_webinar_only_watches() -> None:
    seen = list(samples(Form.WEBINAR, 9))
    assert all(not streams(sample, "send") for guest, sample in seen if guest >= 4)
    received = [
        sum(tag["direction"] == "receive" for tag in sample["streams"])
        for guest, sample in seen
        if guest == 8
    ]
    assert max(received) == 8


def test_slides_are_the_only_screen_and_seldom_change() -> None:
    shown = [
        stats
        for guest, sample in samples(Form.SLIDES, 3)
        if guest == 1
        for stats in sample["connections"][0]["stats"]
        if stats["type"] == "inbound-rtp" and stats.get("frameWidth") == 1920
    ]
    assert shown
    assert all(stats["framesPerSecond"] <= 2 for stats in shown)


def test_a_mesh_has_a_connection_to_each_of_the_others() -> None:
    last = {guest: sample for guest, sample in samples(Form.MESH, 3)}
    assert all(len(sample["connections"]) == 2 for sample in last.values())
    for sample in last.values():
        connections = {connection["id"] for connection in sample["connections"]}
        assert {one for one, source in streams(sample, "send")} == connections
        assert "producer_id" not in sample["streams"][0]


def test_a_stream_of_a_mesh_has_the_same_ssrc_at_both_ends() -> None:
    seen = {guest: sample for guest, sample in samples(Form.MESH, 3)}
    sent = [
        {tag["ssrc"] for tag in sample["streams"] if tag["direction"] == "send"}
        for sample in seen.values()
    ]
    received = set().union(
        *(
            {tag["ssrc"] for tag in sample["streams"] if tag["direction"] == "receive"}
            for sample in seen.values()
        )
    )
    assert received <= set().union(*sent)
    assert sum(map(len, sent)) == len(set().union(*sent))
