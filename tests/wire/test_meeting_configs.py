"""The stored configuration of a meeting: what is refused, what is left out, what is secret."""

from typing import Any

import msgspec
import pytest

from aftercall.wire.meeting_configs import AiConfig, RecordingConfig, conceal_secrets


def test_missing_members_stay_missing() -> None:
    for kind in (AiConfig, RecordingConfig):
        assert msgspec.to_builtins(msgspec.convert({}, kind)) == {}
    given = {"summarization": {"word_limit": 150}}
    assert msgspec.to_builtins(msgspec.convert(given, AiConfig)) == given


@pytest.mark.parametrize("words", [150, 1_000])
def test_a_summary_has_150_to_1000_words(words: int) -> None:
    msgspec.convert({"summarization": {"word_limit": words}}, AiConfig)
    for beyond in (149, 1_001):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert({"summarization": {"word_limit": beyond}}, AiConfig)


@pytest.mark.parametrize(
    "config",
    [
        {"no_such_member": 1},
        {"max_seconds": 59},
        {"max_seconds": 86_401},
        {"storage_config": {"port": -1}},
        {"storage_config": {"port": 65_536}},
        {"storage_config": {"type": "ftp"}},
        {"video_config": {"width": 0}},
        {"video_config": {"codec": "AV1"}},
        {"video_config": {"watermark": {"position": "middle"}}},
        {"realtimekit_bucket_config": {}},
        {"file_name_prefix": "x" * 257},
    ],
)
def test_a_recording_config_beyond_realtimekits_limits_is_refused(config: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(config, RecordingConfig)


SECRETS = {"access_key": "A", "secret": "S", "password": "P", "private_key": "K"}


def test_only_the_secrets_of_a_storage_are_removed() -> None:
    settings = {
        "title": "t",
        "recording_config": {
            "max_seconds": 60,
            "storage_config": {"type": "aws", "bucket": "b"} | SECRETS,
        },
    }
    assert conceal_secrets(settings) == {
        "title": "t",
        "recording_config": {
            "max_seconds": 60,
            "storage_config": {"type": "aws", "bucket": "b"} | dict.fromkeys(SECRETS),
        },
    }
    assert settings["recording_config"]["storage_config"]["secret"] == "S"  # type: ignore[index]


@pytest.mark.parametrize(
    "settings",
    [{}, {"recording_config": None}, {"recording_config": {"storage_config": None}}],
)
def test_settings_without_a_storage_are_not_changed(settings: dict[str, Any]) -> None:
    assert conceal_secrets(settings) == settings
