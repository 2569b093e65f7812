"""A working day of a company as calls: what a dashboard looks like where it is in use.

Two weeks lead up to the day, with fewer and shorter calls, so that people have a history and two
weeks can be compared. Teams meet again and again. About one person in seven has some trouble, and
about one in fifteen a bad call.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Final

from aftercall.simulator import dialogue, people
from aftercall.simulator.dialogue import MEETINGS, Meeting
from aftercall.simulator.form import Form
from aftercall.simulator.network_conditions import Kind
from aftercall.simulator.people import Person

_CAST: Final = 72
_DAY_S: Final = 86_400
_HOUR_S: Final = 3_600
_OFFICE_HOURS: Final = 9
_DAYS_BEFORE: Final = 13
_CALLS_A_DAY_BEFORE: Final = 5

_TROUBLES: Final = (
    (Kind.LOSSY_UPLINK, 7),
    (Kind.CONGESTED_DOWNLINK, 8),
    (Kind.SLOW_CPU, 6),
    (Kind.TURN_TCP, 4),
    (Kind.RECONNECTING, 5),
    (Kind.SILENT_MICROPHONE, 2),
)
"""Of two hundred people in calls, how many have which trouble."""
_OF: Final = 200

_ALL_HANDS: Final = dialogue.meeting(
    "All hands",
    """
    0: Welcome, everybody. We have three subjects today and half an hour for them.
    0: The first is the new office. We move in the second week of March.
    1: The lease is signed. There are quiet rooms on both floors, and a real kitchen.
    2> floor plans are in the shared folder
    2: The second subject is the support desk. Answers take four hours now, not nine.
    2: That is the work of the whole desk, and of a better search.
    3: The third is short. We decided to close between the holidays, as we did last year.
    0: Are there questions from the audience? Please type them.
    1: One asks about bicycles: yes, there is a cellar for them.
    0: Thank you all. The recording and the slides are there this evening.
    """,
)
_NUMBERS: Final = dialogue.meeting(
    "Quarterly numbers",
    """
    0: I will go through the slides and stop after each part for questions.
    0: Orders are up by six per cent, returns are where they were.
    1: Does that include the shop in Utrecht?
    0: Yes, since July.
    2: Why did the cost of freight go down?
    0: Two carriers instead of one. We agreed to keep both for another year.
    3> please send the table behind slide seven
    0: I will send it after this call.
    """,
)
_HOTLINE: Final = dialogue.meeting(
    "Customer hotline",
    """
    0: Good morning, you have reached the workshop. How can I help?
    1: My order has arrived, but one of the two lamps does not light.
    0: I am sorry about that. Have you tried the other bulb in it?
    1: Yes, and it stays dark.
    0: Then I will send you a new one today, and a label for the old one.
    1: That was quick. Thank you.
    """,
)
_PAIRING: Final = dialogue.meeting(
    "Pairing on the import",
    """
    0: Let us start with the test that fails.
    1: It fails for rows with a comma in the name.
    0: So we split too early. May I?
    1: Please. I will write the next test in the meantime.
    0: That makes it green. Shall we keep the old reader?
    1: No, we decided on Monday to drop it.
    """,
)


@dataclass(frozen=True, kw_only=True)
class PlannedCall:
    """A call of the day, and how long before the day's end it was over."""

    ended_ago_s: float
    length_s: int
    form: Form
    meeting: Meeting
    persons: tuple[Person, ...]
    kinds: tuple[Kind, ...]


def plan(seed: int) -> list[PlannedCall]:
    """The calls of the day, the latest first, then those of the days before."""
    random = Random(f"day/{seed}")
    cast = tuple(people.draw(_CAST, random))
    rooms = [*_today(random), *_before(random)]
    weather = _weather(sum(room.size for room in rooms), random)
    return [
        PlannedCall(
            ended_ago_s=room.ended_ago_s,
            length_s=room.length_s,
            form=room.form,
            meeting=room.meeting,
            persons=_team(room, cast, random),
            kinds=tuple(next(weather) for _ in range(room.size)),
        )
        for room in rooms
    ]


def live(seed: int, number: int) -> PlannedCall:
    """One of the calls that go on: every third has one guest with some trouble."""
    random = Random(f"live/{seed}/{number}")
    cast = tuple(people.draw(_CAST, Random(f"day/{seed}")))
    form = (Form.MEETING, Form.MEETING, Form.MEETING, Form.AUDIO)[number % 4]
    meeting = _HOTLINE if form is Form.AUDIO else MEETINGS[number % len(MEETINGS)]
    size = 2 if form is Form.AUDIO else random.randrange(3, 6)
    room = _room(random, form, meeting, size=size, minutes=random.randrange(8, 16))
    troubles = [kind for kind, _ in _TROUBLES]
    trouble = troubles[number // 3 % len(troubles)] if number % 3 == 0 else Kind.GOOD
    return PlannedCall(
        ended_ago_s=0,
        length_s=room.length_s,
        form=form,
        meeting=meeting,
        persons=_team(room, cast, random),
        kinds=(Kind.GOOD, trouble, *[Kind.GOOD] * (size - 2)),
    )


@dataclass(frozen=True, kw_only=True)
class _Room:
    ended_ago_s: float
    length_s: int
    form: Form
    meeting: Meeting
    size: int


def _today(random: Random) -> list[_Room]:
    rooms = [
        _room(random, Form.WEBINAR, _ALL_HANDS, size=60, minutes=24),
        _room(random, Form.SLIDES, _NUMBERS, size=9, minutes=30),
        *(_room(random, Form.AUDIO, _HOTLINE, size=2, minutes=7) for _ in range(4)),
        *(_room(random, Form.MESH, _PAIRING, size=2 + n, minutes=16) for n in range(2)),
        *(
            _room(random, Form.MEETING, MEETINGS[n % len(MEETINGS)], size=size, minutes=minutes)
            for n, (size, minutes) in enumerate(_SIZES_AND_MINUTES)
        ),
    ]
    return sorted(rooms, key=lambda room: room.ended_ago_s)


_SIZES_AND_MINUTES: Final = (
    (4, 12), (5, 20), (3, 8), (6, 18), (2, 14), (4, 22), (7, 12), (3, 20), (4, 10), (3, 15),
    (2, 14), (5, 11), (4, 16), (3, 9),
)  # fmt: skip


def _before(random: Random) -> Iterator[_Room]:
    for day in range(1, _DAYS_BEFORE + 1):
        for _ in range(_CALLS_A_DAY_BEFORE):
            yield _room(
                random,
                Form.MEETING,
                random.choice(MEETINGS),
                size=random.randrange(2, 5),
                minutes=random.randrange(5, 9),
                days_ago=day,
            )


def _room(
    random: Random, form: Form, meeting: Meeting, *, size: int, minutes: int, days_ago: int = 0
) -> _Room:
    return _Room(
        ended_ago_s=days_ago * _DAY_S + random.uniform(0.02, _OFFICE_HOURS) * _HOUR_S,
        length_s=minutes * 60 + random.randrange(0, 60),
        form=form,
        meeting=meeting,
        size=size,
    )


def _team(room: _Room, cast: Sequence[Person], random: Random) -> tuple[Person, ...]:
    """Those of the cast who meet under a title; a crowd is everybody."""
    start = sum(map(ord, room.meeting.title)) % len(cast)
    around = [cast[(start + n) % len(cast)] for n in range(max(room.size, 8))]
    if room.form in {Form.WEBINAR, Form.SLIDES}:
        return tuple(around[: room.size])
    return tuple(random.sample(around, room.size))


def _weather(guests: int, random: Random) -> Iterator[Kind]:
    """A kind for each guest: every trouble as often as stated, in an order by chance."""
    kinds = [kind for kind, count in _TROUBLES for _ in range(max(1, round(count * guests / _OF)))]
    kinds += [Kind.GOOD] * (guests - len(kinds))
    random.shuffle(kinds)
    return iter(kinds)
