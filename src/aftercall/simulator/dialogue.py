"""Little meetings to overhear. Speakers are numbered; a call with fewer people shares the parts."""

from dataclasses import dataclass
from random import Random
from typing import Final

WORDS_PER_S: Final = 2.6
"""Pace of unhurried speech."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line that somebody speaks or, with `is_chat`, types."""

    speaker: int
    text: str
    is_chat: bool = False

    @property
    def seconds(self) -> float:
        """How long it takes to say."""
        return max(1.2, len(self.text.split()) / WORDS_PER_S)


@dataclass(frozen=True, slots=True)
class Meeting:
    """A meeting's title and its lines."""

    title: str
    lines: tuple[Line, ...]


def meeting(title: str, script: str) -> Meeting:
    """A meeting from a script: a line each, `2: words` when spoken, `2> words` when typed."""
    lines = []
    for row in script.strip().splitlines():
        mark = row.strip()
        speaker, is_chat, text = int(mark[0]), mark[1] == ">", mark[2:].strip()
        lines.append(Line(speaker, text, is_chat))
    return Meeting(title, tuple(lines))


MEETINGS: Final = (
    meeting(
        "Monday stand-up",
        """
        0: Good morning, everybody. Shall we go round quickly? I will begin.
        0: On Friday I finished the export of invoices. Today I look at the slow search.
        1: I am still on the login page. The tests are green, the copy is not there yet.
        0: Who writes the copy?
        1: Marketing does. I will ask them again after this call.
        2: My update: the old printers are gone from the warehouse. Nobody has complained so far.
        3: Nobody has noticed so far, you mean.
        2> the list of printers: rooms 2, 5 and 11
        3: I will review the invoices change this afternoon, and then I help with search.
        0: Good. We decided to ship the login page on Thursday, is that still right?
        1: Yes, if the copy arrives by Wednesday noon.
        0: Then let us do that. Anything that blocks anybody?
        2: I need access to the new calendar.
        3> access granted, please try again
        2: It works now. Thank you.
        0: That is all then. Have a good day.
        """,
    ),
    meeting(
        "Incident review: slow checkout",
        """
        0: Thank you for coming. We look at what happened on Tuesday, not at who did it.
        1: At ten past two the checkout took more than eight seconds. We were paged soon after.
        2: The cause was the address look-up. Without a time limit, one slow answer held a worker.
        0: How many customers did it touch?
        1: About four hundred. Thirty of them gave up.
        3> graph of the afternoon: it starts at 14:10 and ends at 14:52
        0: Why did it take forty minutes to mend?
        2: We looked at the database first. It was the usual suspect, and it was innocent.
        3: The dashboard does not show calls that leave our network. It would have told us.
        0: So the actions. First, a time limit of one second on the address look-up.
        2: I will do that today.
        0: Second, outgoing calls on the dashboard.
        3: I take that one, by the end of next week.
        1: And I will write to the thirty customers, with a voucher.
        0: We agreed to test the time limit with a slow fake before the sale in December.
        2> runbook updated
        0: Thank you, everybody. This was a calm review of an uncalm afternoon.
        """,
    ),
    meeting(
        "First call with the bakery",
        """
        0: Hello, and welcome. Can you hear me well?
        1: Yes, very well. The oven is behind me, so please excuse the noise.
        0: No trouble at all. Tell me, how do your customers order today?
        1: By telephone, mostly. On Saturdays the telephone does not stand still.
        2: And on paper. Paper with flour on it.
        0: How many orders would a Saturday bring?
        1: About ninety. We lose three or four of them between the paper and the shelf.
        0: With the order page you would see them on a tablet, sorted by the time of collection.
        2: What happens when the network is down?
        0: The tablet keeps what it has and fetches the rest later. You can also print.
        1: What does it cost for one shop?
        0: Twenty-nine a month, and the first two months are free.
        0> price list: one shop 29, up to five shops 99
        2: I would like to try it in our smaller shop first.
        0: Then I will set up the smaller shop by Friday, and we talk again in two weeks.
        1: Agreed. And next time you come by for a cup of coffee.
        """,
    ),
    meeting(
        "Design review: the new settings page",
        """
        0: I share my screen. Tell me when you see it.
        1: We see it. The left column is new, is it not?
        0: Yes. Each setting has one sentence beside it, and the rare ones are folded away.
        2: I like that. What does the small dot mean?
        0: That the value differs from the default.
        3: I would not have guessed. Could it be the word changed instead of a dot?
        0: It could. It needs more room, but it says what it means.
        1: What happens on a small telephone?
        0: The columns stand under one another. The save button stays at the bottom.
        2: Is there a way to search? We have sixty settings now.
        0: Not yet. Should there be one in the first version?
        3: I think so. Sixty is more than anybody wants to read.
        0: Then we decided on two changes: the word instead of the dot, and a search field.
        1> for the search: match the sentence too, not only the name
        0: Good point. I will bring both next Tuesday.
        """,
    ),
    meeting(
        "Physiotherapy follow-up",
        """
        0: Good afternoon. How has the knee been since we last spoke?
        1: Better on the stairs. It still hurts when I sit for a long time.
        0: And the exercises, how often did you manage them?
        1: Four days of seven, to be honest.
        0: Honest is good. Please move the chair back and show me the step-up.
        1: Like this?
        0: Slower on the way down, and keep the knee above the foot. Yes, much better.
        1: I feel that in the hip more than in the knee.
        0: That is what we want. Ten on each side, every second day.
        0> exercise sheet: step-up, bridge, slow squat to a chair
        1: May I run again next week?
        0: Walk briskly next week. We try ten minutes of running the week after.
        0: I will send the plan this evening, and we see each other in fourteen days.
        1: Thank you. Until then.
        """,
    ),
    meeting(
        "Choir committee",
        """
        0: Is everybody here? Then let us talk about the spring concert.
        1: The church is free on the ninth and on the sixteenth of May.
        2: On the ninth half of the tenors are away.
        0: Then the sixteenth. Does anybody object?
        3: No, but somebody has to tell the organist.
        1: I will ring her tomorrow.
        0: What about the programme? I propose the two madrigals and the new piece.
        2: The new piece is hard. We have nine rehearsals until then.
        3: Ten, if we use the Saturday in April.
        0: Let us use it. Who asks for the hall?
        3> hall asked for, answer by Thursday
        2: Should we sell tickets or pass the hat?
        1: The hat brought more last year.
        0: We agreed: the sixteenth of May, an extra rehearsal in April, and the hat.
        """,
    ),
)


@dataclass(frozen=True, slots=True)
class Utterance:
    """A line at its moment, in seconds since the call began."""

    at_s: float
    line: Line

    @property
    def end_s(self) -> float:
        return self.at_s + (0.0 if self.line.is_chat else self.line.seconds)


def spread(meeting: Meeting, *, start_s: float, end_s: float, random: Random) -> list[Utterance]:
    """The lines of a meeting, spread over a stretch of time with pauses between them; a stretch
    too short for all of them loses the last ones."""
    spoken_s = sum(line.seconds for line in meeting.lines if not line.is_chat)
    pause_s = max(0.4, (end_s - start_s - spoken_s) / (len(meeting.lines) + 1))
    spread_out = []
    at_s = start_s + pause_s * random.uniform(0.3, 0.7)
    for line in meeting.lines:
        utterance = Utterance(round(at_s, 3), line)
        if utterance.end_s > end_s:
            break
        spread_out.append(utterance)
        at_s = utterance.end_s + pause_s * random.uniform(0.6, 1.3)
    return spread_out
