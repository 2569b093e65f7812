"""The polls of a session, from the events of those who started and answered them."""

from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from aftercall.core.instants import EpochMs
from aftercall.core.records import StoredPeerEvent

STARTED: Final = "poll_started"
"""The peer event of who starts a poll: `poll` (its id), `question`, `options`."""
ANSWERED: Final = "poll_answered"
"""The peer event of who answers: `poll`, `question`, `options` and the chosen `option`, or
`chosen`, the places of the chosen ones among the options from 0."""

EVENTS: Final = frozenset({STARTED, ANSWERED})
MOST_POLLS: Final = 500
MOST_OPTIONS: Final = 100


class PollOption(NamedTuple):
    """An option, and how many chose it."""

    text: str
    votes: int


class Poll(NamedTuple):
    """A poll. `answers` is how many people answered; one with several choices counts once."""

    id: str
    question: str
    at: EpochMs
    """When it was started, or else first answered."""
    options: list[PollOption]
    answers: int


class _Tally:
    def __init__(self, id: str, at: EpochMs) -> None:
        self.id, self.at, self.question = id, at, ""
        self.options: list[str] = []
        self.chosen: dict[str, list[str | int]] = {}

    def poll(self) -> Poll:
        votes = dict.fromkeys(self.options[:MOST_OPTIONS], 0)
        for chosen in self.chosen.values():
            for text in dict.fromkeys(map(self._text_of, chosen)):
                if text is not None and (text in votes or len(votes) < MOST_OPTIONS):
                    votes[text] = votes.get(text, 0) + 1
        options = [PollOption(text, count) for text, count in votes.items()]
        return Poll(self.id, self.question, self.at, options, len(self.chosen))

    def _text_of(self, chosen: str | int) -> str | None:
        if isinstance(chosen, str):
            return chosen
        return self.options[chosen] if 0 <= chosen < len(self.options) else f"{chosen + 1}"


def polls_of(events: Iterable[StoredPeerEvent], participant_ids: Mapping[str, str]) -> list[Poll]:
    """Every poll, the first to be started first. Who answers again is counted by the last answer.
    `participant_ids` gives the participant of a peer."""
    found: dict[str, _Tally] = {}
    for event in sorted(events, key=lambda event: event.at):
        if event.name not in EVENTS:
            continue
        id = _text(event.data, "poll") or _text(event.data, "question")
        if id is None or (id not in found and len(found) == MOST_POLLS):
            continue
        tally = found.setdefault(id, _Tally(id, event.at))
        tally.question = tally.question or _text(event.data, "question") or ""
        tally.options = tally.options or _texts(event.data, "options")
        if event.name == ANSWERED and (chosen := _chosen(event.data)):
            tally.chosen[participant_ids.get(event.peer_id, event.peer_id)] = chosen
    return [tally.poll() for tally in found.values()]


def _chosen(data: Mapping[str, Any]) -> list[str | int]:
    option = _text(data, "option")
    if option is not None:
        return [option]
    places = data.get("chosen")
    return [
        each
        for each in (places if isinstance(places, list) else ())[:MOST_OPTIONS]
        if isinstance(each, int) and not isinstance(each, bool) and each >= 0
    ]


def _text(data: Mapping[str, Any], name: str) -> str | None:
    value = data.get(name)
    return value or None if isinstance(value, str) else None


def _texts(data: Mapping[str, Any], name: str) -> list[str]:
    values = data.get(name)
    return [each for each in values if isinstance(each, str)] if isinstance(values, list) else []
