"""What a sentence does (decides, promises, asks, worries), recognised by its wording.

Precision comes before recall: a summary that calls small talk a decision is worse than one that
leaves a decision among its key points. English is covered best; German, French, Spanish and
Portuguese by their commonest phrases.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from aftercall.core.summary.sentences import Sentence

_VERBS: Final = (
    "add|analy[sz]e|answer|arrange|ask|assign|back up|book|bring|build|buy|call|cancel|change|"
    "check|circle back|clarify|clean|close|collect|complete|confirm|contact|create|deliver|"
    "deploy|design|document|draft|e-?mail|ensure|escalate|estimate|file|finali[sz]e|find|finish|"
    "fix|follow|forward|gather|get back|get (?:you|the|a|in touch)|give|handle|implement|"
    "inform|investigate|invite|let (?:you|them|everyone|him|her)|look (?:into|at|up)|make sure|"
    "measure|meet|merge|migrate|move|notify|open|order|organi[sz]e|own|pay|ping|plan|post|"
    "prepare|present|produce|propose|provide|publish|push|put together|raise|reach out|record|"
    "release|remove|rename|reply|report|research|review|rewrite|roll|run|schedule|send|set up|"
    "share|ship|sign|sort out|speak|start|submit|summari[sz]e|sync|take (?:care|over|on|a look)|"
    "talk|test|track|try|update|upload|verify|work (?:on|with)|write"
)
_SOFTENERS: Final = (
    r"(?:(?:also|then|just|probably|definitely|quickly|please|go and|go ahead and) )*"
)
_DAY: Final = (
    r"(?:today|tonight|tomorrow|noon|asap|eod|eow|mon|tues|wednes|thurs|fri|satur|sun)(?:day)?"
)

_PROMISE: Final = re.compile(
    rf"\bI(?:['’]ll| will|['’]m going to| am going to| can| need to| have to|['’]ve got to) "
    rf"{_SOFTENERS}(?:{_VERBS})\b",
    re.IGNORECASE,
)
_REQUEST: Final = re.compile(
    rf"\b(?:can|could|would|will) you {_SOFTENERS}(?:{_VERBS})\b|^please (?:{_VERBS})\b",
    re.IGNORECASE,
)
_ASSIGNMENT: Final = re.compile(
    rf"\b(?P<first>[^\W\d_][\w'’-]+)(?: (?P<second>[A-Z][\w'’-]+))? (?:will|needs to|has to|"
    rf"is going to|should|is to|to) {_SOFTENERS}(?:{_VERBS})\b"
)
_SHARED_TASK: Final = re.compile(
    rf"\b(?:we(?:['’]ll| will| need to| have to| must| should)|let['’]?s) {_SOFTENERS}"
    rf"(?:{_VERBS})\b|\b(?:action item|to-?do|next step)s?\b",
    re.IGNORECASE,
)
_NOT_A_TASK: Final = re.compile(
    r"\b(?:share|see) (?:my|your|the) screen\b|\bhear me\b|\btalk about\b|\bget back to (?:the|our)"
    r"\b|\bmove (?:on|ahead)\b|\bstart (?:with|by|the (?:meeting|call))\b|\brun through\b",
    re.IGNORECASE,
)
_DECISION: Final = re.compile(
    r"\b(?:we|they|the (?:team|board|group|client))(?:['’]ve| have|['’]re| are| all| both)* "
    r"(?:decided|agreed|settled|concluded|approved|chose|chosen)\b"
    r"|\b(?:it|that)(?:['’]s| is) (?:decided|agreed|settled|approved|final)\b"
    r"|\blet['’]?s (?:go (?:with|for|ahead with)|stick with|settle on|keep|drop)\b"
    r"|\blet['’]?s agree (?:on|that|to)\b"
    r"|\bwe(?:['’]ll| will|['’]re going to| are going to) "
    r"(?:go with|go ahead|go for|stick with|proceed with|stay with|drop|keep|postpone|launch)\b"
    r"|\b(?:the|our|final) decision (?:is|was)\b|\bdecision:|\bsigned off\b|\bis approved\b"
    r"|\b(?:beschlossen|vereinbart|entschieden)\b|\b(?:on a|nous avons|c'est) décidé\b"
    r"|\b(?:hemos decidido|decidimos|acordamos|quedamos en|ficou decidido)\b",
    re.IGNORECASE,
)
_UNDECIDED: Final = re.compile(
    r"\b(?:not|never|haven['’]t|hasn['’]t|didn['’]t|don['’]t|isn['’]t|yet to|whether|if we|until|"
    r"unless|could|noch nicht|nicht|pas encore|todavía no)\b",
    re.IGNORECASE,
)
_CONCERN: Final = re.compile(
    r"\b(?:block(?:ed|er|ers|ing)|stuck|waiting (?:for|on)|concern(?:s|ed)?|worr(?:y|ied|ies)|"
    r"risk(?:s|y)?|problems?|issues?|too (?:expensive|slow|late|much)|over budget|delay(?:s|ed)?|"
    r"behind schedule|complain(?:t|ts|ed)|fail(?:s|ed|ing|ure)?|broken|outage|"
    r"struggl(?:e|es|ing))\b",
    re.IGNORECASE,
)
_SOLVED: Final = re.compile(
    r"\b(?:fixed|solved|resolved|no (?:problems?|issues?|risks?|concerns?|blockers?)|not a "
    r"(?:problem|risk|blocker)|unblocked)\b",
    re.IGNORECASE,
)
_EMPHASIS: Final = re.compile(
    r"\b(?:important(?:ly)?|main|key|crucial|critical|priority|goal|the reason|because|therefore|"
    r"result|in (?:short|summary)|bottom line|conclusion|means that|plan is|deadline|budget|"
    r"launch|wichtig|importante|principal)\b",
    re.IGNORECASE,
)
_DUE: Final = re.compile(
    rf"\b{_DAY}\b|\b(?:by|before|until|this|next|end of)(?: the| this| next| end of)* "
    rf"(?:{_DAY}|day|week|month|quarter|year|january|february|march|april|may|june|july|august|"
    rf"september|october|november|december|\d{{1,2}}(?:st|nd|rd|th)?)\b",
    re.IGNORECASE,
)
_ASKED_WITHOUT_MARK: Final = re.compile(
    r"^(?:what|when|where|who|whose|why|how|which|can|could|should|shall|do|does|did|is|are|was|"
    r"were|will|would|have|has) (?:\w+['’]?\w* ){2,}",
    re.IGNORECASE,
)
_RHETORICAL: Final = re.compile(
    r"\b(?:hear me|see my screen|any (?:other )?questions|makes? sense|is that (?:okay|ok|right)|"
    r"how are you|how(?:['’]s| is) (?:it going|everyone)|sound good|anything else|shall we "
    r"(?:start|begin)|can everyone|are you there)\b",
    re.IGNORECASE,
)
_UNSURE: Final = re.compile(
    r"\b(?:not sure|don['’]t know|no idea|find out|get back to you|"
    r"(?:have to|need to|will) (?:check|look into|ask|think)|offline|good question|unclear|"
    r"to be (?:decided|confirmed)|tbd|"
    r"keine ahnung|no sé|je ne sais pas)\b",
    re.IGNORECASE,
)
_ASSENT: Final = re.compile(
    r"^(?:yes|yeah|yep|sure|of course|will do|ok(?:ay)?|absolutely|no problem|on it|"
    r"i(?:['’]ll| will| can)|happy to|done|got it|claro|ja|oui|sí|sim)\b",
    re.IGNORECASE,
)
_DANGLING: Final = re.compile(
    r"^(?:it|that|this|these|those|he|she|they|him|her|them|which|because|also|then|there)\b",
    re.IGNORECASE,
)


def is_question(sentence: Sentence, *, has_marks: bool) -> bool:
    """Whether the sentence asks for something worth an answer. `has_marks`: the transcript uses
    `?`."""
    text = sentence.text
    asks = "?" in text[-3:] or (not has_marks and _ASKED_WITHOUT_MARK.match(text) is not None)
    return asks and len(sentence.terms) >= 2 and _RHETORICAL.search(text) is None


def is_decision(sentence: Sentence) -> bool:
    """Whether the sentence states a decision."""
    return _states(sentence, _DECISION, unless=_UNDECIDED) and len(sentence.terms) >= 1


def is_concern(sentence: Sentence) -> bool:
    """Whether the sentence states an unsolved problem."""
    return _states(sentence, _CONCERN, unless=_SOLVED)


def _states(sentence: Sentence, cue: re.Pattern[str], *, unless: re.Pattern[str]) -> bool:
    """Whether the sentence has a cue, is no question, and has none of what speaks against it."""
    text = sentence.text
    return "?" not in text and cue.search(text) is not None and unless.search(text) is None


def has_due_date(sentence: Sentence) -> bool:
    """Whether the sentence names a date."""
    return _DUE.search(sentence.text) is not None


def is_unsure(text: str) -> bool:
    """Whether an answer leaves its question open."""
    return _UNSURE.search(text) is not None


def weight(sentence: Sentence) -> float:
    """The weight of a sentence's wording, around 1. A sentence that depends on the one before it is
    worth less on its own."""
    value = 1.0
    if _EMPHASIS.search(sentence.text):
        value *= 1.25
    if any(character.isdigit() for character in sentence.text):
        value *= 1.15
    if is_concern(sentence):
        value *= 1.15
    if _DANGLING.match(sentence.text):
        value *= 0.75
    if "?" in sentence.text:
        value *= 0.5
    return value


def task_owner(
    sentence: Sentence, names: Mapping[str, str], replies: Sequence[Sentence]
) -> str | None:
    """The owner of a task: a name, `""` for a task without an owner, `None` if the sentence is no
    task.

    `names` maps the first names of the speakers, in lower case, to their display names; `replies`
    are the sentences of the next turn.
    """
    text = sentence.text
    if len(sentence.terms) < 2 or _NOT_A_TASK.search(text):
        return None
    for assigned in _ASSIGNMENT.finditer(text):
        for who in (assigned["first"], assigned["second"] or ""):
            if who.lower() in names:
                return names[who.lower()]
    if _REQUEST.search(text):
        return _addressee(text, names) or _volunteer(sentence, replies)
    if "?" in text:
        return None
    if _PROMISE.search(text):
        return sentence.speaker
    if _SHARED_TASK.search(text) and (has_due_date(sentence) or "need to" in text.lower()):
        return ""
    return None


def _addressee(text: str, names: Mapping[str, str]) -> str | None:
    words = [word.strip(",.?!:").lower() for word in text.split()]
    called = [word for word in (*words[:2], *words[-1:]) if word in names]
    return names[called[0]] if called else None


def _volunteer(sentence: Sentence, replies: Sequence[Sentence]) -> str | None:
    """The next speaker, if they accept a request that is addressed to nobody."""
    if replies and replies[0].speaker != sentence.speaker and _ASSENT.match(replies[0].text):
        return replies[0].speaker
    return None
