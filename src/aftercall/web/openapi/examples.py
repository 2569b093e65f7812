"""An example of each operation: a request as curl sends it, with a body that is taken."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

import msgspec

from aftercall.core.records import ViewType
from aftercall.wire.preset_parts import USUAL_PERMISSIONS, USUAL_UI, usual_config

_MEETING: Final = {"title": "Weekly", "session_keep_alive_time_in_secs": 120}
_MEMBER: Final = {
    "name": "Ada",
    "custom_participant_id": "ada-1815",
    "preset_name": "group_call_participant",
}
_PRESET_PARTS: Final = {
    "config": msgspec.to_builtins(usual_config(ViewType.WEBINAR)),
    "permissions": msgspec.to_builtins(USUAL_PERMISSIONS),
    "ui": msgspec.to_builtins(USUAL_UI),
}

_ALERT_RULE: Final = {
    "name": "Bad calls",
    "condition": {"kind": "live_quality", "level": "bad", "minutes": 3, "people": 2},
    "text": "The on-call phone is 555-0100.",
}
_ALERT_CHANNEL: Final = {
    "name": "Pager",
    "target": {"kind": "webhook", "url": "https://alerts.example.com/aftercall"},
}

BODIES: Final[Mapping[str, Any]] = {
    "create_app": {"name": "Classroom"},
    "create_meeting": _MEETING,
    "replace_meeting": _MEETING,
    "update_meeting": {"title": "Weekly, second half", "status": "INACTIVE"},
    "add_meeting_participant": _MEMBER,
    "replace_meeting_participant": _MEMBER,
    "edit_meeting_participant": {"name": "Ada Lovelace"},
    "create_preset": {"name": "speaker", **_PRESET_PARTS},
    "replace_preset": {"name": "listener", **_PRESET_PARTS},
    "update_preset": {"permissions": {"can_record": True}},
    "create_webhook": {
        "name": "CRM",
        "url": "https://crm.example.com/calls",
        "events": ["meeting.started", "meeting.ended", "meeting.summary"],
    },
    "replace_webhook": {
        "name": "CRM",
        "url": "https://crm.example.com/calls",
        "events": ["meeting.ended"],
        "meeting_ids": ["weekly"],
    },
    "update_webhook": {"enabled": False},
    "replay_webhook_deliveries": {
        "from": "2026-11-27T00:00:00Z",
        "until": "2026-11-28T00:00:00Z",
    },
    "kick_participants": {"participant_ids": [], "custom_participant_ids": ["ada-1815"]},
    "create_alert_rule": _ALERT_RULE,
    "replace_alert_rule": _ALERT_RULE,
    "mute_alert_rule": {"for_s": 3_600},
    "mute_alert": {"for_s": 3_600},
    "create_alert_channel": _ALERT_CHANNEL,
    "replace_alert_channel": _ALERT_CHANNEL,
    "create_my_app": {"name": "Classroom"},
    "create_token": {"name": "Nightly export", "role": "read"},
    "request_person_export": {"custom_participant_id": "ada-1815"},
    "request_erasure": {"custom_participant_id": "ada-1815"},
    "count_mentions": {"custom_participant_id": "ada-1815"},
    "readmit_person": {"custom_participant_id": "ada-1815"},
    "put_retention": {"samples": "30d", "chat": "90d", "sessions": "forever"},
    "preview_retention": {"samples": "7d"},
    "create_read_link": {"expires_in_s": 86_400, "with_talk": False},
    "add_source_key": {"source": "livekit", "key_id": "APIk3y", "secret": "the-api-secret"},
    "open_read_link": {"code": "rl_the-code-after-the-hash"},
    "sign_in": {"token": "ac_an-api-token"},
}
"""Bodies by the operation's id; those of the intake are in its own table."""

_HEADERS: Final = {
    "bearer": "Authorization: Bearer $API_TOKEN",
    "participant_token": "Authorization: Bearer $PARTICIPANT_TOKEN",
    "signature": "Authorization: $SIGNATURE",
}
_PARAMETER: Final = re.compile(r"\{([a-z_]+)\}")


def add_example(
    described: dict[str, Any],
    method: str,
    path: str,
    *,
    scheme: str = "bearer",
    body: Any = None,
    upload: bool = False,
) -> None:
    """Give an operation of the document an example: `body` in its request body, and the whole
    request in its description, with what the caller fills in as variables of a shell."""
    url = "$AFTERCALL" + _PARAMETER.sub(lambda found: f"${found[1].upper()}", path)
    lines = [f'curl -X {method.upper()} "{url}"', f'-H "{_HEADERS[scheme]}"']
    if body is not None:
        described["requestBody"]["content"]["application/json"]["example"] = body
        text = json.dumps(body, ensure_ascii=False).replace("'", "'\\''")
        lines += ['-H "Content-Type: application/json"', f"-d '{text}'"]
    if upload:
        lines.append("-F file=@FILE")
    curl = " \\\n  ".join(lines)
    about = described.get("description")
    described["description"] = "\n\n".join(filter(None, (about, f"```sh\n{curl}\n```")))
