"""Alert rules over a real database, with a clock that the test moves and a real receiver."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from aftercall.core.alerts.channels import ChannelSpec, Target, WebhookTarget
from aftercall.core.alerts.rules import AlertRule, Condition, RuleSpec
from aftercall.core.instants import EpochMs
from aftercall.core.lifecycle.state_machine import Policy
from aftercall.core.quality.report.fold import PeerFacts
from aftercall.core.records import Peer
from aftercall.service.alerts.alert_rules import Owner
from aftercall.service.services import Services, build_services
from aftercall.settings import Settings
from aftercall.store.engine.database import Database
from aftercall.store.sessions import rows as session_rows
from aftercall.work.runner import run_due
from aftercall.work.tasks import tasks_of
from tests.core.quality.synthetic_call import CALL_START, Call, ConditionsOverTime
from tests.http_receiver import HttpReceiver, Received, open_receiver
from tests.manual_clock import ManualClock
from tests.stored_calls import session_of, store_call
from tests.web.rest_server import new_id

APP = "app"
OWNER = Owner("account", APP)


class Alerts:
    """One process that evaluates, and a receiver of what it sends."""

    def __init__(
        self, db: Database, receiver: HttpReceiver, clock: ManualClock, data_dir: Path
    ) -> None:
        self.db = db
        self.receiver = receiver
        self.clock = clock
        self.settings = Settings(
            data_dir=data_dir, outbound_allow="127.0.0.0/8", public_url="https://calls.test"
        )
        self.services = self.start_process()
        self.messages: list[Any] = []
        """Everything that was received."""

    def start_process(self) -> Services:
        """The services of another process over the same database."""
        return build_services(
            self.db,
            settings=self.settings,
            clock=self.clock,
            new_id=new_id,
            policy=Policy(),
            seconds=lambda: self.clock.now / 1_000,
        )

    async def add_channel(self, target: Target | None = None, *, owner: Owner = OWNER) -> str:
        spec = ChannelSpec(name="Here", target=target or WebhookTarget(url=self.receiver.url))
        return (await self.services.alert_rules.create_channel(owner, spec)).id

    async def add_rule(
        self, condition: Condition, *, owner: Owner = OWNER, target: Target | None = None,
        **members: Any,
    ) -> AlertRule:  # fmt: skip
        channel = await self.add_channel(target, owner=owner)
        values: dict[str, Any] = {"name": "A rule", "clear_s": 60, "channels": [channel]}
        spec = RuleSpec(condition=condition, **(values | members))
        return await self.services.alert_rules.create_rule(owner, spec)

    async def evaluate(self, services: Services | None = None) -> list[Received]:
        """Evaluate once and deliver; what was received."""
        services = services or self.services
        await services.alert_evaluation.run()
        return await self.deliver(services)

    async def deliver(self, services: Services | None = None) -> list[Received]:
        services = services or self.services
        while await run_due(services.jobs, tasks_of(services)):
            pass
        taken = self.receiver.take()
        self.messages += [each.json for each in taken]
        return taken

    async def play(
        self, call: Call, minutes: Sequence[float], *, app_id: str = APP
    ) -> list[tuple[float, str]]:
        """Store a call as it goes on and evaluate at these minutes; the messages, each with its
        minute."""
        found = []
        for minute in minutes:
            self.clock.now = EpochMs(CALL_START + round(minute * 60_000))
            await store_call(self.db, part_of(call, self.clock.now), app_id, is_live=True)
            found += [(minute, each.json["type"]) for each in await self.evaluate()]
        return found

    async def end_call(self, call: Call, app_id: str = APP) -> None:
        ended = replace(session_of(call, app_id), ended_at=self.clock.now)
        async with self.db.write() as tx:
            await session_rows.save_session(tx, ended)


class PartOfCall(Call):
    """A call as far as it has been reported at an instant."""

    def __init__(self, whole: Call, until: EpochMs) -> None:
        self._whole = whole
        self._until = until
        self.end_at = until

    def peer(self, name: str) -> Peer:
        return self._whole.peer(name)

    def facts(self, name: str) -> PeerFacts:
        whole = self._whole.facts(name)
        return replace(whole, samples=[each for each in whole.samples if each.at <= self._until])


def part_of(call: Call, until: EpochMs) -> Call:
    return PartOfCall(call, until)


def call_of(minutes: float, **people: ConditionsOverTime) -> Call:
    return Call(people, minutes=minutes)


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    with open_receiver() as opened:
        yield opened


@pytest.fixture
async def alerts(db: Database, receiver: HttpReceiver, tmp_path: Path) -> Any:
    made = Alerts(db, receiver, ManualClock(), tmp_path)
    yield made
    await made.services.sender.close()
