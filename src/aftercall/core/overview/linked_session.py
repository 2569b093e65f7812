"""What of a session is shown to somebody who was given a link to it alone."""

from msgspec.structs import replace

from aftercall.core.overview import polls
from aftercall.core.overview.session_facts import SessionFacts, TalkPage


def facts_by_link(facts: SessionFacts, *, with_talk: bool) -> SessionFacts:
    """The facts without what belongs to other sessions, without where recordings are and how they
    are called, and without chat, polls, transcript and summary unless `with_talk`."""
    alone = facts._replace(
        breakout_rooms=(),
        parent=None,
        egresses=[replace(egress, texts={}) for egress in facts.egresses],
    )
    if with_talk:
        return alone
    participant_ids = facts.chat.participant_ids
    return alone._replace(
        peer_events=[event for event in facts.peer_events if event.name not in polls.EVENTS],
        chat=TalkPage((), 0, None, participant_ids),
        transcript=TalkPage((), 0, None, participant_ids),
        summary=None,
    )
