"""What a call was about: term weights, segments of one subject, names of subjects.

Everything is counted and compared within the one call; there is no model and no corpus, so the same
call gives the same answer everywhere.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import log, sqrt
from typing import Final

from aftercall.core.summary.sentences import STOPWORDS, Sentence, terms_of

SENTENCES_PER_SEGMENT: Final = 22
MOST_SEGMENTS: Final = 10
WINDOW: Final = 8
"""The sentences compared on either side of a gap to find a change of subject (TextTiling, Hearst
1997, with sentences as blocks)."""

_TOKEN: Final = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]")
_LONGEST_PHRASE: Final = 3


def weigh_terms(sentences: Sequence[Sentence]) -> dict[str, float]:
    """The weight of each term: it grows with the number of uses and shrinks with the share of
    sentences that use the term, because a word in every sentence distinguishes nothing."""
    uses = Counter(term for sentence in sentences for term in sentence.terms)
    spread = Counter(term for sentence in sentences for term in set(sentence.terms))
    total = len(sentences)
    return {term: (1 + log(count)) * log(1 + total / spread[term]) for term, count in uses.items()}


def centroid(sentences: Iterable[Sentence], weights: Mapping[str, float]) -> dict[str, float]:
    """The normalised weighted sum of the sentences' terms."""
    sums: dict[str, float] = {}
    for sentence in sentences:
        for term in sentence.terms:
            sums[term] = sums.get(term, 0.0) + weights[term]
    length = sqrt(sum(value * value for value in sums.values())) or 1.0
    return {term: value / length for term, value in sums.items()}


def similarity(
    sentence: Sentence, middle: Mapping[str, float], weights: Mapping[str, float]
) -> float:
    """The cosine similarity between a sentence and a centroid, 0…1."""
    terms = set(sentence.terms)
    length = sqrt(sum(weights[term] ** 2 for term in terms)) or 1.0
    return sum(weights[term] * middle.get(term, 0.0) for term in terms) / length


def overlap(one: Sentence, other: Sentence) -> float:
    """The share of the shorter sentence's terms that the other has as well, 0…1."""
    first, second = set(one.terms), set(other.terms)
    return len(first & second) / min(len(first), len(second))


def split_by_topic(
    sentences: Sequence[Sentence], weights: Mapping[str, float]
) -> list[list[Sentence]]:
    """The call split where its subject changes most, into segments of reasonable length."""
    wanted = min(MOST_SEGMENTS, max(1, round(len(sentences) / SENTENCES_PER_SEGMENT)))
    depths = sorted(
        (
            (_cohesion(sentences, gap, weights), gap)
            for gap in range(WINDOW, len(sentences) - WINDOW)
        ),
    )
    cuts: list[int] = []
    for _, gap in depths:
        if len(cuts) == wanted - 1:
            break
        if all(abs(gap - cut) >= WINDOW for cut in cuts):
            cuts.append(gap)
    edges = [0, *sorted(cuts), len(sentences)]
    return [list(sentences[a:b]) for a, b in pairwise(edges)]


def _cohesion(sentences: Sequence[Sentence], gap: int, weights: Mapping[str, float]) -> float:
    before = centroid(sentences[max(0, gap - WINDOW) : gap], weights)
    after = centroid(sentences[gap : gap + WINDOW], weights)
    return sum(value * after.get(term, 0.0) for term, value in before.items())


def subjects_of(
    sentences: Sequence[Sentence], weights: Mapping[str, float], *, limit: int
) -> list[str]:
    """The subjects of the call, weightiest first: recurring phrases, as they were most often
    written."""
    uses: Counter[tuple[str, ...]] = Counter()
    written: dict[tuple[str, ...], Counter[str]] = {}
    for sentence in sentences:
        for run in _runs(sentence.text):
            for size in range(1, _LONGEST_PHRASE + 1):
                for start in range(len(run) - size + 1):
                    words = run[start : start + size]
                    key = tuple(term for word in words for term in terms_of(word))
                    if len(key) == size:
                        uses[key] += 1
                        written.setdefault(key, Counter())[" ".join(words)] += 1
    ranked = sorted(
        (key for key, count in uses.items() if count >= 2 and not _is_number(key)),
        key=lambda key: (-_rank(key, uses[key], weights), key),
    )
    chosen: list[tuple[str, ...]] = []
    for key in ranked:
        if not any(set(key) & set(other) for other in chosen):
            chosen.append(key)
        if len(chosen) == limit:
            break
    return [_as_written(written[key]) for key in chosen]


def _runs(text: str) -> list[list[str]]:
    """Runs of neighbouring words that all carry meaning."""
    runs: list[list[str]] = [[]]
    for token in _TOKEN.findall(text):
        if token[0].isalnum() and token.lower().replace("’", "'") not in STOPWORDS:
            runs[-1].append(token)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _is_number(key: tuple[str, ...]) -> bool:
    return all(term.isdigit() for term in key)


def _rank(key: tuple[str, ...], count: int, weights: Mapping[str, float]) -> float:
    """The weight of a phrase; longer names say more, so each word beyond the first counts for half
    as much again."""
    mean = sum(weights.get(term, 0.0) for term in key) / len(key)
    return mean * count * (1 + 0.5 * (len(key) - 1))


def _as_written(forms: Counter[str]) -> str:
    """The commonest spelling; a capital at the start of a sentence is ignored."""
    folded: Counter[str] = Counter()
    for form, count in forms.items():
        folded[form.lower()] += count
    best = min(folded, key=lambda form: (-folded[form], form))
    spellings = {form: count for form, count in forms.items() if form.lower() == best}
    lower = spellings.get(best, 0)
    if lower:
        return best
    return min(spellings, key=lambda form: (-spellings[form], form))
