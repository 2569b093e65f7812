"""Which connections of which dumps are one peer's, and which peers were in one call.

A file is usually one peer's. One of chrome://webrtc-internals holds every tab of a browser, and a
page that calls itself holds both ends. Peers belong to one call when one sent what another received
(SSRC), when one's certificate is the one that another was offered (DTLS), when the page names the
same call, or the same address at the same time.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from aftercall.core.instants import EpochMs, format_iso
from aftercall.ingest.dumps.survey import ClientSurvey, ConnectionSurvey, Survey

_PROCESS: Final = re.compile(r"(\d+)-\d+")
"""Chrome names a connection by the process of its page."""


class SurveyedPeer(NamedTuple):
    """One peer of a dump."""

    file: int
    """The number of its file."""
    key: str
    """What it is called in the file, the same at every import."""
    client: ClientSurvey
    connections: Sequence[ConnectionSurvey]
    """Empty if the page opened none."""

    @property
    def first_ms(self) -> float:
        """The first sign of life."""
        moments = [each.first_ms for each in self.connections]
        return min(moments, default=self.client.first_ms or 0.0)

    @property
    def last_ms(self) -> float:
        """The last sign of life."""
        moments = [each.last_ms for each in self.connections]
        return max(moments, default=self.client.last_ms or 0.0)


def peers_of(file: int, found: Survey) -> list[SurveyedPeer]:
    """The peers of one file, in a fixed order."""
    peers: list[SurveyedPeer] = []
    for client in found.clients.values():
        mine = [each for each in found.connections.values() if each.client == client.id]
        if not mine:
            if client.first_ms is not None and len(found.clients) == 1:
                peers.append(SurveyedPeer(file, client.id, client, ()))
            continue
        pages: dict[str, list[ConnectionSurvey]] = {}
        for each in mine:
            process = _PROCESS.fullmatch(each.id)
            pages.setdefault(process[1] if process else "", []).append(each)
        for page, connections in sorted(pages.items()):
            for side, ends in enumerate(_sides(connections)):
                key = "/".join((client.id, page, str(side)))
                peers.append(SurveyedPeer(file, key, client, ends))
    return peers


def _sides(connections: Sequence[ConnectionSurvey]) -> list[list[ConnectionSurvey]]:
    """The connections of a page, by the end they are: those that reach another connection of the
    same page are two ends of a call."""
    side: dict[int, int] = {}
    for start, _ in enumerate(connections):
        if start in side:
            continue
        side[start] = 0
        queue = [start]
        while queue:
            at = queue.pop()
            for other, each in enumerate(connections):
                if other not in side and are_ends(connections[at], each):
                    side[other] = 1 - side[at]
                    queue.append(other)
    ends: list[list[ConnectionSurvey]] = [[], []]
    for place, each in enumerate(connections):
        ends[side[place]].append(each)
    return [each for each in ends if each]


def are_ends(a: ConnectionSurvey, b: ConnectionSurvey) -> bool:
    """Whether two connections are the ends of one."""
    if a.first_ms > b.last_ms or b.first_ms > a.last_ms:
        return False
    if a.local_fingerprints and b.local_fingerprints:
        is_offered = a.local_fingerprints & b.remote_fingerprints
        return bool(is_offered and b.local_fingerprints & a.remote_fingerprints)
    return bool(a.sent.keys() & b.received.keys() or b.sent.keys() & a.received.keys())


class _Ids(NamedTuple):
    """What ties a peer to others of its call."""

    sent: set[int]
    received: set[int]
    local: set[str]
    remote: set[str]
    urls: set[str]


def calls_of(peers: Iterable[SurveyedPeer]) -> list[list[SurveyedPeer]]:
    """The peers by call."""
    everybody = list(peers)
    ids = [_ids(each) for each in everybody]
    parent = list(range(len(everybody)))

    def root(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    for a, first in enumerate(everybody):
        for b in range(a):
            if root(a) != root(b) and _is_one_call(first, ids[a], everybody[b], ids[b]):
                parent[root(a)] = root(b)
    calls: dict[int, list[SurveyedPeer]] = {}
    for place, peer in enumerate(everybody):
        calls.setdefault(root(place), []).append(peer)
    return list(calls.values())


def _ids(peer: SurveyedPeer) -> _Ids:
    urls = {each.url for each in peer.connections if each.url} or (
        {peer.client.url} if peer.client.url else set()
    )
    return _Ids(
        {ssrc for each in peer.connections for ssrc in each.sent},
        {ssrc for each in peer.connections for ssrc in each.received},
        {print for each in peer.connections for print in each.local_fingerprints},
        {print for each in peer.connections for print in each.remote_fingerprints},
        urls,
    )


def _is_one_call(a: SurveyedPeer, ids_a: _Ids, b: SurveyedPeer, ids_b: _Ids) -> bool:
    if a.client.call_id is not None and a.client.call_id == b.client.call_id:
        return True
    if a.first_ms > b.last_ms or b.first_ms > a.last_ms:
        return False
    return bool(
        ids_a.sent & ids_b.received
        or ids_b.sent & ids_a.received
        or ids_a.local & ids_b.remote
        or ids_b.local & ids_a.remote
        or ids_a.urls & ids_b.urls
    )


def title_of(group: Iterable[SurveyedPeer], first: EpochMs) -> str:
    """What a call without a meeting is called: after its page, or its time."""
    for peer in group:
        url = next((each.url for each in peer.connections if each.url), peer.client.url)
        host = _host(url)
        if host:
            return f"Dump of {host}"
    return f"Dump of {format_iso(first)[:16].replace('T', ' ')} UTC"


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url).hostname if url else None
    except ValueError:
        return None
