"""A queue that serves its owners fairly, however much each of them has queued."""

from collections import deque
from heapq import heapify, heappop, heappush
from typing import Final, Generic, TypeVar

T = TypeVar("T")

TAGS_KEPT: Final = 1_000
"""Owners without items whose finish tags are kept; above this number, tags in the past are
dropped."""


class FairQueue(Generic[T]):
    """Items of many owners, each with a weight; the owner that was served least comes first.

    Start-time fair queueing (Goyal, Vin, Cheng: SIGCOMM 1996): an item's start tag is the virtual
    time at which it came in, or the finish tag of its owner's last one if that is later; its finish
    tag lies its weight behind. Items leave in the order of start tags, which is the virtual time.
    One owner's items keep their order, and nobody starves.
    """

    def __init__(self) -> None:
        self._lanes: dict[str, deque[tuple[float, T]]] = {}
        self._finish: dict[str, float] = {}
        """The finish tag of each owner's last item that left."""
        self._virtual = 0.0
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, owner: str, weight: float, item: T) -> None:
        lane = self._lanes.get(owner)
        if lane is None:
            lane = self._lanes[owner] = deque()
            # An owner that had no items gains no advance for that time.
            self._finish[owner] = max(self._finish.get(owner, 0.0), self._virtual)
        lane.append((weight, item))
        self._count += 1

    def take(self, most: float, most_of_one: float) -> list[T]:
        """The next items: as many as weigh `most` together, and of one owner `most_of_one`; the
        last of them may weigh more, so that there is always one."""
        heap = [(self._finish[owner], owner) for owner in self._lanes]
        heapify(heap)
        taken: list[T] = []
        given: dict[str, float] = {}
        while heap and most > 0:
            start, owner = heappop(heap)
            lane = self._lanes[owner]
            had = given.get(owner, 0.0)
            # While nobody else is due, an owner's items leave one after another.
            until = heap[0][0] if heap else float("inf")
            begun = start
            while lane and most > 0 and had < most_of_one and start <= until:
                weight, item = lane.popleft()
                taken.append(item)
                begun = start
                start += weight
                had += weight
                most -= weight
            self._virtual = max(self._virtual, begun)
            given[owner] = had
            self._finish[owner] = start
            if not lane:
                del self._lanes[owner]
            elif had < most_of_one:
                heappush(heap, (start, owner))
        self._count -= len(taken)
        self._forget()
        return taken

    def _forget(self) -> None:
        """Drop finish tags that no longer make a difference."""
        if not self._lanes:
            self._finish.clear()
        elif len(self._finish) > len(self._lanes) + TAGS_KEPT:
            self._finish = {
                owner: tag
                for owner, tag in self._finish.items()
                if owner in self._lanes or tag > self._virtual
            }
