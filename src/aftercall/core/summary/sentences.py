"""Splits a transcript into turns, sentences and terms.

A sentence is the unit of a summary. Speech recognisers write with or without punctuation; a turn
without any is split where its lines end.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import msgspec

from aftercall.core.instants import SECOND_MS, EpochMs
from aftercall.core.records import TranscriptLine

TURN_GAP_MS: Final = 20 * SECOND_MS
"""A longer silence ends a turn even if the same speaker goes on. Chosen: well over a thinking
pause, well under a change of subject."""


class Sentence(msgspec.Struct, frozen=True, kw_only=True):
    """One spoken sentence. `position` counts the sentences of the call, `turn` the turns."""

    position: int
    turn: int
    speaker: str
    speaker_key: str
    at: EpochMs
    text: str
    terms: tuple[str, ...]

    @property
    def word_count(self) -> int:
        """The number of words."""
        return count_words(self.text)


class Turn(msgspec.Struct, frozen=True, kw_only=True):
    """Consecutive lines of one speaker."""

    speaker: str
    speaker_key: str
    lines: list[TranscriptLine]


_CJK: Final = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af"
_WORD: Final = re.compile(rf"[{_CJK}]|[^\W_{_CJK}]+(?:['’][^\W_{_CJK}]+)*")
_CJK_RUN: Final = re.compile(rf"[{_CJK}]+")
_COUNTED: Final = re.compile(rf"[{_CJK}]|[^\s{_CJK}]+")
_BREAK: Final = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+|(?<=[。！？])")
_ENDS: Final = re.compile(r"[.!?…。！？][\"'”’)\]]*$")
_ABBREVIATION: Final = re.compile(
    r"(?:^|[\s(])(?:[A-Z]|Mr|Mrs|Ms|Dr|Prof|St|Sr|Jr|vs|etc|e\.g|i\.e|approx|Inc|Ltd|Co|"
    r"Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec|p\.m|a\.m)\.$"
)
_FILLER: Final = re.compile(
    r"(?<![\w'’-])(?:(?:u+[hm]+|erm*|h+m+|mhm|uh-huh|mm-hmm)(?![\w'’-])[,.…]*|"
    r"(?:you know|i mean),)\s*",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(
    r"^(?:(?:so|well|okay|ok|right|yeah|yes|yep|alright|anyway|now|and|but|oh|ah|great|by the way|"
    r"cool|perfect|sure|thanks|thank you)[,.!…]+\s*|"
    r"(?:so|okay|ok|and|yeah|well)\s+(?=(?:so|well|okay|ok|and|yeah|today|we|i|they|the|then)\b))+",
    re.IGNORECASE,
)
_SPACES: Final = re.compile(r"\s+")

STOPWORDS: Final = frozenset(
    re.findall(
        r"\S+",
        """
    a about above actually after again against all also am an and any are around as at back be
    because been before being below between both but by can can't cannot could couldn't did
    didn't do does doesn't doing don't done down during each else even ever every few first for
    from further get gets getting go goes going gonna good got great had hadn't has hasn't have
    haven't having he he'd he'll he's hello her here here's hers hey hi him his how how's however
    i i'd i'll i'm i've if in into is isn't it it's its itself just kind know let let's like
    little look lot made make many maybe me mean might mine more most much must my need needs
    never new no nope not now of off oh ok okay on once one only or other our ours out over own
    perhaps please pretty probably put quite rather really right said same say see she she'd
    she'll she's should shouldn't since so some something sort still stuff such sure take than
    thank thanks that that's the their theirs them then there there's these they they'd they'll
    they're they've thing things think this those though through to too tell under until up us
    very wait want wants was wasn't way we we'd we'll we're we've well were weren't what what's
    when where which while who who's whom why will with won't would wouldn't yeah yep yes yet
    you you'd you'll you're you've your yours
    aber als auch auf aus bei bin bis da das dass dem den der des die doch ein eine einen einer
    es für hat ich im ist ja kann mit nein nicht noch nur oder schon sich sie sind und von war
    wenn wie wir wird zu zum zur
    au aux avec ce ces c'est dans de des donc du elle en est et eux il ils je la le les leur lui
    mais me ne nous on ou où par pas pour qu que qui sa se ses son sur ta te tu un une vous
    al como con cuando de del desde donde el ella ellos en era es esta este esto hay la las le lo
    los más me mi muy nos o para pero por porque qué se ser si sí sin sobre su también te tiene
    todo un una unos y ya yo
    ao com da das do dos e ela ele em eu foi isso isto mas na nas no nos não os ou para pela pelo
    que são se sem seu sua também tem um uma você
    """,
    )
)


def count_words(text: str) -> int:
    """Words as a reader counts them: by spaces, and each sign of a script without spaces."""
    return len(_COUNTED.findall(text))


def terms_of(text: str) -> tuple[str, ...]:
    """The words that carry meaning, stemmed."""
    terms: list[str] = []
    for word in _WORD.findall(_CJK_RUN.sub(" ", text).lower().replace("’", "'")):
        if word not in STOPWORDS and (len(word) > 2 or word.isdigit()):
            terms.append(stem(word))
    for run in _CJK_RUN.findall(text):
        terms.extend(run[i : i + 2] for i in range(max(1, len(run) - 1)))
    return tuple(terms)


def stem(word: str) -> str:
    """The word without the commonest English endings; other languages are hardly changed. It only
    has to be consistent."""
    word = word.removesuffix("'s")
    for suffix, rest in (("ies", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("s", "")):
        if word.endswith(suffix) and len(word) - len(suffix) >= 4 and not word.endswith("ss"):
            word = word[: -len(suffix)] + rest
            break
    if len(word) > 4 and word[-1] == word[-2] and word[-1] not in "aeiouls":
        word = word[:-1]
    return word.removesuffix("e") if len(word) > 4 else word


def turns_of(lines: Iterable[TranscriptLine]) -> list[Turn]:
    """The lines ordered by time and joined into turns."""
    turns: list[Turn] = []
    for line in sorted(lines, key=lambda line: (line.start_at, line.id)):
        key = line.user_id or line.peer_id or line.display_name
        last = turns[-1] if turns else None
        if (
            last is not None
            and last.speaker_key == key
            and line.start_at - last.lines[-1].end_at <= TURN_GAP_MS
        ):
            last.lines.append(line)
        else:
            turns.append(Turn(speaker=_name(line), speaker_key=key, lines=[line]))
    return turns


def _name(line: TranscriptLine) -> str:
    return _SPACES.sub(" ", line.display_name).strip() or "Somebody"


def sentences_of(turns: Sequence[Turn]) -> list[Sentence]:
    """Every sentence with content, without fillers and empty openings."""
    sentences: list[Sentence] = []
    for number, turn in enumerate(turns):
        for at, raw in _cut(turn.lines):
            text = tidy(raw)
            terms = terms_of(text)
            if terms:
                sentences.append(
                    Sentence(
                        position=len(sentences),
                        turn=number,
                        speaker=turn.speaker,
                        speaker_key=turn.speaker_key,
                        at=at,
                        text=text,
                        terms=terms,
                    )
                )
    return sentences


def _cut(lines: Sequence[TranscriptLine]) -> Iterator[tuple[EpochMs, str]]:
    """The sentences of one turn, each with the start of the line in which it begins."""
    pending = ""
    begun_at = lines[0].start_at
    has_stops = any(_BREAK.search(line.text) or _ENDS.search(line.text) for line in lines)
    for line in lines:
        text = _SPACES.sub(" ", line.text).strip()
        if not pending:
            begun_at = line.start_at
        pending = f"{pending} {text}".strip()
        *whole, rest = _split(pending)
        for sentence in whole:
            yield begun_at, sentence
            begun_at = line.start_at
        pending = rest
        if rest and (not has_stops or (_ENDS.search(rest) and not _ABBREVIATION.search(rest))):
            yield begun_at, rest
            pending = ""
    if pending:
        yield begun_at, pending


def _split(text: str) -> list[str]:
    pieces: list[str] = []
    start = 0
    for found in _BREAK.finditer(text):
        if not _ABBREVIATION.search(text[: found.start()]):
            pieces.append(text[start : found.end()].strip())
            start = found.end()
    pieces.append(text[start:].strip())
    return pieces


def tidy(text: str) -> str:
    """A sentence without fillers and empty openings, with a capital and a full stop."""
    text = _FILLER.sub("", text)
    text = _LEADING.sub("", text).strip(" ,;:-–—")
    text = _SPACES.sub(" ", text)
    if not text:
        return ""
    if not _ENDS.search(text):
        text += "."
    return text[0].upper() + text[1:]
