"""An extractive summary of a transcript: sentences are selected and ordered, never invented.

It is the default if no model is configured. It is a pure function of the lines and the options, so
that a repeated request gives the same text. docs/explain/summary.md describes the method.
"""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Final

from aftercall.core.instants import MINUTE_MS, SECOND_MS, EpochMs
from aftercall.core.records import TranscriptLine
from aftercall.core.summary.cues import (
    has_due_date,
    is_concern,
    is_decision,
    is_question,
    is_unsure,
    task_owner,
    weight,
)
from aftercall.core.summary.layout import (
    SECTIONS,
    SummaryItem,
    SummaryKind,
    SummaryOptions,
    SummaryPage,
    SummarySection,
)
from aftercall.core.summary.sentences import Sentence, Turn, count_words, sentences_of, turns_of
from aftercall.core.summary.topics import (
    centroid,
    overlap,
    similarity,
    split_by_topic,
    subjects_of,
    weigh_terms,
)

_LONGEST_ITEM_WORDS: Final = 40
_SHORTEST_POINT_WORDS: Final = 5
_TOO_ALIKE: Final = 0.6
_SHARE_OF_SENTENCES: Final = 0.35
"""Key points are at most this share of all sentences: a summary of everything is none."""


def summarise(
    lines: Iterable[TranscriptLine], options: SummaryOptions, *, started_at: EpochMs
) -> str:
    """The summary, at most `options.word_limit` words; its times count from `started_at`. The text
    is empty if nothing was said."""
    turns = turns_of(lines)
    sentences = sentences_of(turns)
    if not sentences:
        return ""
    weights = weigh_terms(sentences)
    shown = dict(SECTIONS[options.kind])
    found = {
        section: items for section, items in _find_items(sentences).items() if section in shown
    }
    bound = {item.sentence.position for items in found.values() for item in items}
    free = [sentence for sentence in sentences if sentence.position not in bound]
    if options.kind is SummaryKind.DAILY_STANDUP:
        segments = _by_speaker(free)
    else:
        segments = split_by_topic(free, weights)
    page = SummaryPage(options, started_at=started_at)
    page.open_with(_overview(turns, sentences, weights))
    page.fill(
        {section: _without_repeats(items) for section, items in found.items()}
        | {SummarySection.POINTS: _key_points(segments, weights)}
    )
    return page.text()


def _by_speaker(sentences: Iterable[Sentence]) -> list[list[Sentence]]:
    segments: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        segments.setdefault(sentence.speaker_key, []).append(sentence)
    return list(segments.values())


def _find_items(sentences: Sequence[Sentence]) -> dict[SummarySection, list[SummaryItem]]:
    """Decisions, tasks, concerns and questions, each sentence under the first that fits."""
    has_marks = any("?" in sentence.text for sentence in sentences)
    names = {s.speaker.split()[0].lower(): s.speaker for s in reversed(sentences)}
    found: dict[SummarySection, list[SummaryItem]] = {section: [] for section in SummarySection}
    for sentence in sentences:
        replies = _replies(sentences, sentence)
        if is_decision(sentence):
            found[SummarySection.DECISIONS].append(_item(sentence))
        elif (owner := task_owner(sentence, names, replies)) is not None:
            value = 2.0 if has_due_date(sentence) else 1.0
            found[SummarySection.TASKS].append(
                _item(sentence, speaker=owner or "No owner yet", value=value)
            )
        elif is_question(sentence, has_marks=has_marks):
            _file_question(found, sentence, replies)
        elif is_concern(sentence):
            found[SummarySection.CONCERNS].append(_item(sentence))
    return found


def _file_question(
    found: dict[SummarySection, list[SummaryItem]], question: Sentence, replies: Sequence[Sentence]
) -> None:
    """Add a question: as open if nobody answers or the answer leaves it open, else with its
    answer."""
    if not replies or is_unsure(" ".join(reply.text for reply in replies[:2])):
        found[SummarySection.OPEN_QUESTIONS].append(_item(question))
    else:
        best = max(replies[:4], key=lambda reply: (len(reply.terms), -reply.position))
        text = f"{_shortened(question.text)} — {best.speaker}: {_shortened(best.text)}"
        found[SummarySection.ANSWERS].append(_item(question, text=text))


def _replies(sentences: Sequence[Sentence], sentence: Sentence) -> Sequence[Sentence]:
    """The sentences of the next turn of another speaker."""
    following = sentences[sentence.position + 1 : sentence.position + 12]
    replies = [s for s in following if s.speaker_key != sentence.speaker_key]
    return [s for s in replies if s.turn == replies[0].turn] if replies else []


def _item(
    sentence: Sentence, *, speaker: str | None = None, text: str | None = None, value: float = 1.0
) -> SummaryItem:
    return SummaryItem(
        sentence=sentence,
        speaker=sentence.speaker if speaker is None else speaker,
        text=_shortened(sentence.text) if text is None else text,
        value=value * min(1.0, len(sentence.terms) / 4),
    )


def _shortened(text: str) -> str:
    words = text.split(" ")
    if len(words) <= _LONGEST_ITEM_WORDS:
        return text
    return " ".join(words[:_LONGEST_ITEM_WORDS]).rstrip(",;:") + "…"


def _without_repeats(items: Iterable[SummaryItem]) -> list[SummaryItem]:
    """The items without repeats: the weightier of two alike; of equals the later, as it is the last
    word."""
    kept: list[SummaryItem] = []
    for item in sorted(items, key=lambda item: (-item.value, -item.sentence.position)):
        if all(overlap(item.sentence, other.sentence) < _TOO_ALIKE for other in kept):
            kept.append(item)
    return kept


def _key_points(
    segments: Sequence[Sequence[Sentence]], weights: Mapping[str, float]
) -> list[SummaryItem]:
    """The sentences nearest to the subject of the call and of each segment, best first, taking one
    from each segment in turn, none alike."""
    sentences = [sentence for segment in segments for sentence in segment]
    middle = centroid(sentences, weights)
    queues: list[list[SummaryItem]] = []
    for segment in segments:
        local = centroid(segment, weights)
        items = [
            _item(sentence, value=_relevance(sentence, middle, local, weights))
            for sentence in segment
            if sentence.word_count >= _SHORTEST_POINT_WORDS or len(sentence.terms) >= 4
        ]
        queues.append(sorted(items, key=lambda item: (-item.value, item.sentence.position)))
    most = max(3, ceil(len(sentences) * _SHARE_OF_SENTENCES))
    chosen: list[SummaryItem] = []
    for round_number in range(max((len(queue) for queue in queues), default=0)):
        heads = [queue[round_number] for queue in queues if round_number < len(queue)]
        for item in sorted(heads, key=lambda item: (-item.value, item.sentence.position)):
            if len(chosen) < most and all(
                overlap(item.sentence, other.sentence) < _TOO_ALIKE for other in chosen
            ):
                chosen.append(item)
    return chosen


def _relevance(
    sentence: Sentence,
    middle: Mapping[str, float],
    local: Mapping[str, float],
    weights: Mapping[str, float],
) -> float:
    """Similarity to the subject, tempered by length: a very short sentence says little, a very long
    one takes the room of three."""
    words = sentence.word_count
    length = min(1.0, words / 10) * min(1.0, 32 / words)
    near = 0.5 * similarity(sentence, middle, weights) + 0.5 * similarity(sentence, local, weights)
    return near * length * weight(sentence)


def _overview(
    turns: Sequence[Turn], sentences: Sequence[Sentence], weights: Mapping[str, float]
) -> list[str]:
    """Who spoke, for how long, about what, and each speaker's share."""
    spoken: dict[str, int] = {}
    shown: dict[str, str] = {}
    for turn in turns:
        words = sum(count_words(line.text) for line in turn.lines)
        spoken[turn.speaker_key] = spoken.get(turn.speaker_key, 0) + words
        shown[turn.speaker_key] = turn.speaker
    lines = [line for turn in turns for line in turn.lines]
    length = max(line.end_at for line in lines) - min(line.start_at for line in lines)
    ranked = sorted(spoken, key=lambda key: (-spoken[key], shown[key], key))
    people = _listed([shown[key] for key in ranked], most=6)
    subjects = subjects_of(sentences, weights, limit=5)
    about = f", mostly about {_listed(subjects, most=5)}" if subjects else ""
    overview = [f"{people} spoke for {_length(length)}{about}."]
    total = sum(spoken.values())
    if len(ranked) > 1 and total:
        shares = [f"{shown[key]} {round(100 * spoken[key] / total)}%" for key in ranked[:6]]
        overview.append(f"Share of the words: {', '.join(shares)}.")
    return overview


def _listed(words: Sequence[str], *, most: int) -> str:
    if len(words) > most:
        return f"{', '.join(words[:most])} and {len(words) - most} more"
    return " and ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _length(ms: int) -> str:
    minutes = round(ms / MINUTE_MS)
    if minutes < 1:
        return f"{max(1, round(ms / SECOND_MS))} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min"
