"""Alerts as the channels take them: our own JSON, Slack's, PagerDuty's, and text for mail."""

from typing import Any, Final

import msgspec

from aftercall.core.alerts.lifecycle import Notice
from aftercall.core.alerts.message import AlertMessage
from aftercall.core.instants import EpochMs, format_iso

_WORDS: Final = {
    Notice.RAISED: "Raised",
    Notice.UPDATED: "Changed",
    Notice.RESOLVED: "Resolved",
    Notice.TEST: "Test",
}
_COLOURS: Final = {
    "info": "#3b82f6",
    "warning": "#d97706",
    "error": "#dc2626",
    "critical": "#991b1b",
}
_RESOLVED_COLOUR: Final = "#16a34a"
_LONGEST_SUMMARY: Final = 1_024
"""Of PagerDuty."""

_LONGEST_SUBJECT: Final = 200


def _iso(at: EpochMs | None) -> str | None:
    return None if at is None else format_iso(at)


def webhook_body(message: AlertMessage) -> bytes:
    """Our own JSON. Moments are ISO 8601 in UTC."""
    return msgspec.json.encode(
        {
            "type": f"alert.{message.notice.value}",
            "id": message.id,
            "at": _iso(message.at),
            "app": {"id": message.app_id, "name": message.app_name},
            "alert": {
                "id": message.alert_id,
                "dedupe_key": message.dedupe_key,
                "rule": {
                    "id": message.rule_id,
                    "name": message.rule_name,
                    "kind": message.kind,
                    "severity": message.severity,
                },
                "raised_at": _iso(message.raised_at),
                "resolved_at": _iso(message.resolved_at),
                "title": message.title,
                "sentence": message.sentence,
                "advice": message.advice,
                "text": message.text,
                "causes": message.causes,
                "figures": message.figures,
                "people": message.people,
                "people_count": message.people_count,
                "sessions": [
                    {"id": each.id, "title": each.title, "url": each.url}
                    for each in message.sessions
                ],
                "url": message.url,
            },
        }
    )


def slack_body(message: AlertMessage) -> bytes:
    """An incoming webhook's payload, with the attachments that Mattermost and Rocket.Chat know as
    well."""
    is_over = message.notice is Notice.RESOLVED
    fields = [
        {"title": title, "value": _escaped(value), "short": is_short}
        for title, value, is_short in (
            ("What to do", "" if is_over else message.advice, False),
            ("Sessions", _listed([each.title for each in message.sessions]), True),
            ("People", _listed(message.people, message.people_count), True),
        )
        if value
    ]
    attachment: dict[str, Any] = {
        "fallback": _escaped(f"{_WORDS[message.notice]}: {message.title}"),
        "color": _RESOLVED_COLOUR if is_over else _COLOURS.get(message.severity, "#6b7280"),
        "title": _escaped(message.title),
        "title_link": message.url,
        "text": _escaped("\n".join(t for t in (message.sentence, message.text) if t)),
        "fields": fields,
        "footer": _escaped(f"{message.app_name} · {message.rule_name}"),
        "ts": message.at // 1_000,
    }
    text = f"*{_WORDS[message.notice]}:* {_escaped(message.title)}"
    return msgspec.json.encode({"text": text, "attachments": [attachment]})


def _escaped(text: str) -> str:
    """Slack's own escapes, so that a name neither links nor calls anybody."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _listed(names: list[str], count: int = 0) -> str:
    more = max(count, len(names)) - len(names)
    return ", ".join(names) + (f" and {more} more" if more else "")


def pagerduty_body(message: AlertMessage, routing_key: str) -> bytes:
    """An event of the Events API v2. A change is another trigger with the same key."""
    event: dict[str, Any] = {
        "routing_key": routing_key,
        "event_action": "resolve" if message.notice is Notice.RESOLVED else "trigger",
        "dedup_key": message.dedupe_key,
        "client": "Aftercall",
        "client_url": message.url,
        "payload": {
            "summary": message.title[:_LONGEST_SUMMARY],
            "source": message.app_name or message.app_id,
            "severity": message.severity,
            "timestamp": _iso(message.raised_at or message.at),
            "component": message.sessions[0].title if message.sessions else message.app_name,
            "group": message.app_id,
            "class": message.kind,
            "custom_details": {
                "sentence": message.sentence,
                "advice": message.advice,
                "text": message.text,
                "figures": message.figures,
                "people": _listed(message.people, message.people_count),
                "rule": message.rule_name,
            },
        },
        "links": [{"href": message.url, "text": "Look at it in Aftercall"}],
    }
    return msgspec.json.encode(event)


def subject_line(message: AlertMessage) -> str:
    """The subject of a mail, in one line."""
    line = f"[{_WORDS[message.notice]}] {message.title}"
    return " ".join(line.split())[:_LONGEST_SUBJECT]


def plain_text(message: AlertMessage) -> str:
    """The text of a mail."""
    people = _listed(message.people, message.people_count)
    parts = [
        message.sentence or message.title,
        message.text,
        "" if message.notice is Notice.RESOLVED or not message.advice
        else f"What to do: {message.advice}",
        "\n".join(f"{each.title}: {each.url}" for each in message.sessions) or message.url,
        f"People: {people}" if people else "",
        "\n".join(
            line
            for line in (
                f"Rule: {message.rule_name} ({message.severity}), app {message.app_name}",
                f"Raised: {_iso(message.raised_at)}" if message.raised_at else "",
                f"Resolved: {_iso(message.resolved_at)}" if message.resolved_at else "",
            )
            if line
        ),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part) + "\n"
