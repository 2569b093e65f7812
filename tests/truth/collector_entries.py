"""The entries of the collect protocol that every collector sends during a call."""

from typing import Any, Final
from uuid import NAMESPACE_OID, uuid5

import numpy as np

from tests.truth.browsers import AGENTS, shaped
from tests.truth.network import Connection, Play, ReceivedTrack
from tests.truth.outbound_stats import items, transports
from tests.truth.path_elements import Floats, within
from tests.truth.scene import Person, Scene

EPOCH_MS: Final = 1_795_255_200_000
"""2026-11-21T10:00:00Z, when every call begins."""

Entry = dict[str, Any]


def peer_id(scene: Scene, name: str) -> str:
    return str(uuid5(NAMESPACE_OID, f"{scene.name}/{scene.seed}/{name}"))


def entries(play: Play, person: Person) -> list[Entry]:
    """All entries of one peer, in order of time and numbered."""
    scene, rng = play.scene, play.rng
    end_s = scene.length_s if person.leaves_s is None else person.leaves_s
    connected_s = person.joins_s + person.connects_s * float(rng.uniform(0.6, 1.4))
    count = int((end_s - connected_s) / scene.interval_s) + 1
    steps = rng.normal(scene.interval_s, 0.01, count)
    at = connected_s + np.cumsum(np.concatenate([[0.05], steps]))[:count]
    at = at[at < end_s - 0.05]
    found = [_entry(person.joins_s, "join", interval_ms=round(scene.interval_s * 1000))]
    if person.continues is not None:
        found[0]["previous_peer_id"] = peer_id(scene, person.continues)
    found.append(_entry(person.joins_s + 0.01, "describe", browser=dict(AGENTS[person.browser])))
    found += _events(play, person, connected_s, end_s)
    found += _samples(play, person, at)
    found.append(_entry(end_s, "leave"))
    found.sort(key=lambda entry: entry["at"])
    for number, entry in enumerate(found):
        entry["seq"] = number
    return found


def _entry(at_s: float, type_: str, **members: Any) -> Entry:
    return {"type": type_, "at": EPOCH_MS + round(at_s * 1000), **members}


def _event(at_s: float, name: str, **data: Any) -> Entry:
    return _entry(at_s, "event", name=name, data=data)


def _events(play: Play, person: Person, connected_s: float, end_s: float) -> list[Entry]:
    found = []
    for connection in play.connections[person.name]:
        begin_s = max(connection.begin_s, connected_s)
        for name, early, late in (
            ("ice_connection_state", "checking", "connected"),
            ("connection_state", "connecting", "connected"),
        ):
            asked_s = begin_s - 0.3 if begin_s > connected_s else person.joins_s + 0.1
            found.append(_event(asked_s, name, connection=connection.id, state=early))
            found.append(_event(begin_s, name, connection=connection.id, state=late))
            for start, end in person.lost_connection:
                states = ((start + 4.0, "disconnected"), (end + 0.8, "connected"))
                if person.fails:
                    states = ((start + 4.0, "disconnected"), (end - 0.5, "failed"))
                for at_s, state in states:
                    if connection.begin_s < at_s < min(end_s, connection.end_s + 1):
                        found.append(_event(at_s, name, connection=connection.id, state=state))
    if person.tells_mutes:
        for spans, kind in (
            (person.microphone.muted if person.microphone else (), "audio"),
            (person.camera.off if person.camera else (), "video"),
        ):
            for start, end in spans:
                for at_s, word in ((start, "off"), (end, "on")):
                    if person.joins_s < at_s < end_s:
                        found.append(_event(at_s, f"{kind}_{word}"))
    if person.switches_s is not None:
        device = {"device_id": "m2", "kind": "audioinput", "label": "Headset"}
        found.append(_event(person.switches_s, "selected_microphone_update", device=device))
    for start, end in person.screen.during if person.screen else ():
        found.append(_event(max(start, connected_s), "screenshare_started"))
        if end < end_s:
            found.append(_event(end, "screenshare_stopped"))
    for start, end in person.hidden:
        found.append(_event(start, "browser_backgrounded"))
        if end < end_s:
            found.append(_event(end, "browser_foregrounded"))
    return found


def _samples(play: Play, person: Person, at: Floats) -> list[Entry]:
    whole = []
    for number, connection in enumerate(play.connections[person.name]):
        addresses = (f"192.0.2.{_place(play, person.name)}", _far(play, connection))
        found = items(connection, at, play.rng)
        found += transports(connection, at, person.relay, addresses)
        is_there = (at >= connection.begin_s) & (at <= connection.end_s + connection.kept_s)
        whole.append((connection, found, is_there, number))
    hidden = within(at, person.hidden)
    samples = []
    for place, at_s in enumerate(at.tolist()):
        connections, streams = [], []
        for connection, found, is_there, _ in whole:
            if not is_there[place]:
                continue
            stats = [
                item_stats
                for item in found
                if item.is_there[place]
                and (item_stats := shaped(person.browser, item.at(place, EPOCH_MS))) is not None
            ]
            connections.append({"id": connection.id, "stats": stats})
            streams += _tags(play, connection, at_s)
        samples.append(
            _entry(
                at_s,
                "sample",
                connections=connections,
                streams=streams,
                page_hidden=bool(hidden[place]),
            )
        )
    return samples


def _place(play: Play, name: str) -> int:
    return 1 + [person.name for person in play.scene.people].index(name)


def _far(play: Play, connection: Connection) -> str:
    if connection.remote == "server":
        return "198.51.100.1"
    return f"192.0.2.{_place(play, connection.remote)}"


def _tags(play: Play, connection: Connection, at_s: float) -> list[dict[str, Any]]:
    """The collector's tags of the streams."""
    found: dict[str, dict[str, Any]] = {}
    tags = play.scene.server.tags
    person = connection.owner
    for track in connection.sent:
        stream = track.stream
        if stream.source == "screen" and not _is_sharing(person, at_s):
            continue
        off = person.camera.off if person.camera and stream.source == "camera" else ()
        if person.microphone and stream.source == "microphone":
            off = person.microphone.muted
        tag = {
            "connection": connection.id,
            "direction": "send",
            "kind": stream.kind,
            "mid": stream.mid,
            "track_id": stream.track,
            "source": stream.source,
            "muted": any(start <= at_s < end for start, end in (*off, *person.held)),
        }
        if tags == "producer":
            tag["producer_id"] = f"producer-{stream.track}"
        found[stream.mid] = tag
    for number, received in enumerate(connection.received):
        found[f"r{number}"] = _received_tag(play, connection, received, number, at_s)
    return list(found.values())


def _is_sharing(person: Person, at_s: float) -> bool:
    return person.screen is not None and any(s <= at_s < e for s, e in person.screen.during)


def _received_tag(
    play: Play, connection: Connection, received: ReceivedTrack, number: int, at_s: float
) -> dict[str, Any]:
    server, stream = play.scene.server, received.flow.stream
    tag: dict[str, Any] = {
        "connection": connection.id,
        "direction": "receive",
        "kind": stream.kind,
        "mid": f"r{number}",
        "track_id": received.track,
        "muted": False,
    }
    if server.tags is not None:
        tag["source"] = stream.source
        if server.tags == "peer":
            tag["peer_id"] = peer_id(play.scene, received.sender)
        else:
            tag["producer_id"] = f"producer-{stream.track}"
            tag["consumer_id"] = f"consumer-{received.track}"
    second = int(at_s)
    is_shown = second < len(received.is_wanted) and bool(received.is_wanted[second])
    if server.tells_sizes and stream.kind == "video" and is_shown:
        tag |= {"expected_width": 640, "expected_height": 360}
    return tag
