"""Run by a Python that has some version of the official SDK: makes the nine calls of the Sessions
API and prints what the SDK's own models understood, as one JSON object.

Arguments: base URL, token, account, app, session, peer, and `strict` or `loose`.
"""

import json
import sys
from typing import Any

from cloudflare import Cloudflare

base_url, token, account_id, app_id, session_id, peer_id, strictness = sys.argv[1:]

client = Cloudflare(
    base_url=base_url,
    api_token=token,
    max_retries=0,
    _strict_response_validation=strictness == "strict",
)
sessions = client.realtime_kit.sessions
whose: dict[str, Any] = {"account_id": account_id, "app_id": app_id}
which: dict[str, Any] = {**whose, "session_id": session_id}

answers = {
    "list": sessions.get_sessions(app_id, account_id=account_id, search=session_id),
    "details": sessions.get_session_details(**which, include_breakout_rooms=True),
    "participants": sessions.get_session_participants(**which, per_page=2),
    "participant": sessions.get_session_participant_details(**which, participant_id=peer_id),
    "chat": sessions.get_session_chat(**which),
    "transcript": sessions.get_session_transcripts(**which),
    "summary": sessions.get_session_summary(**which),
    "summarise": sessions.generate_summary_of_transcripts(**which),
    "report": sessions.get_participant_data_from_peer_id(peer_id, **whose),
}
sys.stdout.write(
    json.dumps(
        {
            name: None if answer is None else answer.to_dict(mode="json")
            for name, answer in answers.items()
        }
    )
)
