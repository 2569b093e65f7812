"""Takes a person out of folded verdicts: names in sentences, addresses, devices. Figures stay."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from aftercall.core.address_removal import digest_without_addresses
from aftercall.core.erasure.facts import erase_device, erase_other_event, states_of
from aftercall.core.erasure.mentions import KnownAs, PersonMentions
from aftercall.core.overview.digest import Digest
from aftercall.core.quality.diagnosis.diagnosis import put_in_words
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.wording import People
from aftercall.core.quality.report.fold import Verdict
from aftercall.core.quality.stats.peer_metadata import (
    CandidatePair,
    CandidatePairs,
    ClientEvent,
    Device,
    DeviceListChange,
    DeviceSelection,
    Metadata,
    Network,
)


class Sentences:
    """Writes the sentences of findings in the names by which participants are called once the
    person is erased. `names` are those until then, of everybody."""

    def __init__(self, names: Mapping[str, str], known: KnownAs) -> None:
        own = dict.fromkeys(known.participants, known.name)
        self._before = People({**names, **known.participants})
        self._after = People({**names, **own})
        self._known = known
        others = [name for id, name in names.items() if id not in known.participants]
        self._mentions = PersonMentions(known, others)

    def rewrite(self, finding: Finding) -> Finding:
        """A finding without the person's name and the labels of the person's devices. Its parts
        are put into words again if they give the stored sentence in the old names; in a sentence
        of another wording mentions are replaced."""
        changed = self._without_label(finding)
        if self._is_of_this_wording(finding):
            return put_in_words(changed, self._after)
        sentence, device = finding.sentence, finding.evidence.device
        if changed is not finding and device is not None and device.label:
            sentence = sentence.replace(device.label, f"another {device.kind}")
        return replace(
            changed,
            sentence=self._mentions.replace(sentence),
            advice=self._mentions.replace(finding.advice),
        )

    def _is_of_this_wording(self, finding: Finding) -> bool:
        try:
            return put_in_words(finding, self._before).sentence == finding.sentence
        except (KeyError, ValueError, IndexError):
            return False

    def _without_label(self, finding: Finding) -> Finding:
        device = finding.evidence.device
        if device is None or not device.label:
            return finding
        if finding.subject not in self._known.participants:
            return finding
        unlabelled = replace(device, label=None)
        return replace(finding, evidence=replace(finding.evidence, device=unlabelled))

    def without_mentions(self, event: ClientEvent) -> ClientEvent:
        """Another participant's event, without mentions of the person."""
        return replace(event, data=erase_other_event(event.data, self._mentions))


def erase_from_verdict(
    verdict: Verdict, known: KnownAs, sentences: Sentences, *, is_own: bool
) -> Verdict:
    """A participant's verdict without the person; `is_own`: it is the person's."""
    metadata = verdict.metadata
    if is_own:
        metadata = _own_metadata(metadata, known)
    else:
        metadata = _other_metadata(metadata, known, sentences)
    diagnosis = [sentences.rewrite(each) for each in verdict.diagnosis]
    return replace(verdict, metadata=metadata, diagnosis=diagnosis)


def erase_from_digest(digest: Digest, sentences: Sentences, *, is_own: bool) -> Digest:
    """A participant's digest without the person."""
    diagnosis = [sentences.rewrite(each) for each in digest.diagnosis]
    found = replace(digest, diagnosis=diagnosis)
    return digest_without_addresses(found) if is_own else found


def _own_metadata(metadata: Metadata, known: KnownAs) -> Metadata:
    pairs = metadata.candidate_pairs
    network = metadata.network
    return replace(
        metadata,
        browser=replace(metadata.browser, user_agent=None),
        network=Network(effective_type=network.effective_type, country=network.country),
        precalls=[replace(each, sdp=None) for each in metadata.precalls],
        audio_devices=_changes(metadata.audio_devices, known),
        video_devices=_changes(metadata.video_devices, known),
        speaker_devices=_changes(metadata.speaker_devices, known),
        chosen_devices=[
            DeviceSelection(at=each.at, name=each.name, device=_device(each.device, known))
            for each in metadata.chosen_devices
        ],
        happenings=[
            ClientEvent(at=each.at, name=each.name, data=states_of(each.data))
            for each in metadata.happenings
        ],
        candidate_pairs=CandidatePairs(
            producing=[_without_any(pair) for pair in pairs.producing],
            consuming=[_without_any(pair) for pair in pairs.consuming],
        ),
    )


def _changes(changes: Sequence[DeviceListChange], known: KnownAs) -> list[DeviceListChange]:
    return [
        DeviceListChange(
            at=each.at,
            added=[_device(device, known) for device in each.added],
            removed=[_device(device, known) for device in each.removed],
        )
        for each in changes
    ]


def _device(device: Device, known: KnownAs) -> Device:
    return Device(**erase_device(msgspec.structs.asdict(device), known.pseudonym))


_NO_REMOTE: Final[Mapping[str, Any]] = {
    "remote_candidate_address": None,
    "remote_candidate_url": None,
}
_NO_ADDRESS: Final[Mapping[str, Any]] = {
    **_NO_REMOTE,
    "local_candidate_address": None,
    "local_candidate_related_address": None,
    "local_candidate_url": None,
}


def _without_any(pair: CandidatePair) -> CandidatePair:
    return replace(pair, **_NO_ADDRESS)


def _other_metadata(metadata: Metadata, known: KnownAs, sentences: Sentences) -> Metadata:
    """Another participant's metadata without the person's addresses, and mentions in events."""

    def kept(pairs: Sequence[CandidatePair]) -> list[CandidatePair]:
        return [
            replace(pair, **_NO_REMOTE)
            if pair.remote_candidate_address in known.addresses
            else pair
            for pair in pairs
        ]

    pairs = metadata.candidate_pairs
    return replace(
        metadata,
        happenings=[sentences.without_mentions(event) for event in metadata.happenings],
        candidate_pairs=CandidatePairs(
            producing=kept(pairs.producing), consuming=kept(pairs.consuming)
        ),
    )
