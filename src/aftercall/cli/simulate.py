"""`aftercall simulate`: calls of people who do not exist, sent through the public API."""

import asyncio
import itertools
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from random import SystemRandom
from typing import Annotated, Any, Protocol

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from aftercall.simulator import day
from aftercall.simulator.call import Call
from aftercall.simulator.http_player import Player, PlayFailed, Server, Tally
from aftercall.simulator.network_conditions import Kind

_HOUR_S = 3_600
_DAY_INTERVAL_S = 10


def simulate(
    account: Annotated[str, typer.Option(help="The account's id.")],
    app: Annotated[str, typer.Option(help="The app's id.")],
    token: Annotated[
        str, typer.Option(envvar="SIMULATE_TOKEN", help="An API token that may write.")
    ],
    url: Annotated[str, typer.Option(help="The server.")] = "http://127.0.0.1:8787",
    meetings: Annotated[int, typer.Option(min=1, help="How many calls.")] = 1,
    participants: Annotated[int, typer.Option(min=1, max=200, help="Guests of each call.")] = 4,
    minutes: Annotated[float, typer.Option(min=0.5, max=1440, help="Length of each call.")] = 5,
    speed: Annotated[
        float | None,
        typer.Option(
            min=0.1, help="Seconds of a call that pass in one second; left out: all at once."
        ),
    ] = None,
    realtime: Annotated[bool, typer.Option("--realtime", help="The same as --speed 1.")] = False,
    seed: Annotated[
        int | None, typer.Option(help="The same seed gives the same calls; left out: by chance.")
    ] = None,
    weather: Annotated[
        list[Kind] | None,
        typer.Option(help="The first guest's weather, then the second's, …; the rest is drawn."),
    ] = None,
    interval: Annotated[int, typer.Option(min=1, max=60, help="Seconds between samples.")] = 7,
    over_hours: Annotated[
        float, typer.Option(min=0, help="Spread the calls' ends over so many past hours.")
    ] = 0,
    at_once: Annotated[int, typer.Option(min=1, help="Calls played side by side.")] = 4,
    a_day: Annotated[
        bool,
        typer.Option(
            "--day", help="A working day of 72 people and the two weeks before it, instead."
        ),
    ] = False,
    forever: Annotated[
        bool, typer.Option("--forever", help="Begin a new call for each that ends.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print what was made as one JSON object.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but failures.")] = False,
) -> None:
    """Play calls to a server: people, browsers, networks good and bad, chat and transcript.

    Without --speed a call of an hour is there in seconds, as if it had ended just now.
    """
    pace = 1.0 if realtime else speed
    if forever and pace is None:
        raise typer.BadParameter("--forever needs --realtime or --speed")
    if a_day and pace is not None:
        raise typer.BadParameter("--day is played at once: leave --speed and --realtime out")
    seed = draw_seed() if seed is None else seed
    plan: Plan = (
        Day(seed)
        if a_day
        else Calls(
            seed=seed,
            meetings=meetings,
            participants=participants,
            length_s=round(minutes * 60),
            interval_s=interval,
            kinds=tuple(weather or ()),
            over_hours=over_hours,
            is_endless=forever,
        )
    )
    console = Console(stderr=True, soft_wrap=True)
    progress = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeRemainingColumn(),
        console=console,
        disable=as_json or forever or quiet,
    )
    bar = progress.add_task("Calls", total=plan.seconds)
    player = Player(
        Server(url=url, account_id=account, app_id=app, token=token),
        speed=pace,
        on_second=lambda: progress.advance(bar),
    )
    try:
        with progress:
            asyncio.run(
                play_all(plan, player, at_once=at_once if a_day else min(meetings, at_once))
            )
    except PlayFailed as failed:
        console.print(f"aftercall: {failed}", highlight=False, markup=False)
        raise typer.Exit(1) from None
    _report(player.tally, seed=plan.seed, console=console, as_json=as_json, is_quiet=quiet)


def draw_seed() -> int:
    """A seed by chance."""
    return SystemRandom().randrange(1_000_000)


class Plan(Protocol):
    """Which calls to play."""

    seed: int

    @property
    def seconds(self) -> int:
        """How long the calls are together, or one of each place when they never end."""

    def numbers(self) -> Iterator[int]:
        """The calls' numbers."""

    def call(self, number: int, player: Player) -> Call:
        """One of the calls."""


@dataclass(kw_only=True)
class Calls:
    """Calls of one length and size."""

    seed: int
    meetings: int
    participants: int
    length_s: int
    interval_s: int
    kinds: tuple[Kind, ...]
    over_hours: float
    is_endless: bool

    @property
    def seconds(self) -> int:
        return self.meetings * (self.length_s + 1)

    def numbers(self) -> Iterator[int]:
        return iter(itertools.count() if self.is_endless else range(self.meetings))

    def call(self, number: int, player: Player) -> Call:
        """The call ends at its place in the hours to fill; the last one ends now."""
        later = max(0, self.meetings - 1 - number)
        return Call(
            seed=self.seed,
            number=number,
            participants=self.participants,
            length_s=self.length_s,
            interval_s=self.interval_s,
            begin_ms=player.begin_ms(
                self.length_s,
                ended_ago_s=self.over_hours * _HOUR_S * later / max(1, self.meetings - 1),
            ),
            kinds=self.kinds,
        )


class Day:
    """A working day and the two weeks before it, without the calls to `skip`."""

    def __init__(self, seed: int, *, skip: frozenset[int] = frozenset()) -> None:
        self.seed = seed
        self._calls = day.plan(seed)
        self._skip = skip

    @property
    def seconds(self) -> int:
        return sum(self._calls[number].length_s + 1 for number in self.numbers())

    def numbers(self) -> Iterator[int]:
        return (number for number in range(len(self._calls)) if number not in self._skip)

    def call(self, number: int, player: Player) -> Call:
        return _as_planned(self._calls[number], self.seed, number, player)


class LiveDay:
    """Calls of the same people that go on, a new one for each that ends."""

    def __init__(self, seed: int) -> None:
        self.seed = seed

    @property
    def seconds(self) -> int:
        return 1

    def numbers(self) -> Iterator[int]:
        return itertools.count()

    def call(self, number: int, player: Player) -> Call:
        return _as_planned(day.live(self.seed, number), self.seed + 1, number, player)


def _as_planned(planned: day.PlannedCall, seed: int, number: int, player: Player) -> Call:
    return Call(
        seed=seed,
        number=number,
        participants=len(planned.persons),
        length_s=planned.length_s,
        interval_s=_DAY_INTERVAL_S,
        begin_ms=player.begin_ms(planned.length_s, ended_ago_s=planned.ended_ago_s),
        kinds=planned.kinds,
        form=planned.form,
        meeting=planned.meeting,
        persons=planned.persons,
    )


async def play_all(plan: Plan, player: Player, *, at_once: int) -> None:
    """Play the calls, some side by side. Raises the first `PlayFailed`."""
    numbers = plan.numbers()
    failures: list[PlayFailed] = []

    async def play_some() -> None:
        for number in numbers:
            await player.play(plan.call(number, player))

    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(at_once):
                group.create_task(play_some())
    except* PlayFailed as group_of_failures:
        failures += [
            error for error in group_of_failures.exceptions if isinstance(error, PlayFailed)
        ]
    finally:
        await player.close()
    if failures:
        raise failures[0]


def _report(tally: Tally, *, seed: int, console: Console, as_json: bool, is_quiet: bool) -> None:
    """Print what was played; exit code 1 when the server did not accept all of it."""
    if as_json:
        made: dict[str, Any] = {
            "seed": seed,
            "sessions": tally.sessions,
            "batches": tally.batches,
            "entries": tally.entries,
            "duplicates": tally.duplicates,
            "rejected": tally.rejected,
        }
        sys.stdout.write(msgspec.json.encode(made).decode() + "\n")
    elif not is_quiet:
        console.print(
            f"{tally.calls} calls, {sum(len(s['peers']) for s in tally.sessions)} peers, "
            f"{tally.entries} entries in {tally.batches} batches (seed {seed})",
            highlight=False,
        )
    if tally.rejected:
        first = tally.rejected[0]
        console.print(
            f"aftercall: {len(tally.rejected)} entries were refused, the first because: "
            f"{first['message']}",
            highlight=False,
            markup=False,
        )
        raise typer.Exit(1)
