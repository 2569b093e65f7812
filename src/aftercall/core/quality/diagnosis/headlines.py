"""A finding in a few words: whose what, what it did, for how long, who noticed.

Headlines lead a page, so that they leave the evidence to the sentence and the explanation of the
same finding. The table `HEADLINES` has one function per cause.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Final, NamedTuple

from aftercall.core.instants import SECOND_MS
from aftercall.core.quality.diagnosis.figures import Figure
from aftercall.core.quality.diagnosis.findings import Finding
from aftercall.core.quality.diagnosis.phrases import (
    faults_of,
    held_back,
    lead_of,
    media_words,
    sent_by,
    subject_of,
    unevenness,
)
from aftercall.core.quality.diagnosis.wording import (
    Mentions,
    format_clock,
    format_duration,
    join_words,
)
from aftercall.core.quality.issues import IssueName
from aftercall.core.spans import Span, length_ms


class Headline(NamedTuple):
    """`who` is the culprit with what failed: `Ann's uplink`; `what` goes on: `lost about 12 %`."""

    who: str
    what: str


class Tense(NamedTuple):
    """Chooses between what was and what still is."""

    is_present: bool = False

    def verb(self, past: str, present: str) -> str:
        """The form of a verb."""
        return present if self.is_present else past


def headline_of(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    """The headline of a finding, without its time."""
    return HEADLINES[finding.cause](finding, mentions, tense)


def headline_with_time(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    """The headline of a finding, with how long it lasted, as the beginning of a sentence."""
    who, what = headline_of(finding, mentions, tense)
    when = lasting(finding.spans, tense)
    if finding.cause == "slow_connect":
        when = f"at {format_clock(finding.first_at)} UTC"
    divider = ", " if " about " in what or "up to" in what else " "
    return Headline(who, f"{what}{divider if when else ''}{when}")


def lasting(spans: Sequence[Span], tense: Tense) -> str:
    """`for 4 min in all`, `since 10:02:10 UTC`, or `at 10:02:10 UTC` for a moment."""
    if not spans:
        return ""
    if tense.is_present:
        return f"since {format_clock(spans[-1][0])} UTC"
    total = length_ms(spans)
    if total < SECOND_MS:
        more = f", {len(spans)} times in all" if len(spans) > 1 else ""
        return f"at {format_clock(spans[0][0])} UTC{more}"
    return f"for {format_duration(total)}{' in all' if len(spans) > 1 else ''}"


def reach_of(finding: Finding, mentions: Mentions, tense: Tense) -> str:
    """Who noticed: `Everybody heard it`, `Bob and Cy saw it`, `Ann alone noticed`. Empty if that
    is not known."""
    others = [each for each in finding.affected if each != finding.subject]
    present = finding.evidence.listeners_present
    if finding.subject is None:
        return f"Everybody {tense.verb('noticed', 'notices')} it"
    if not others:
        is_own = finding.affected == [finding.subject]
        noticed = tense.verb("noticed", "notices")
        return f"{mentions.name(finding.subject)} alone {noticed}" if is_own else ""
    is_one = len(others) == 1
    verb = _noticed(finding, tense, is_one=is_one)
    if present is not None and present == len(others) and not is_one:
        return f"Everybody {_noticed(finding, tense, is_one=True)} it"
    if present is not None and present > len(others) and len(others) > _NAMED:
        return f"{len(others)} of {present} {verb} it"
    return f"{mentions.join_names(others)} {verb} it"


_NAMED: Final = 3
"""More people than this are counted."""


def _noticed(finding: Finding, tense: Tense, *, is_one: bool) -> str:
    past, present = "noticed", "notice"
    if finding.media:
        is_heard = {"voice", "screen_sound"} & set(finding.media)
        past, present = ("heard", "hear") if is_heard else ("saw", "see")
    return tense.verb(past, f"{present}s" if is_one else present)


def _loss_or_unevenness(lead: Figure | None, tense: Tense) -> str:
    if lead is None:
        return tense.verb("let media through unevenly", "lets media through unevenly")
    if lead.name == "loss_percent":
        return f"{tense.verb('lost', 'is losing')} {lead.in_full()}"
    verb = tense.verb("let media through unevenly", "lets media through unevenly")
    return f"{verb}, {unevenness(lead)}"


def _uplink(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} uplink"
    return Headline(who, _loss_or_unevenness(lead_of(finding), tense))


def _downlink(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    if finding.peer_ids:
        return _on_the_way(finding, mentions, tense)
    who = f"{mentions.possessive(subject_of(finding))} downlink"
    if IssueName.NARROW_DOWNLINK in finding.issues:
        return Headline(who, f"{tense.verb('was', 'is')} too narrow for what was sent")
    return Headline(who, _loss_or_unevenness(lead_of(finding), tense))


def _on_the_way(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    media = media_words(finding) or "media"
    if finding.peer_ids:
        media = f"{mentions.join_names(finding.peer_ids)}'s {media}"
    else:
        media = f"The {media} sent"
    who = f"{media} to {mentions.name(subject_of(finding))}"
    lead = lead_of(finding)
    if lead is not None and lead.name == "loss_percent":
        return Headline(who, f"lost {lead.in_full()} on the way")
    came = tense.verb("came unevenly", "comes unevenly")
    return Headline(who, came if lead is None else f"{came}, {unevenness(lead)}")


def _server(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    return Headline(
        "The server, or the network before it,", _loss_or_unevenness(lead_of(finding), tense)
    )


def _sender(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = sent_by(finding, mentions) if finding.media else f"{mentions.name(subject_of(finding))}"
    return Headline(who, f"{tense.verb('came', 'comes')} through badly")


def _relay_tcp(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} relay over TCP"
    rtt = finding.figure("rtt_ms")
    held = tense.verb("held media up", "holds media up")
    if rtt is None:
        return Headline(who, held if finding.figures else tense.verb("was used", "is used"))
    return Headline(who, f"{held}, with round trips of {rtt.in_full()}")


def _round_trip(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} round trips"
    lead = lead_of(finding)
    if lead is None:
        return Headline(who, f"{tense.verb('were', 'are')} long")
    return Headline(who, f"{tense.verb('took', 'take')} {lead.in_full()}")


def _lateness(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"What {mentions.name(subject_of(finding))} received"
    lead = lead_of(finding)
    if lead is not None and lead.name == "jitter_buffer_ms":
        return Headline(who, f"{tense.verb('was', 'is')} played {lead.in_full()} late")
    came = f"{tense.verb('came', 'comes')} in clumps"
    return Headline(who, came if lead is None else f"{came}, {unevenness(lead)}")


def _bandwidth(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} uplink"
    words = f"{tense.verb('was', 'is')} too narrow for {held_back(finding, mentions)}"
    room = finding.figure("available_kbps")
    return Headline(who, words if room is None else f"{words}, {room.in_full()}")


def _cpu(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} machine"
    words = f"{tense.verb('was', 'is')} too slow"
    dropped = finding.figure("dropped_percent")
    if dropped is not None:
        words += f" and {tense.verb('dropped', 'drops')} {dropped.in_full()} of the frames"
    return Headline(who, words)


def _nothing_of(past: str, present: str) -> Callable[[Finding, Mentions, Tense], Headline]:
    def words(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
        who = mentions.name(subject_of(finding))
        of = f" of {mentions.join_names(finding.peer_ids)}" if finding.peer_ids else ""
        return Headline(who, f"{tense.verb(past, present)} nothing{of}")

    return words


def _unplayed(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} browser"
    return Headline(who, f"{tense.verb('did', 'does')} not play the sound that came")


def _microphone(past: str, present: str) -> Callable[[Finding, Mentions, Tense], Headline]:
    def words(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
        who = f"{mentions.possessive(subject_of(finding))} microphone"
        return Headline(who, tense.verb(past, present))

    return words


def _unsent(what: str) -> Callable[[Finding, Mentions, Tense], Headline]:
    def words(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
        who = mentions.name(subject_of(finding))
        return Headline(who, f"{tense.verb('sent', 'sends')} no {what}")

    return words


def _poor(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    if finding.direction == "sent":
        who = f"{sent_by(finding, mentions)}, as sent,"
    else:
        verb = "heard" if finding.cause == "poor_sound" else "saw"
        who = f"What {mentions.name(subject_of(finding))} {verb}"
        who += f" of {mentions.join_names(finding.peer_ids)}" if finding.peer_ids else ""
    return Headline(who, join_words(faults_of(finding)))


def _interruption(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} connection"
    is_lost = IssueName.ICE_RECONNECTING in finding.issues
    words = tense.verb("was lost", "is lost") if is_lost else tense.verb("failed", "fails")
    times = f" {len(finding.spans)} times" if len(finding.spans) > 1 else ""
    return Headline(who, f"{words}{times}")


def _rejoined(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    return Headline(mentions.name(subject_of(finding)), "was gone and rejoined")


def _slow_connect(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    lead = lead_of(finding)
    took = "long" if lead is None else format_duration(lead.worst)
    return Headline(mentions.name(subject_of(finding)), f"needed {took} to connect")


def _no_answer(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} offer"
    return Headline(who, f"{tense.verb('was', 'is')} not answered")


def _no_relay_candidate(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} connection"
    return Headline(
        who, f"{tense.verb('found', 'finds')} no path and got no address from a TURN server"
    )


def _media_refused(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} browser"
    return Headline(who, f"{tense.verb('gave', 'gives')} no camera or microphone")


def _gaps(finding: Finding, mentions: Mentions, tense: Tense) -> Headline:
    who = f"{mentions.possessive(subject_of(finding))} call"
    return Headline(who, f"{tense.verb('was', 'is')} not measured")


HEADLINES: Final[Mapping[str, Callable[[Finding, Mentions, Tense], Headline]]] = {
    "uplink": _uplink,
    "downlink": _downlink,
    "reception": _on_the_way,
    "server": _server,
    "sender": _sender,
    "relay_tcp": _relay_tcp,
    "round_trip": _round_trip,
    "lateness": _lateness,
    "bandwidth": _bandwidth,
    "cpu": _cpu,
    "one_way_audio": _nothing_of("heard", "hears"),
    "no_video_received": _nothing_of("saw", "sees"),
    "audio_not_played": _unplayed,
    "silent_microphone": _microphone("gave pure silence", "gives pure silence"),
    "constant_audio": _microphone("gave one constant sound", "gives one constant sound"),
    "no_audio_sent": _unsent("voice"),
    "no_video_sent": _unsent("video"),
    "poor_sound": _poor,
    "poor_picture": _poor,
    "poor_sound_sent": _poor,
    "poor_picture_sent": _poor,
    "interruption": _interruption,
    "rejoined": _rejoined,
    "slow_connect": _slow_connect,
    "no_answer": _no_answer,
    "no_relay_candidate": _no_relay_candidate,
    "media_refused": _media_refused,
    "stats_gap": _gaps,
}
"""By cause."""
