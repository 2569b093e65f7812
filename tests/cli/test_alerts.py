"""`aftercall alert` as an operator runs it."""

import json
from pathlib import Path
from typing import Any

from tests.cli.command_line import Operator


def _file(folder: Path, body: Any) -> str:
    file = folder / "body.json"
    file.write_text(json.dumps(body))
    return str(file)


def test_channels_and_rules_are_added_listed_muted_and_removed(
    run: Operator, tmp_path: Path
) -> None:
    assert run("app", "create", "Support").exit_code == 0
    target = {"kind": "slack", "url": "https://hooks.example.com/services/hidden"}
    body = _file(tmp_path, {"name": "Team", "target": target})
    added = run("alert", "channel", "add", body, "--json")
    assert added.exit_code == 0 and "hidden" not in added.stdout + added.stderr
    channel = json.loads(added.stdout)["id"]
    listed = run("alert", "channel", "list", "--json").stdout
    assert json.loads(listed)[0]["target"] == {"host": "hooks.example.com"}
    rule = {"name": "Dead jobs", "condition": {"kind": "dead_jobs"}, "channels": [channel]}
    made = run("alert", "rule", "add", _file(tmp_path, rule))
    assert made.exit_code == 0
    rule_id = made.stdout.strip()
    assert "Dead jobs" in run("alert", "rule", "list").stdout
    assert run("alert", "rule", "mute", rule_id, "--for", "2h").exit_code == 0
    [shown] = json.loads(run("alert", "rule", "list", "--json").stdout)
    assert shown["muted_until"] is not None
    assert run("alert", "rule", "mute", rule_id, "--for", "0").exit_code == 0
    [shown] = json.loads(run("alert", "rule", "list", "--json").stdout)
    assert shown["muted_until"] is None
    assert json.loads(run("alert", "list", "--json").stdout) == []
    assert run("alert", "list", "--state", "old").exit_code == 2
    assert run("alert", "rule", "remove", rule_id).exit_code == 0
    assert run("alert", "rule", "remove", rule_id).exit_code == 1
    assert run("alert", "channel", "remove", channel).exit_code == 0


def test_a_test_message_that_is_not_delivered_is_a_failure(run: Operator, tmp_path: Path) -> None:
    assert run("app", "create", "Support").exit_code == 0
    body = _file(tmp_path, {"name": "Mail", "target": {"kind": "email", "to": ["a@example.com"]}})
    channel = json.loads(run("alert", "channel", "add", body, "--json").stdout)["id"]
    tried = run("alert", "channel", "test", channel)
    assert tried.exit_code == 1 and "AFTERCALL_SMTP_URL" in tried.stderr


def test_json_that_is_no_rule_is_refused_in_a_sentence(run: Operator, tmp_path: Path) -> None:
    assert run("app", "create", "Support").exit_code == 0
    done = run("alert", "rule", "add", _file(tmp_path, {"name": "x"}))
    assert done.exit_code == 1 and "condition" in done.stderr
