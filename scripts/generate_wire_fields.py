"""Write the table of fields in docs/reference/wire.md; with --check only compare.

The fields are those of the peer report and of the older quality of a participant's details, as the
first published generation of the SDKs documents them (`wire_fields.txt`). The script looks for each
in our answer for a call of `aftercall simulate`, and for one that RealtimeKit's own client recorded
in Chromium (`tests/samples/realtimekit-callstats-30s.json`).
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import msgspec

from aftercall.core.instants import EpochMs
from aftercall.core.quality.report.fold import PeerFacts
from aftercall.core.records import Participant
from aftercall.simulator.call import Call
from aftercall.simulator.network_conditions import Kind
from aftercall.wire.participants import encode_participant_details, encode_peer_report_details
from tests.completed_calls import collected, compared, end_of, facts_of, folded, recorded

ROOT: Final = Path(__file__).resolve().parent.parent
PAGE: Final = ROOT / "docs/reference/wire.md"
FIELDS: Final = ROOT / "scripts/wire_fields.txt"
BEGIN: Final = "<!-- fields: written by scripts/generate_wire_fields.py -->\n"
END: Final = "<!-- end of fields -->\n"
BEGIN_MS: Final = EpochMs(1_795_000_000_000)

WHY: Final = (
    ("ip_details.loc", "exact locations are not stored"),
    ("location.coords", "exact locations are not stored"),
    ("ip_details.postal", "only if a backend sends it"),
    ("screenshare_audio", "nobody shared a screen with audio"),
    ("screenshare_video_consumer", "nobody shared a screen with this client"),
    ("screenshare_video_producer", "this client shared no screen"),
    ("webgl_support", "RealtimeKit's client omits it; Aftercall's collector sends it"),
    ("related_", "a host candidate has none"),
    ("network_type", "not in what RealtimeKit's client sends"),
    ("discarded_on_send", "not in what RealtimeKit's client sends"),
    ("packet_sent_timestamp", "not in what RealtimeKit's client sends"),
    ("packet_received_timestamp", "not in what RealtimeKit's client sends"),
    ("custom_participant_id", "the recorded call has none"),
    ("display_name", "the recorded call has none"),
    ("role", "the token's preset was not part of the recording"),
    ("fractional_loss", "RealtimeKit's client sends 0 without a test; unmeasured is not 0"),
    ("connection_info", "the client made no test of the network"),
    ("precall_network_information", "the client made no test of the network"),
    ("packet_loss", "the client links no remote report to its sent streams"),
    ("jitter", "the client links no remote report to its sent streams"),
    ("packets_lost", "the client links no remote report to its sent streams"),
    ("pc_metadata", "the client made no test of the network"),
    ("ip_information", "from the operator's own address database, or from the client"),
    ("_devices_updates", "the client listed no devices in that time"),
    ("selected_device_updates", "the client chose no device in that time"),
    ("video", "the recorded client sent and received only audio"),
)
"""Reasons for empty fields, by a part of the name; the first match counts."""


def page() -> str:
    """The page as it should be."""
    text = PAGE.read_text()
    start, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return text[:start] + table() + text[end:]


def table() -> str:
    simulated, real = list(simulated_answers()), list(recorded_answers())
    lines = ["| field | simulated | real | why empty |", "|---|---|---|---|"]
    for name in FIELDS.read_text().split():
        cells = [kind_of(values_at(answers, name)) for answers in (simulated, real)]
        why = "" if all(cells) else next((why for part, why in WHY if part in name), "")
        shown = " | ".join(cell or "–" for cell in cells)
        lines.append(f"| `{name}` | {shown} | {why} |")
    return "\n".join(lines) + "\n"


def values_at(answers: Iterable[Any], name: str) -> list[Any]:
    """All values of a field, `null` and empty lists and objects left out."""
    found = list(answers)
    for step in name.split("."):
        is_list = step.endswith("[]")
        member = step.removesuffix("[]")
        found = [each[member] for each in found if isinstance(each, dict) and member in each]
        if is_list:
            found = [one for each in found if isinstance(each, list) for one in each]
    return [each for each in found if each not in (None, [], {})]


def kind_of(values: Sequence[Any]) -> str:
    """The common kind of the values; `""` for none."""
    if not values:
        return ""
    if all(isinstance(each, bool) for each in values):
        return "true or false"
    if all(isinstance(each, int) for each in values):
        return "whole number"
    if all(isinstance(each, int | float) for each in values):
        return "number"
    return "text" if all(isinstance(each, str) for each in values) else "object"


def simulated_answers() -> Iterator[Any]:
    call = Call(
        seed=4,
        number=1,
        participants=4,
        length_s=180,
        interval_s=7,
        begin_ms=BEGIN_MS,
        kinds=(Kind.LOSSY_UPLINK, Kind.TURN_TCP),
    )
    call.screen_s = (40, 120)
    by_peer: dict[str, list[dict[str, Any]]] = {}
    names: dict[str, Participant] = {}
    for _, second in call.play():
        for sent in second:
            by_peer.setdefault(sent.peer.id, []).append(sent.entry)
            names[sent.peer.id] = row_of(sent.peer.id, sent.peer.person.name, "user-1")
    everybody = {id: facts_of(id, collected(id, entries)) for id, entries in by_peer.items()}
    yield from answers(everybody, names)


def recorded_answers() -> Iterator[Any]:
    everybody = recorded()
    yield from answers(everybody, {id: row_of(id, None, None) for id in everybody})


def answers(everybody: dict[str, PeerFacts], rows: dict[str, Participant]) -> Iterator[Any]:
    """Each participant's report with the older quality of its details, as sent."""
    chains = {id: [facts] for id, facts in everybody.items()}
    reports = folded(chains)
    for id, verdict in compared(reports, {id: id for id in chains}, end_of(chains)).items():
        details = reports[id].details
        given = (rows[id], None, verdict, details.receptions)
        pieces = encode_peer_report_details(*given, details.rows, filters=frozenset())
        report = json.loads(b"".join(map(bytes, pieces)))["data"]["participant"]
        yield report
        older = encode_participant_details(*given, filters=frozenset())
        yield json.loads(msgspec.json.encode(older))["participant"]


def row_of(peer_id: str, name: str | None, custom_id: str | None) -> Participant:
    return Participant(
        app_id="app",
        session_id="session",
        id=peer_id,
        user_id="user",
        display_name=name,
        custom_participant_id=custom_id,
        preset_name="group_call_participant" if name else None,
        joined_at=BEGIN_MS,
        left_at=BEGIN_MS,
        created_at=BEGIN_MS,
        updated_at=BEGIN_MS,
    )


if __name__ == "__main__":
    if "--check" not in sys.argv:
        PAGE.write_text(page())
    elif PAGE.read_text() != page():
        sys.exit(f"{PAGE.name} does not match the answers: run make generated")
