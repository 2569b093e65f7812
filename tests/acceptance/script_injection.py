"""A call whose texts inject scripts into a page that does not escape them."""

from typing import Any

from aftercall.simulator.call import Call
from aftercall.simulator.network_conditions import Kind
from tests.acceptance.seeded_session import event_of

OWNED = "window.owned = true"
NAMES = (
    f'"><img src=x onerror="{OWNED}">',
    f"<script>{OWNED}</script>",
    f"javascript:{OWNED}//' onmouseover='{OWNED}",
)
TITLE = f"<svg onload='{OWNED}'>Weekly</svg> ${{{OWNED}}} {{{{constructor}}}}"
TEXT = f"<img src=x onerror='{OWNED}'> [click](javascript:{OWNED}) <b>bold</b>"
NOTE = f"<iframe srcdoc='<script>{OWNED}</script>'></iframe>"


def injection_events(
    *, begin_ms: int, session_id: str, kinds: tuple[Kind, ...], seed: int = 11
) -> list[dict[str, Any]]:
    """The events of a finished call with one guest for each network condition; every text that a
    user can choose is an injection. Another seed makes other people."""
    call = Call(
        seed=seed,
        number=0,
        participants=len(kinds),
        length_s=300,
        interval_s=7,
        begin_ms=begin_ms,
        kinds=kinds,
    )
    place = {"meeting_id": "injection-meeting", "session_id": session_id}
    events: list[dict[str, Any]] = [
        {"type": "session_opened", "id": "opened", "at": begin_ms, "title": TITLE, **place}
    ]
    for _, second in call.play():
        for sent in second:
            event = event_of(sent)
            if event["type"] == "peer_joined":
                event["participant"]["display_name"] = NAMES[sent.guest % len(NAMES)]
            if "text" in event:
                event["text"] = TEXT
            if event.get("name") == "feedback":
                event["data"]["text"] = NOTE
            events.append({**event, "peer_id": sent.peer.id, **place})
    closed_at = begin_ms + call.length_s * 1000
    return [*events, {"type": "session_closed", "id": "closed", "at": closed_at, **place}]
