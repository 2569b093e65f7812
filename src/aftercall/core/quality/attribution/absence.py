"""Sound and pictures that were sent and did not arrive at all."""

from aftercall.core.quality.attribution.session import ONE_WAY_MS, Party, Session, covers
from aftercall.core.quality.attribution.traces import Span, StreamTrace, intersection, union
from aftercall.core.quality.intervals.streams import AUDIO, PRODUCERS, Family
from aftercall.core.quality.rules.issues import Issue, IssueName, single


def unheard(row_id: str, session: Session) -> list[Issue]:
    """Senders who could not be heard though they spoke: one-way audio when something else did
    arrive at the time, else no audio at all. Likewise pictures that were to be shown."""
    party = session.parties[row_id]
    received = [each for each in party.traces if each.family not in PRODUCERS]
    found: list[Issue] = []
    for each in received:
        sender = session.sender_of(row_id, each.ref) if each.dry else None
        if sender is None:
            continue
        others = union(span for other in received if other is not each for span in other.flowing)
        for span in intersection(each.dry, _sent_to(each, session.parties[sender])):
            if span[1] - span[0] < ONE_WAY_MS:
                continue
            name = IssueName.NO_VIDEO_RECEIVED
            if each.family in AUDIO:
                is_one_way = covers(others, span)
                name = IssueName.ONE_WAY_AUDIO if is_one_way else IssueName.NO_AUDIO_RECEIVED
            worst = {"silent_ms": float(span[1] - span[0])}
            found.append(single(name, each.ref, *span, worst))
    return found


def _sent_to(received: StreamTrace, sender: Party) -> list[Span]:
    """When the sender spoke, pauses between words and reports not counted, or sent a picture.
    SFUs hold back pictures that nobody looks at, so these count only where one does."""
    if received.family is Family.AUDIO_CONSUMER:
        voiced = [s for t in sender.traces if t.family is Family.AUDIO_PRODUCER for s in t.voiced]
        return union(voiced, within_ms=ONE_WAY_MS)
    if received.family is Family.VIDEO_CONSUMER and received.is_shown:
        sent = union(
            s for t in sender.traces if t.family is Family.VIDEO_PRODUCER for s in t.flowing
        )
        return intersection(sent, received.shown)
    return []
