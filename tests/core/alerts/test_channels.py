import msgspec
import pytest

from aftercall.core.alerts.channels import ChannelSpec, host_of, kind_of, shown_target

SECRET = "s3cr3t-s3cr3t-s3cr3t"


def _read(target: dict[str, object]) -> ChannelSpec:
    return msgspec.convert({"name": "Desk", "target": target}, ChannelSpec)


@pytest.mark.parametrize(
    ("target", "shown"),
    [
        (
            {"kind": "webhook", "url": f"https://ops.example.com/{SECRET}", "secret": SECRET},
            {"host": "ops.example.com"},
        ),
        (
            {"kind": "slack", "url": f"https://chat.example.com/{SECRET}"},
            {"host": "chat.example.com"},
        ),
        (
            {"kind": "pagerduty", "routing_key": SECRET, "region": "eu"},
            {"host": "events.eu.pagerduty.com"},
        ),
        ({"kind": "email", "to": ["ops@example.com"]}, {"to": ["ops@example.com"]}),
        ({"kind": "apprise", "url": f"matrix://{SECRET}@example.com"}, {"scheme": "matrix"}),
    ],
)
def test_what_is_shown_of_a_channel_holds_no_secret(
    target: dict[str, object], shown: dict[str, object]
) -> None:
    spec = _read(target)
    assert kind_of(spec.target) == target["kind"]
    assert shown_target(spec.target) == shown
    assert SECRET not in str(shown)


@pytest.mark.parametrize(
    "target",
    [
        {"kind": "webhook", "url": "ftp://example.com"},
        {"kind": "webhook", "url": "https://example.com", "secret": "short"},
        {"kind": "email", "to": []},
        {"kind": "email", "to": ["ops@example.com, other@example.com"]},
        {"kind": "pagerduty", "routing_key": "no spaces here"},
        {"kind": "telegram", "url": "https://example.com"},
    ],
)
def test_a_target_that_leads_nowhere_is_refused(target: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        _read(target)


def test_the_host_of_what_cannot_be_read_is_empty() -> None:
    assert host_of("http://[::1") == ""
