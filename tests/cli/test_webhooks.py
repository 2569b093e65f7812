"""`aftercall webhook` and `aftercall webhook-key` as an operator runs them."""

import http.server
import json
import threading
from collections.abc import Iterator

import pytest

from tests.cli.command_line import Operator


class _Receiver(http.server.BaseHTTPRequestHandler):
    status = 204

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def receiver(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("AFTERCALL_OUTBOUND_ALLOW", "127.0.0.0/8")
    monkeypatch.setattr(_Receiver, "status", 204)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook"
        server.shutdown()
        thread.join()


def _added(run: Operator, url: str, *options: str) -> dict[str, str]:
    assert run("app", "create", "Support").exit_code == 0
    added = run("webhook", "add", url, *options)
    assert added.exit_code == 0, added.stderr
    found: dict[str, str] = json.loads(added.stdout)
    return found


def test_a_webhook_is_added_tried_listed_and_removed(run: Operator, receiver: str) -> None:
    made = _added(run, receiver, "--event", "meeting.ended", "--meeting", "weekly")
    [listed] = json.loads(run("webhook", "list", "--json").stdout)
    assert (listed["id"], listed["events"]) == (made["id"], ["meeting.ended"])
    assert listed["meeting_ids"] == ["weekly"]
    assert made["secret"] not in json.dumps(listed)
    assert run("webhook", "secret", made["id"]).stdout.strip() == made["secret"]
    tried = run("webhook", "test", made["id"])
    assert (tried.exit_code, tried.stdout[:9]) == (0, "sent: 204")
    assert "webhook.test" in run("webhook", "deliveries", made["id"], "--json").stdout
    assert "enabled" in run("webhook", "list").stdout
    assert run("webhook", "remove", made["id"]).exit_code == 0
    assert run("webhook", "remove", made["id"]).exit_code == 1
    assert json.loads(run("webhook", "list", "--json").stdout) == []


def test_a_test_that_is_refused_fails_and_can_be_posted_again(
    run: Operator, receiver: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = _added(run, receiver)
    monkeypatch.setattr(_Receiver, "status", 404)
    tried = run("webhook", "test", made["id"])
    assert (tried.exit_code, tried.stdout[:12]) == (1, "refused: 404")
    [refused] = json.loads(run("webhook", "deliveries", made["id"], "--json").stdout)
    replayed = run("webhook", "replay", made["id"], refused["id"])
    assert json.loads(replayed.stdout) == {"replayed": 1}
    assert run("webhook", "replay", made["id"]).exit_code == 2
    assert run("webhook", "replay", made["id"], refused["id"]).exit_code == 1
    ranged = run("webhook", "replay", made["id"], "--from", "2026-01-01", "--state", "refused")
    assert json.loads(ranged.stdout) == {"replayed": 0}


def test_a_secret_is_renewed(run: Operator, receiver: str) -> None:
    made = _added(run, receiver)
    new = run("webhook", "secret", made["id"], "--renew").stdout.strip()
    assert new.startswith("whsec_")
    assert new != made["secret"]


def test_what_is_no_event_or_no_public_address_is_refused(run: Operator) -> None:
    assert run("app", "create", "Support").exit_code == 0
    wrong = run("webhook", "add", "https://crm.example.com", "--event", "meeting.exploded")
    assert wrong.exit_code == 1
    assert "is no event" in wrong.stderr
    assert run("webhook", "add", "http://127.0.0.1/hook").exit_code == 1


def test_keys_are_rotated(run: Operator) -> None:
    assert run("app", "create", "Support").exit_code == 0
    [first] = json.loads(run("webhook-key", "list", "--json").stdout)
    assert run("webhook-key", "rotate").exit_code == 0
    names = [key["id"] for key in json.loads(run("webhook-key", "list", "--json").stdout)]
    assert names[0] == first["id"]
    assert len(names) == 2
    assert run("webhook-key", "rotate", "--now").exit_code == 0
    names = [key["id"] for key in json.loads(run("webhook-key", "list", "--json").stdout)]
    assert names[0] != first["id"]
