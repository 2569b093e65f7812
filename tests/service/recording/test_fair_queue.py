"""The owner with the least weight is next; no owner starves, and no item is lost or repeated."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from aftercall.service.recording.fair_queue import TAGS_KEPT, FairQueue

Item = tuple[str, int, int]
"""Owner, number, weight."""


def drained(queue: FairQueue[Item], most: float, most_of_one: float) -> list[list[Item]]:
    groups = []
    while len(queue):
        groups.append(queue.take(most, most_of_one))
        assert groups[-1]
    return groups


@given(
    st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 50)), max_size=200),
    st.integers(1, 100),
    st.integers(1, 100),
)
def test_every_item_leaves_once_in_its_owners_order(
    items: list[tuple[str, int]], most: int, most_of_one: int
) -> None:
    queue = FairQueue[Item]()
    put = [(owner, number, weight) for number, (owner, weight) in enumerate(items)]
    for item in put:
        queue.add(item[0], item[2], item)
    assert len(queue) == len(put)
    groups = drained(queue, most, most_of_one)
    left = [item for group in groups for item in group]
    for owner in "abcd":
        assert [i for i in left if i[0] == owner] == [i for i in put if i[0] == owner]
    for group in groups:
        assert sum(weight for _, _, weight in group[:-1]) < most
        given = Counter[str]()
        for owner, _, weight in group:
            assert given[owner] < most_of_one
            given[owner] += weight


@given(
    st.lists(st.integers(1, 50), min_size=1, max_size=100),
    st.lists(st.integers(1, 50), min_size=1, max_size=100),
    st.integers(1, 200),
)
def test_two_waiting_owners_get_equal_shares(one: list[int], other: list[int], most: int) -> None:
    queue = FairQueue[Item]()
    for owner, weights in (("a", one), ("b", other)):
        for number, weight in enumerate(weights):
            queue.add(owner, weight, (owner, number, weight))
    got = {"a": 0, "b": 0}
    waiting = {"a": len(one), "b": len(other)}
    for group in drained(queue, most, 1_000_000):
        for owner, _, weight in group:
            if all(waiting.values()):
                assert abs(got["a"] - got["b"]) <= 50
            got[owner] += weight
            waiting[owner] -= 1


@given(st.integers(1, 30), st.integers(2, 500))
def test_a_late_owner_waits_for_one_item_of_each_flooding_owner(floods: int, depth: int) -> None:
    queue = FairQueue[Item]()
    for owner in range(floods):
        for number in range(depth):
            queue.add(f"flood {owner}", 10, (f"flood {owner}", number, 10))
    queue.take(10 * floods, 1_000_000)
    queue.add("quiet", 1, ("quiet", 0, 1))
    (group,) = [g for g in drained(queue, 10, 1_000_000) if ("quiet", 0, 1) in g]
    assert group
    queue.add("quiet", 1, ("quiet", 1, 1))
    assert queue.take(1, 1) == [("quiet", 1, 1)]


def test_an_idle_owner_accumulates_no_turns() -> None:
    queue = FairQueue[Item]()
    for number in range(1_000):
        queue.add("steady", 1, ("steady", number, 1))
    queue.add("other", 1, ("other", 0, 1))
    queue.take(500, 1_000)
    for number in range(1, 1_001):
        queue.add("other", 1, ("other", number, 1))
    owners = Counter(owner for owner, _, _ in queue.take(100, 1_000))
    assert owners == {"steady": 50, "other": 50}


def test_owners_without_items_are_forgotten() -> None:
    queue = FairQueue[Item]()
    for number in range(5_000):
        queue.add("steady", 1, ("steady", number, 1))
    for number in range(4_000):
        queue.add(f"o{number}", 1, (f"o{number}", 0, 1))
        queue.take(2, 1)
    assert len(queue._finish) <= TAGS_KEPT + 2
