"""How long after it is raised an alert is delivered, beside many live calls.

    python bench/alert_delivery.py [--peers 10000] [--people 5] [--streams 4] [--troubled 1]
                                   [--seconds 100]

Fills an SQLite file as `alerts.py` does; of a hundred sessions `--troubled` lose packets. Then the
rules are evaluated and jobs run as in a server, and a receiver of the loopback takes the webhooks.
Prints the time from the transaction that raises an alert to its request at the receiver, and the
processor time of the evaluation as a share of what the intake of these people takes.
"""

import argparse
import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alerts import fill
from fold import INTERVAL_MS

from aftercall.composition import new_id
from aftercall.core.alerts.channels import ChannelSpec, WebhookTarget
from aftercall.core.alerts.rules import IssueCondition, LiveQualityCondition, RuleSpec
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.service.alerts import evaluation
from aftercall.service.alerts.alert_rules import Owner
from aftercall.service.alerts.evaluation import AlertEvaluation, Evaluated
from aftercall.service.services import build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database, migrate
from aftercall.work.alerts import run_alerts
from aftercall.work.runner import run_jobs
from aftercall.work.tasks import tasks_of
from tests.http_receiver import HttpReceiver, Received, open_receiver

INTAKE_S: Final = 61e-6
"""Processor time of the intake for one report, four to a request (bench/README.md)."""

OWNER: Final = Owner("account", "app")


class Raises:
    """When alerts were raised and delivered, in seconds of a clock that never jumps."""

    def __init__(self) -> None:
        self.raised: dict[str, float] = {}
        self.delivered: dict[str, float] = {}

    @contextmanager
    def noted(self) -> Iterator[None]:
        """Note when deliveries are written, for as long as the block lasts."""
        write = evaluation.write_notices

        async def write_and_note(tx: Any, rule: Any, spec: Any, alert: Any, *more: Any) -> int:
            self.raised.setdefault(alert.id, time.monotonic())
            return await write(tx, rule, spec, alert, *more)

        evaluation.write_notices = write_and_note
        try:
            yield
        finally:
            evaluation.write_notices = write

    def receive(self, receiver: HttpReceiver) -> None:
        """Note when requests come."""
        keep = receiver.keep

        def keep_and_note(request: Received) -> None:
            self.delivered.setdefault(request.json["alert"]["id"], time.monotonic())
            keep(request)

        receiver.keep = keep_and_note  # type: ignore[method-assign]


class Measured(AlertEvaluation):
    """Evaluates, and sums up its processor time."""

    spent_s = 0.0
    folded = 0

    async def run(self) -> Evaluated:
        began = time.process_time()
        done = await super().run()
        self.spent_s += time.process_time() - began
        self.folded += done.looked_at
        return done


async def measure(folder: Path, given: argparse.Namespace, receiver: HttpReceiver) -> None:
    """Fill a file, evaluate and deliver, print."""
    url = f"sqlite+aiosqlite:///{folder / 'bench.db'}"
    await migrate(url)
    db = await Database.open(url)
    present, began = await fill(db, given), time.monotonic()
    settings = Settings(data_dir=folder, outbound_allow="127.0.0.0/8")
    services = build_services(
        db,
        settings=settings,
        clock=lambda: EpochMs(present + round(1_000 * (time.monotonic() - began))),
        new_id=new_id,
        policy=Policy(),
    )
    channel = await services.alert_rules.create_channel(
        OWNER, ChannelSpec(name="Bench", target=WebhookTarget(url=receiver.url))
    )
    for condition in (IssueCondition(), LiveQualityCondition(minutes=1)):
        spec = RuleSpec(name="Bench", condition=condition, channels=[channel.id])
        await services.alert_rules.create_rule(OWNER, spec)
    services.alert_evaluation.__class__ = Measured
    raises, stop = Raises(), asyncio.Event()
    raises.receive(receiver)
    with raises.noted():
        async with asyncio.TaskGroup() as group:
            group.create_task(run_alerts(services.alert_evaluation, stop))
            group.create_task(run_jobs(services.jobs, tasks_of(services), stop))
            await asyncio.sleep(given.seconds)
            stop.set()
    _print(given, raises, services.alert_evaluation)
    await services.sender.close()
    await db.close()


def _print(given: argparse.Namespace, raises: Raises, evaluated: Any) -> None:
    delivered = raises.delivered
    took = sorted(delivered[id] - at for id, at in raises.raised.items() if id in delivered)
    minutes = given.seconds / 60
    intake_s = INTAKE_S * given.peers * 60_000 / INTERVAL_MS * minutes
    print(
        "| people | alerts | delivered | median, s | slowest, s | evaluation, s | of the intake |"
    )
    print("|---|---|---|---|---|---|---|")
    print(
        f"| {given.peers:,} | {len(raises.raised)} | {len(took)} | {statistics.median(took):.2f} "
        f"| {took[-1]:.2f} | {evaluated.spent_s:.2f} in {minutes:.1f} min "
        f"| {100 * evaluated.spent_s / intake_s:.0f} % |"
    )


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--peers", type=int, default=10_000)
    arguments.add_argument("--people", type=int, default=5)
    arguments.add_argument("--streams", type=int, default=4)
    arguments.add_argument("--troubled", type=int, default=1)
    arguments.add_argument("--seconds", type=int, default=100)
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder, open_receiver() as receiver:
        asyncio.run(measure(Path(folder), given, receiver))


if __name__ == "__main__":
    main()
