"""An extractive summary of a transcript: what was said, chosen and put in order, never invented.

The default when no model is configured. It is a pure function of the lines and the options,
so that asking again gives the same text. How it goes about it is told in
docs/explain/summary.md.
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
    PARTS,
    Item,
    Part,
    SummaryKind,
    SummaryOptions,
    SummaryPage,
)
from aftercall.core.summary.sentences import Sentence, Turn, count_words, sentences_of, turns_of
from aftercall.core.summary.topics import (
    centroid,
    closeness,
    overlap,
    stretches_of,
    subjects_of,
    weigh_terms,
)

_LONGEST_ITEM_WORDS: Final = 40
_SHORTEST_POINT_WORDS: Final = 5
_TOO_ALIKE: Final = 0.6
_SHARE_OF_SENTENCES: Final = 0.35
"""Key points are at most this share of what was said: a summary of everything is none."""


def summarise(
    lines: Iterable[TranscriptLine], options: SummaryOptions, *, started_at: EpochMs
) -> str:
    """The summary, at most `options.word_limit` words; `started_at` is what its times count
    from. Without a word said there is nothing to say, and the text is empty."""
    turns = turns_of(lines)
    sentences = sentences_of(turns)
    if not sentences:
        return ""
    weights = weigh_terms(sentences)
    shown = dict(PARTS[options.kind])
    found = {part: items for part, items in _find_items(sentences).items() if part in shown}
    bound = {item.sentence.position for items in found.values() for item in items}
    free = [sentence for sentence in sentences if sentence.position not in bound]
    if options.kind is SummaryKind.DAILY_STANDUP:
        stretches = _by_speaker(free)
    else:
        stretches = stretches_of(free, weights)
    page = SummaryPage(options, started_at=started_at)
    page.open_with(_overview(turns, sentences, weights))
    page.fill(
        {part: _without_repeats(items) for part, items in found.items()}
        | {Part.POINTS: _key_points(stretches, weights)}
    )
    return page.text()


def _by_speaker(sentences: Iterable[Sentence]) -> list[list[Sentence]]:
    stretches: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        stretches.setdefault(sentence.speaker_key, []).append(sentence)
    return list(stretches.values())


def _find_items(sentences: Sequence[Sentence]) -> dict[Part, list[Item]]:
    """Decisions, tasks, concerns and questions, each sentence under the first that fits."""
    has_marks = any("?" in sentence.text for sentence in sentences)
    names = {s.speaker.split()[0].lower(): s.speaker for s in reversed(sentences)}
    found: dict[Part, list[Item]] = {part: [] for part in Part}
    for sentence in sentences:
        replies = _replies(sentences, sentence)
        if is_decision(sentence):
            found[Part.DECISIONS].append(_item(sentence))
        elif (owner := task_owner(sentence, names, replies)) is not None:
            value = 2.0 if has_due_date(sentence) else 1.0
            found[Part.TASKS].append(_item(sentence, speaker=owner or "No owner yet", value=value))
        elif is_question(sentence, has_marks=has_marks):
            _file_question(found, sentence, replies)
        elif is_concern(sentence):
            found[Part.CONCERNS].append(_item(sentence))
    return found


def _file_question(
    found: dict[Part, list[Item]], question: Sentence, replies: Sequence[Sentence]
) -> None:
    """Open when nobody answers, or the answer leaves it open."""
    if not replies or is_unsure(" ".join(reply.text for reply in replies[:2])):
        found[Part.OPEN_QUESTIONS].append(_item(question))
    else:
        best = max(replies[:4], key=lambda reply: (len(reply.terms), -reply.position))
        text = f"{_shortened(question.text)} — {best.speaker}: {_shortened(best.text)}"
        found[Part.ANSWERS].append(_item(question, text=text))


def _replies(sentences: Sequence[Sentence], sentence: Sentence) -> Sequence[Sentence]:
    """What the next turn, somebody else's, says."""
    following = sentences[sentence.position + 1 : sentence.position + 12]
    replies = [s for s in following if s.speaker_key != sentence.speaker_key]
    return [s for s in replies if s.turn == replies[0].turn] if replies else []


def _item(
    sentence: Sentence, *, speaker: str | None = None, text: str | None = None, value: float = 1.0
) -> Item:
    return Item(
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


def _without_repeats(items: Iterable[Item]) -> list[Item]:
    """The weightier of two that say the same; the later of equals, as it is the last word."""
    kept: list[Item] = []
    for item in sorted(items, key=lambda item: (-item.value, -item.sentence.position)):
        if all(overlap(item.sentence, other.sentence) < _TOO_ALIKE for other in kept):
            kept.append(item)
    return kept


def _key_points(
    stretches: Sequence[Sequence[Sentence]], weights: Mapping[str, float]
) -> list[Item]:
    """The sentences nearest to what the call and each stretch of it were about, best first, one
    stretch after the other, none alike."""
    sentences = [sentence for stretch in stretches for sentence in stretch]
    middle = centroid(sentences, weights)
    queues: list[list[Item]] = []
    for stretch in stretches:
        local = centroid(stretch, weights)
        items = [
            _item(sentence, value=_relevance(sentence, middle, local, weights))
            for sentence in stretch
            if sentence.word_count >= _SHORTEST_POINT_WORDS or len(sentence.terms) >= 4
        ]
        queues.append(sorted(items, key=lambda item: (-item.value, item.sentence.position)))
    most = max(3, ceil(len(sentences) * _SHARE_OF_SENTENCES))
    chosen: list[Item] = []
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
    """Nearness to the subject, tempered by length: a very short sentence says little, a very
    long one costs the room of three."""
    words = sentence.word_count
    length = min(1.0, words / 10) * min(1.0, 32 / words)
    near = 0.5 * closeness(sentence, middle, weights) + 0.5 * closeness(sentence, local, weights)
    return near * length * weight(sentence)


def _overview(
    turns: Sequence[Turn], sentences: Sequence[Sentence], weights: Mapping[str, float]
) -> list[str]:
    """Who spoke, for how long, about what, and who how much."""
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
