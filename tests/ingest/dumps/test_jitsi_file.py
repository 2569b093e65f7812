import gzip
import json
from pathlib import Path

import pytest

from aftercall.ingest.dumps.entries import BadDump, LeftOut
from tests.sample_dumps import read_entries, survey_of

LEGACY = Path(__file__).parents[2] / "samples" / "jitsi" / "jitsi-chrome-legacy-sfu.jsonl.gz"
AT = 1_795_674_600_000


def _file(*lines: object) -> bytes:
    return b"\n".join(json.dumps(line).encode() for line in lines)


def test_a_file_of_jitsis_server_is_read() -> None:
    raw = gzip.decompress(LEGACY.read_bytes())
    found = survey_of(raw)
    connections = {each.id: each for each in found.connections.values()}
    assert {id: each.reports for id, each in connections.items()} == {"PC_0": 0, "PC_1": 55}
    figures = [(each.packets, each.packets_lost) for each in connections["PC_1"].received.values()]
    assert {(7388, 0), (7294, 4), (3197, 1)} <= set(figures)
    assert connections["PC_1"].last_ms - connections["PC_1"].first_ms == pytest.approx(
        108_007, 0.01
    )


def test_its_time_of_day_stands_in_every_line_beside_a_number_of_the_entry() -> None:
    report = {"A": {"type": "inbound-rtp", "ssrc": 7, "packetsReceived": 5, "timestamp": AT}}
    later = {"A": {"packetsReceived": 9, "timestamp": 0}, "timestamp": AT + 1_000}
    raw = _file(
        ["connectionInfo", None, {"userAgent": "x"}, 1_697_705_722_151],
        ["identity", None, {"displayName": "Ada", "meetingUniqueId": "m"}, AT, 1],
        ["create", "PC_0", {}, AT, 2],
        ["getstats", "PC_0", report, AT + 10, 3],
        ["getstats", "PC_0", later, AT + 1_010, 4],
    )
    found = survey_of(raw)
    (connection,) = found.connections.values()
    assert (connection.first_ms, connection.last_ms) == (AT, AT + 1_010)
    assert connection.received[7].packets == 9
    assert (found.clients[""].name, found.clients[""].call_id) == ("Ada", "m")


def test_lines_that_are_no_entries_are_counted() -> None:
    raw = _file(["create", "PC_0", {}, AT], ["x", None, None, "now"], ["getstats", None, 1, AT])
    entries = read_entries(raw + b"\n{broken\n" + _file(["close", "PC_0", None, AT]))
    assert [each.reason for each in entries if isinstance(each, LeftOut)] == [
        "a line without a time",
        "a report without a connection",
        "a line that is no JSON",
    ]


def test_too_many_connections_are_refused() -> None:
    lines = [["getstats", f"PC_{number}", {}, AT] for number in range(1_001)]
    with pytest.raises(BadDump, match="more connections"):
        read_entries(_file(*lines))
