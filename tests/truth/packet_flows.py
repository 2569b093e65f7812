"""Streams on the path to one receiver: which packets arrived, when, and at which attempt."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.truth.encoding import Ints, SentStream
from tests.truth.path_elements import Floats, Link

ATTEMPTS = 3
"""How often a lost packet of video is asked for."""
RETRY_S = 0.03


@dataclass(eq=False, kw_only=True)
class Flow:
    """The packets of one stream that a receiver should get, in order of sequence numbers."""

    stream: SentStream
    sent: Floats
    sizes: Floats
    frame_of: Ints
    arrived: Floats
    """The first transmission; NaN where it was lost."""
    repaired: Floats
    """A retransmission; NaN where there was none, or where it was lost too."""
    resent_at: Floats
    """When each retransmission was sent that was asked for."""
    is_gap: bool = True
    """Whether the receiver can detect missing packets by the sequence numbers."""

    @property
    def usable(self) -> Floats:
        """When each packet was there, whichever transmission brought it."""
        return np.where(np.isnan(self.arrived), self.repaired, self.arrived)

    def repair(self, links: Sequence[Link], come: Floats, rtt_s: float) -> None:
        """Retransmits lost packets from the node that forwards the stream."""
        missing = np.flatnonzero(np.isnan(self.arrived) & ~np.isnan(come))
        at = come[missing]
        resent: list[Floats] = [np.empty(0)]
        for _ in range(ATTEMPTS):
            at = at + rtt_s + RETRY_S
            resent.append(at)
            now = at
            for link in links:
                now = link.carry(now, self.sizes[missing])
            self.repaired[missing] = now
            is_lost = np.isnan(now)
            missing, at = missing[is_lost], at[is_lost]
        self.resent_at = np.sort(np.concatenate(resent))


def start(stream: SentStream) -> Flow:
    """The packets that a sender sends into its path."""
    nothing = np.full(len(stream.at), np.nan)
    return Flow(
        stream=stream,
        sent=stream.at,
        sizes=stream.sizes,
        frame_of=stream.frame_of,
        arrived=stream.at,
        repaired=nothing,
        resent_at=np.empty(0),
    )


def carry(
    links: Sequence[Link], flows: Sequence[Flow], rtt_s: float, attempts: int = ATTEMPTS
) -> None:
    """Sends the flows over the links in turn; all of them share each. Lost video is asked for
    again at the far end, `attempts` times."""
    if not flows:
        return
    come = [flow.usable for flow in flows]
    sizes = np.concatenate([flow.sizes for flow in flows])
    edges = np.cumsum([0, *(len(each) for each in come)])
    now = np.concatenate(come)
    for link in links:
        now = link.carry(now, sizes)
    for number, flow in enumerate(flows):
        flow.arrived = now[edges[number] : edges[number + 1]]
        flow.repaired = np.full(len(flow.arrived), np.nan)
        if flow.stream.kind == "video" and attempts:
            flow.repair(links, come[number], rtt_s)
