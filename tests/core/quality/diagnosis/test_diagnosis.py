import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from aftercall.core.instants import EpochMs
from aftercall.core.quality.comparison.comparison import ComparedParticipant, Comparison
from aftercall.core.quality.diagnosis.advice import ADVICE
from aftercall.core.quality.diagnosis.diagnosis import diagnose
from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.findings import Finding, Subject
from aftercall.core.quality.issues import Issue, IssueName, StreamRef, severity_of, single
from aftercall.core.quality.stats.peer_metadata import Device, DeviceSelection
from aftercall.core.quality.stats.report_linker import Family

ROOT = Path(__file__).parents[4]
PAGE = ROOT / "docs" / "explain" / "diagnosis.md"


def _explained() -> set[str]:
    """The first words of the rows in the page's tables."""
    heads = re.findall(r"^\| (`.*?) \|", PAGE.read_text(), re.MULTILINE)
    return {word for head in heads for word in re.findall(r"`(\w+)`", head)}


def test_every_issue_is_explained_by_a_finding() -> None:
    assert {name.value for name in IssueName} <= _explained()


def test_every_cause_occurs_in_a_finding() -> None:
    assert set(ADVICE) <= _explained()


TEN = 1_795_255_200_000
"""2026-11-21T10:00:00Z."""


def _at(seconds: float) -> EpochMs:
    return EpochMs(TEN + round(seconds * 1_000))


def _findings(
    *issues: Issue,
    stays: Sequence[tuple[float, float]] = ((0, 600),),
    choices: Sequence[DeviceSelection] = (),
) -> list[Finding]:
    """The findings about Ada, who was present for these seconds after ten o'clock and selected
    these devices. Bob was present too."""
    participants = [
        ComparedParticipant(participant_id=name, peer_ids=frozenset({name}), issues=[], streams=[])
        for name in ("ada", "bob")
    ]
    subject = Subject(
        participant_id="ada",
        issues=issues,
        stays=[(_at(start), _at(end)) for start, end in stays],
        device_choices=choices,
        names={"ada": "Ada", "bob": "Bob"},
    )
    return diagnose(subject, Comparison(participants))


def _findings_of_stays(*seconds: tuple[float, float]) -> list[Finding]:
    return _findings(stays=seconds)


def test_a_rejoin_is_reported_with_the_time_away() -> None:
    assert _findings_of_stays((0, 60)) == []
    [once] = _findings_of_stays((0, 60), (73, 600))
    assert once.sentence == "Ada was gone from 10:01:00 to 10:01:13 UTC and rejoined (13 s away)."
    [often] = _findings_of_stays((0, 60), (70, 100), (110, 200), (210, 300), (310, 600))
    assert often.sentence == (
        "Ada was gone 4 times between 10:01:00 and 10:05:10 UTC, 40 s in all and rejoined."
    )


def test_a_second_tab_is_no_rejoin() -> None:
    assert _findings_of_stays((0, 500), (60, 90), (480, 600)) == []
    [once] = _findings_of_stays((0, 300), (20, 40), (330, 600))
    assert once.sentence == "Ada was gone from 10:05:00 to 10:05:30 UTC and rejoined (30 s away)."


def test_a_page_loaded_again_within_a_second_is_no_rejoin() -> None:
    assert _findings_of_stays((0, 300), (300.4, 600)) == []


def _switch(kit: str, at_s: float, label: str | None = None) -> DeviceSelection:
    return DeviceSelection(at=_at(at_s), name=f"selected_{kit}_update", device=Device(label=label))


SWITCHES = (
    _switch("microphone", 50, "Headset"),
    _switch("camera", 54, "FaceTime HD Camera"),
    _switch("speaker", 58, "Bluetooth"),
)

SENT = StreamRef(peer_id="ada", family=Family.VIDEO_PRODUCER.value, ssrc=1)
HEARD = StreamRef(
    peer_id="ada", family=Family.AUDIO_CONSUMER.value, ssrc=2, from_peer_id="bob", consumer_id="c"
)


def _issue(name: IssueName, ref: StreamRef, **worst: float) -> Issue:
    """An impairment from 10:01 to 10:02."""
    return replace(single(name, ref, _at(60), _at(120), worst), origin="local")


@pytest.mark.parametrize(
    ("name", "switch"),
    [
        (IssueName.SILENT_MICROPHONE, "Headset at 10:00:50"),
        (IssueName.CONSTANT_AUDIO_LEVEL, "Headset at 10:00:50"),
        (IssueName.NO_AUDIO_SENT, "Headset at 10:00:50"),
        (IssueName.NO_VIDEO_SENT, "FaceTime HD Camera at 10:00:54"),
        (IssueName.ONE_WAY_AUDIO, "Bluetooth at 10:00:58"),
        (IssueName.NO_AUDIO_RECEIVED, "Bluetooth at 10:00:58"),
    ],
)
def test_a_finding_names_the_switch_of_the_device_it_concerns(name: IssueName, switch: str) -> None:
    [reported] = _findings(_issue(name, HEARD), choices=SWITCHES)
    assert f", just after the switch to {switch} UTC" in reported.sentence
    others = [choice for choice in SWITCHES if (choice.device.label or "") not in switch]
    [reported] = _findings(_issue(name, HEARD), choices=others)
    assert "switch to" not in reported.sentence


@pytest.mark.parametrize(
    ("name", "ref"),
    [(IssueName.POOR_NETWORK_UPLINK, SENT), (IssueName.POOR_NETWORK_DOWNLINK, HEARD)],
)
def test_a_network_finding_names_no_device_switch(name: IssueName, ref: StreamRef) -> None:
    [reported] = _findings(_issue(name, ref, loss_percent=12.0), choices=SWITCHES)
    assert "switch" not in reported.sentence


def test_of_several_device_switches_the_nearest_is_named() -> None:
    silent = _issue(IssueName.SILENT_MICROPHONE, SENT)
    switches = [_switch("microphone", 44, "Old"), _switch("microphone", 59)]
    [reported] = _findings(silent, choices=switches)
    assert "the switch to another microphone at 10:00:59 UTC" in reported.sentence


def test_devices_selected_at_the_join_are_no_switch() -> None:
    silent = _issue(IssueName.SILENT_MICROPHONE, SENT)
    [reported] = _findings(
        silent, stays=[(52, 600)], choices=[_switch("microphone", 55, "Headset")]
    )
    assert "switch" not in reported.sentence


WORST = {
    "loss_percent": 12.0,
    "rtt_ms": 600.0,
    "jitter_buffer_ms": 400.0,
    "concealment_percent": 20.0,
    "dropped_percent": 30.0,
    "mos": 2.0,
    "fps": 5.0,
    "outage_ms": 60_000.0,
}


@pytest.mark.parametrize("ref", [SENT, HEARD], ids=["sent", "received"])
@pytest.mark.parametrize("name", [n for n in IssueName if severity_of(n) != "information"])
def test_every_issue_above_information_has_a_finding(name: IssueName, ref: StreamRef) -> None:
    worst = {"rtt_ms": 600.0} if name is IssueName.HIGH_RTT else WORST
    assert any(name in reported.issues for reported in _findings(_issue(name, ref, **worst)))


def _format_outage(start_s: float, end_s: float, connection: str = "pc1") -> Issue:
    ref = StreamRef(peer_id="ada", connection_id=connection)
    worst = {"outage_ms": (end_s - start_s) * 1_000}
    return single(IssueName.ICE_RECONNECTING, ref, _at(start_s), _at(end_s), worst)


def test_an_interruption_of_several_connections_is_one_finding() -> None:
    [reported] = _findings(
        _format_outage(60, 68), _format_outage(61, 70, "pc2"), _format_outage(300, 300)
    )
    assert (
        reported.sentence == "Ada's connection was lost for 10 s at 10:01:00 and at 10:05:00 UTC."
    )


def test_failures_of_ice_and_of_the_connection_are_one_finding() -> None:
    ref = StreamRef(peer_id="ada", connection_id="pc1")
    [reported] = _findings(
        single(IssueName.ICE_FAILED, ref, _at(60), _at(60)),
        single(IssueName.CONNECTION_FAILED, ref, _at(90), _at(90)),
    )
    assert (reported.cause, reported.severity) == ("interruption", "severe")
    assert reported.sentence == "Ada's connection failed at 10:01:00 and at 10:01:30 UTC."


def _slow(start_s: float, end_s: float, connection: str = "pc1") -> Issue:
    ref = StreamRef(peer_id="ada", connection_id=connection)
    worst = {"connect_ms": (end_s - start_s) * 1_000}
    return single(IssueName.SLOW_CONNECT, ref, _at(start_s), _at(end_s), worst)


def test_connections_that_are_slow_together_are_one_finding() -> None:
    [reported] = _findings(_slow(1, 8), _slow(2, 10, "pc2"))
    assert reported.sentence == "Ada needed 8 s to connect at 10:00:01 UTC."


def test_reconnecting_is_part_of_the_interruption() -> None:
    [reported] = _findings(_format_outage(60, 68), _slow(61, 68, "pc2"))
    assert reported.cause == "interruption"


def test_a_finding_has_structured_parts_beside_the_sentence() -> None:
    lossy = replace(
        _issue(IssueName.POOR_NETWORK_UPLINK, SENT, loss_percent=12.0),
        typical={"loss_percent": 8.0},
    )
    [reported] = _findings(lossy)
    assert (reported.subject, reported.media, reported.direction) == ("ada", ["video"], "sent")
    assert reported.figures == [Figure(name="loss_percent", unit="%", typical=8.0, worst=12.0)]
    assert reported.spans == [(_at(60), _at(120))]
    assert (reported.evidence.listeners_present, reported.evidence.is_reported_by_sender) == (
        0,
        True,
    )
    assert reported.advice_key == "wired_or_nearer"
    assert reported.advice.startswith("connect Ada by cable")


def test_the_subject_of_a_listeners_finding_is_the_impaired_sender() -> None:
    heard = replace(
        _issue(IssueName.POOR_NETWORK_DOWNLINK, HEARD, loss_percent=9.0), origin="remote"
    )
    [reported] = _findings(heard)
    assert (reported.subject, reported.affected, reported.media) == ("bob", ["ada"], ["voice"])


def test_a_finding_stored_without_its_parts_can_be_read() -> None:
    stored = (
        b'{"cause":"cpu","severity":"warning","sentence":"S.","first_at":1,"last_at":2,"issues":[]}'
    )
    found = msgspec.json.decode(stored, type=Finding)
    assert (found.subject, found.media, found.spans, found.advice) == (None, [], [], "")


@pytest.mark.parametrize(
    ("lengths_s", "severity"),
    [
        ((0.4,), "information"),
        ((0.4, 0.9), "information"),
        ((1,), "warning"),
        ((0.4, 20), "warning"),
    ],
)
def test_a_connection_lost_for_less_than_a_second_is_information(
    lengths_s: tuple[float, ...], severity: str
) -> None:
    outages = [
        _format_outage(100 * n, 100 * n + length_s) for n, length_s in enumerate(lengths_s, 1)
    ]
    [found] = _findings(*outages)
    assert (found.cause, found.severity) == ("interruption", severity)
