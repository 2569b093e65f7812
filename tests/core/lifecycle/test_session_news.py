"""The news of a session's changes."""

from typing import Any

from msgspec.structs import replace

from aftercall.core.events import PeerLeft, SessionClosed, SessionOpened
from aftercall.core.instants import DAY_MS
from aftercall.core.lifecycle.merging import SessionState, merge, new_session
from aftercall.core.lifecycle.session_news import news_of_change
from aftercall.core.lifecycle.state_machine import Policy, apply_rules
from aftercall.core.webhooks import News, WebhookEvent
from tests.recorder_harness import APP, at, join

E = WebhookEvent


class Story:
    """A session to which facts come one after another."""

    def __init__(self) -> None:
        self.session = new_session(
            app_id=APP,
            id="s",
            meeting_id="weekly",
            title="Weekly",
            keep_alive_s=60,
            at=at(0),
            received_at=at(0),
        )
        self.peers: dict[str, Any] = {}

    def goes_on(self, *events: Any, now: float) -> list[News]:
        """The news of these facts at a time in s."""
        state = SessionState(session=self.session, peers=dict(self.peers))
        for event in events:
            merge(state, event, source="events", received_at=at(now))
        applied = apply_rules(state, now=at(now), policy=Policy())
        news = news_of_change(self.session, self.peers, applied.session, applied.peers, now=at(now))
        self.session, self.peers = applied.session, applied.peers
        return list(news)


def _left(peer: str, seconds: float) -> PeerLeft:
    return PeerLeft(id=f"l{peer}{seconds}", at=at(seconds), peer_id=peer)


def _named(news: list[News]) -> list[tuple[WebhookEvent, str | None]]:
    return [(each.event, each.peer_id) for each in news]


def test_a_session_starts_with_its_first_participant_and_not_with_its_room() -> None:
    story = Story()
    assert story.goes_on(SessionOpened(id="o", at=at(0)), now=0) == []
    assert _named(story.goes_on(join("ana", 5), now=5)) == [
        (E.SESSION_STARTED, None),
        (E.PARTICIPANT_JOINED, "ana"),
    ]
    assert _named(story.goes_on(join("ben", 9), now=9)) == [(E.PARTICIPANT_JOINED, "ben")]


def test_a_room_that_nobody_entered_makes_no_news() -> None:
    story = Story()
    assert story.goes_on(SessionClosed(id="c", at=at(9)), now=9) == []


def test_leaves_come_before_the_end_and_say_why_it_ended() -> None:
    story = Story()
    story.goes_on(join("ana", 0), join("ben", 1), now=1)
    assert _named(story.goes_on(_left("ben", 30), now=30)) == [(E.PARTICIPANT_LEFT, "ben")]
    news = story.goes_on(SessionClosed(id="c", at=at(60)), now=60)
    assert _named(news) == [(E.PARTICIPANT_LEFT, "ana"), (E.SESSION_ENDED, None)]
    assert news[-1].data == {"ended_at": at(60), "reason": "closed"}


def test_a_session_that_emptied_ends_for_that_reason() -> None:
    story = Story()
    story.goes_on(join("ana", 0), now=0)
    story.goes_on(_left("ana", 30), now=30)
    (ended,) = story.goes_on(now=200)
    assert (ended.event, ended.data["reason"]) == (E.SESSION_ENDED, "emptied")


def test_the_news_of_a_whole_session_come_in_its_order() -> None:
    story = Story()
    events = (join("ana", 0), join("ben", 3), _left("ben", 9), SessionClosed(id="c", at=at(20)))
    assert _named(story.goes_on(*events, now=30)) == [
        (E.SESSION_STARTED, None),
        (E.PARTICIPANT_JOINED, "ana"),
        (E.PARTICIPANT_JOINED, "ben"),
        (E.PARTICIPANT_LEFT, "ben"),
        (E.PARTICIPANT_LEFT, "ana"),
        (E.SESSION_ENDED, None),
    ]


def test_who_was_taken_for_gone_and_is_heard_again_joins_again() -> None:
    story = Story()
    story.goes_on(join("ana", 0), now=0)
    (left,) = story.goes_on(now=40)
    assert left.event is E.PARTICIPANT_LEFT
    (back,) = story.goes_on(join("ana", 50), now=50)
    assert (back.event, back.peer_id) == (E.PARTICIPANT_JOINED, "ana")
    (again,) = story.goes_on(_left("ana", 70), now=70)
    assert again.event is E.PARTICIPANT_LEFT
    assert again.key != left.key


def test_late_facts_about_an_ended_session_are_no_second_end() -> None:
    story = Story()
    story.goes_on(join("ana", 0), SessionClosed(id="c", at=at(60)), now=60)
    assert story.goes_on(_left("ana", 50), now=70) == []


def test_hidden_participants_make_no_news() -> None:
    story = Story()
    event = join("rec", 0)
    hidden = replace(event, identity=replace(event.identity, is_hidden=True))
    assert story.goes_on(hidden, now=0) == []
    assert _named(story.goes_on(join("ana", 5), now=5))[0] == (E.SESSION_STARTED, None)


def test_what_is_a_day_old_is_history() -> None:
    story = Story()
    events = (join("ana", 0), SessionClosed(id="c", at=at(20)))
    assert story.goes_on(*events, now=DAY_MS / 1_000 + 30) == []
