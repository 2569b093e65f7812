"""What a person may be given of a call without what it says of the other participants."""

import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from aftercall.core.erasure.mentions import SHORTEST_NAME
from aftercall.core.quality.diagnosis.diagnosis import put_in_words
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.wording import People
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.quality.stats.peer_metadata import CandidatePair, CandidatePairs

_encode: Final = msgspec.json.Encoder().encode
_decode: Final = msgspec.json.Decoder().decode


class Others:
    """The other participants of a session, by numbers. `peers` gives the participant of each of
    their peers; `names` is what everybody is called."""

    def __init__(
        self, participants: list[str], peers: Mapping[str, str], names: Mapping[str, str]
    ) -> None:
        numbers = {id: number for number, id in enumerate(participants, 1)}
        # A participant has the id of its first peer.
        self._ids = {peer: f"participant-{numbers.get(id, 0)}" for peer, id in peers.items()}
        self._ids |= {id: f"participant-{number}" for id, number in numbers.items()}
        masked = {id: f"Participant {number}" for id, number in numbers.items()}
        self._names = {
            re.compile(re.escape(names[id]), re.IGNORECASE): name
            for id, name in sorted(masked.items(), key=lambda each: -len(names.get(each[0], "")))
            if len(names.get(id, "").strip()) >= SHORTEST_NAME
        }
        self._before = People(names)
        self._after = People({**names, **masked})

    def in_text(self, text: str) -> str:
        """A text with the names of others replaced, or their number if it is an id of theirs: an id
        may hold a name."""
        if text in self._ids:
            return self._ids[text]
        for pattern, name in self._names.items():
            text = pattern.sub(name, text)
        return text

    def in_data(self, value: Any) -> Any:
        """JSON with the names and ids of others replaced."""
        if isinstance(value, str):
            return self.in_text(value)
        if isinstance(value, dict):
            return {name: self.in_data(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self.in_data(each) for each in value]
        return value

    def without(self, verdict: Verdict) -> Any:
        """The JSON of the person's own verdict, without names, ids and addresses of others."""
        pairs = verdict.metadata.candidate_pairs
        metadata = replace(
            verdict.metadata,
            candidate_pairs=CandidatePairs(
                producing=[_without_remote(pair) for pair in pairs.producing],
                consuming=[_without_remote(pair) for pair in pairs.consuming],
            ),
        )
        diagnosis = [self._reworded(each) for each in verdict.diagnosis]
        metadata = replace(
            metadata,
            happenings=[
                replace(each, data=self.in_data(each.data)) for each in metadata.happenings
            ],
        )
        shown = replace(verdict, metadata=metadata, diagnosis=diagnosis)
        return self._masked(_decode(_encode(shown)))

    def _reworded(self, finding: Finding) -> Finding:
        """The finding in the numbers of others; without its sentence if an older wording made
        it."""
        try:
            is_ours = put_in_words(finding, self._before).sentence == finding.sentence
        except (KeyError, ValueError, IndexError):
            is_ours = False
        if not is_ours:
            return replace(finding, sentence="", advice="")
        return put_in_words(finding, self._after)

    def _masked(self, value: Any) -> Any:
        if isinstance(value, str):
            return self._ids.get(value, value)
        if isinstance(value, dict):
            return {name: self._masked(member) for name, member in value.items()}
        if isinstance(value, list):
            return [self._masked(each) for each in value]
        return value


def _without_remote(pair: CandidatePair) -> CandidatePair:
    return replace(pair, remote_candidate_address=None, remote_candidate_url=None)
