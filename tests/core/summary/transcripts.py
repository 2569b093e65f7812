"""The transcript of a short meeting of three people, as a speech recogniser would write it."""

from aftercall.core.instants import EpochMs
from aftercall.core.records import TranscriptLine

START = EpochMs(1_795_262_400_000)

_MEETING = """
Ana|Okay, um, good morning everyone. Can you hear me?
Ben|Yes, loud and clear.
Ana|Great. So today we want to talk about the October release and the pricing page. The main \
problem is that the payment provider migration is behind schedule.
Ben|Right, the payment provider migration has taken two weeks longer than planned because the \
sandbox kept failing. We fixed the webhook signature issue on Tuesday.
Ana|Do we know when the payment migration will be finished?
Ben|I think we can finish the payment migration by Friday. I'll send an update to the client \
tomorrow.
Chloé|From the design side, the pricing page is ready. We tested three variants with twelve \
customers and variant B converted eighteen percent better.
Ana|That's impressive. Let's go with variant B then.
Chloé|Okay. Ben, can you deploy the pricing page to staging by Wednesday?
Ben|Sure, I'll do that.
Ana|What about the enterprise discount? Are we going to show the enterprise discount on the \
pricing page?
Chloé|I'm not sure, sales haven't decided yet. Dr. Miller wanted to check it with legal.
Ana|Hmm, okay. We need to clarify the enterprise discount with sales before the end of the month.
Ben|By the way, the test coverage of the billing service dropped to 61 percent, which is a risk \
for the October release.
Ana|We agreed last time that coverage must stay above seventy percent. So we decided to \
postpone the invoice export to November.
Chloé|Fine with me. I can prepare the announcement for the invoice export delay.
Ana|Thanks, Chloé. Ben will add the missing billing tests this week.
Ben|You know, the billing tests are slow, so I'd like to use the new runner.
Ana|Yes. Anything else?
Chloé|How many support tickets did we get about invoices last month?
Ben|About forty, and most of them were about the VAT number.
Ana|Okay, thank you everyone, bye.
"""


def lines_of(transcript: str) -> list[TranscriptLine]:
    """The lines of a transcript with one `name|words` per text line."""
    lines: list[TranscriptLine] = []
    at = int(START)
    for number, stated in enumerate(transcript.strip().splitlines()):
        name, _, words = stated.partition("|")
        end_at = at + 60 * len(words)
        lines.append(
            TranscriptLine(
                app_id="a",
                session_id="s",
                id=f"{number:04}",
                peer_id=f"p-{name}",
                user_id=f"u-{name}",
                custom_participant_id=None,
                display_name=name,
                start_at=EpochMs(at),
                end_at=EpochMs(end_at),
                text=words,
            )
        )
        at = end_at + 800
    return lines


def meeting() -> list[TranscriptLine]:
    return lines_of(_MEETING)
