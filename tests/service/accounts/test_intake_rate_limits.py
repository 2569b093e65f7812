"""The budgets of a participant, its peers, a token and an app at the intake."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from aftercall.core.errors import OverBudget
from aftercall.core.events import AnyEvent, ChatSent, Identity, LineSpoken, PeerEvent, SampleTaken
from aftercall.core.instants import EpochMs
from aftercall.core.rate_budgets import BudgetKind
from aftercall.core.records import Role
from aftercall.service.accounts.intake_rate_limits import Account, Budgets
from aftercall.service.accounts.tokens import Grant, ParticipantGrant
from aftercall.settings import Settings

T0 = EpochMs(1_795_000_000_000)


@dataclass(kw_only=True)
class BudgetHarness:
    budgets: Budgets
    metrics: CollectorRegistry
    now_s: float = 1_000.0

    def participant(self, member: str = "ada", app: str = "app") -> Account:
        grant = ParticipantGrant(
            app_id=app,
            meeting_id="weekly",
            member_id=member,
            identity=Identity(),
            generation=0,
            expires_at=T0,
        )
        return self.budgets.open_participant(grant)

    def backend(self, token: str = "t", app: str = "app") -> Account:
        grant = Grant(account_id="a", app_id=None, role=Role.ADMIN, token_id=token)
        return self.budgets.open_backend(grant, app)

    def refused(self, reason: str) -> float | None:
        return self.metrics.get_sample_value(
            "aftercall_intake_over_budget_total", {"reason": reason}
        )


def make_budgets(**settings: Any) -> BudgetHarness:
    metrics = CollectorRegistry()
    made: BudgetHarness
    budgets = Budgets(
        replace(Settings(), **settings),
        clock=lambda: T0,
        seconds=lambda: made.now_s,
        metrics=metrics,
    )
    made = BudgetHarness(budgets=budgets, metrics=metrics)
    return made


def sample(sequence: int = 0) -> SampleTaken:
    return SampleTaken(id=f"s{sequence}", at=T0, peer_id="p", sequence=sequence, body=b"{}")


def peer_event(number: int = 0) -> PeerEvent:
    return PeerEvent(id=f"n{number}", at=T0, peer_id="p", name="audio_off", data={})


def chat(text: str) -> ChatSent:
    return ChatSent(id="c", at=T0, payload=text, revised_at=T0)


def line(text: str) -> LineSpoken:
    return LineSpoken(id="l", at=T0, end_at=T0, text=text)


@pytest.mark.parametrize(
    ("setting", "events", "budget"),
    [
        ("peer_samples_per_min", [sample(n) for n in range(5)], "peer_samples"),
        ("token_events_per_min", [peer_event(n) for n in range(5)], "token_events"),
        ("app_events_per_min", [peer_event(n) for n in range(5)], "app_events"),
        ("token_talk_characters_per_min", [chat("abc"), line("de")], "token_talk"),
        ("app_talk_characters_per_min", [chat("abc"), line("de")], "app_talk"),
    ],
)
def test_facts_beyond_a_budget_are_refused_until_it_refills(
    setting: str, events: list[AnyEvent], budget: str
) -> None:
    harness = make_budgets(**{setting: 1})
    harness.participant().pay_for_facts(events, "p")
    with pytest.raises(OverBudget) as refused:
        harness.participant().pay_for_facts(events, "p")
    assert (refused.value.budget, refused.value.limit) == (budget, 5)
    assert refused.value.code == "over_budget"
    assert harness.refused(budget) == 1
    harness.now_s += refused.value.retry_after_s
    harness.participant().pay_for_facts(events[:1], "p")


@pytest.mark.parametrize("setting", ["token_requests_per_min", "app_requests_per_min"])
def test_requests_beyond_a_budget_are_refused(setting: str) -> None:
    harness = make_budgets(**{setting: 1})
    for _ in range(5):
        harness.participant()
    with pytest.raises(OverBudget) as refused:
        harness.participant()
    assert refused.value.budget == setting.removesuffix("_per_min")
    assert refused.value.retry_after_s == 1
    harness.now_s += 60
    harness.participant()


def test_a_participant_with_a_spent_budget_does_not_affect_others() -> None:
    harness = make_budgets(token_bytes_per_min=10)
    harness.participant("flood").pay(BudgetKind.BYTES, 1_000)
    with pytest.raises(OverBudget):
        harness.participant("flood").pay(BudgetKind.BYTES, 1)
    harness.participant("quiet").pay(BudgetKind.BYTES, 50)
    harness.participant("flood", app="other").pay(BudgetKind.BYTES, 50)


def test_an_app_with_a_spent_budget_does_not_affect_others() -> None:
    harness = make_budgets(app_bytes_per_min=10)
    harness.participant("ada").pay(BudgetKind.BYTES, 1_000)
    with pytest.raises(OverBudget, match="This app sent more than the 50 bytes"):
        harness.participant("bob").pay(BudgetKind.BYTES, 1)
    harness.participant("ada", app="other").pay(BudgetKind.BYTES, 50)


def test_refused_facts_cost_nothing() -> None:
    harness = make_budgets(token_talk_characters_per_min=1, token_events_per_min=60)
    harness.participant().pay_for_facts([chat("abcdef")], "p")
    for _ in range(1_000):
        with pytest.raises(OverBudget):
            harness.participant().pay_for_facts([peer_event(), chat("abcdef")], "p")
    harness.participant().pay_for_facts([peer_event(n) for n in range(200)], "p")


def test_a_spent_chat_budget_does_not_block_samples() -> None:
    harness = make_budgets(token_talk_characters_per_min=1)
    harness.participant().pay_for_facts([chat("abcdef")], "p")
    harness.participant().pay_for_facts([sample()], "p")


def test_new_peers_of_a_participant_are_limited_and_existing_ones_continue() -> None:
    harness = make_budgets(token_peers_per_min=1)
    for number in range(5):
        harness.participant().pay_for_facts([sample()], f"p{number}")
    with pytest.raises(OverBudget) as refused:
        harness.participant().pay_for_facts([sample()], "p5")
    assert refused.value.budget == "token_peers"
    for number in range(5):
        harness.participant().pay_for_facts([sample()], f"p{number}")
    harness.participant("bob").pay_for_facts([sample()], "p5")


def test_a_peer_refused_for_another_reason_is_not_counted_as_new() -> None:
    harness = make_budgets(token_peers_per_min=1, token_events_per_min=1)
    harness.participant().pay_for_facts([peer_event(n) for n in range(6)], "p0")
    for number in range(1, 100):
        with pytest.raises(OverBudget):
            harness.participant().pay_for_facts([peer_event()], f"p{number}")
    for number in range(1, 5):
        harness.participant().pay_for_facts([sample()], f"p{number}")
    with pytest.raises(OverBudget):
        harness.participant().pay_for_facts([sample()], "p5")


def test_a_participant_cannot_spend_the_budget_of_the_peer_of_another() -> None:
    harness = make_budgets(peer_samples_per_min=1)
    harness.participant("mallory").pay_for_facts([sample(n) for n in range(100)], "p")
    harness.participant("ada").pay_for_facts([sample()], "p")


def test_a_backend_may_send_all_samples_of_a_long_call_at_once() -> None:
    harness = make_budgets(peer_samples_per_min=1, token_events_per_min=1, token_peers_per_min=1)
    for _ in range(10):
        harness.backend().pay_for_facts([*[sample(n) for n in range(500)], peer_event()])


def test_an_api_token_has_one_budget_for_all_its_apps() -> None:
    harness = make_budgets(app_requests_per_min=1)
    for number in range(5):
        harness.backend(app=f"app{number}")
    with pytest.raises(OverBudget, match="This token"):
        harness.backend(app="app5")
    harness.backend("other", app="app5")


def test_the_cost_of_facts_that_were_not_recorded_is_refunded() -> None:
    harness = make_budgets(token_events_per_min=1, peer_samples_per_min=1)
    for _ in range(20):
        account = harness.participant()
        account.pay_for_facts([sample(), peer_event()], "p")
        account.give_back()


def test_the_default_budgets_accept_the_backlog_of_an_outage() -> None:
    harness = make_budgets()
    for batch in range(10):
        account = harness.participant()
        account.pay(BudgetKind.BYTES, 1_500_000)
        account.pay_for_facts([sample(n) for n in range(batch * 500, batch * 500 + 500)], "p")
