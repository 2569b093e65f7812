"""The parts of a meeting that Aftercall keeps for its owner: checked, stored, given back.

Of these only `ai_config.summarization` has an effect here; the rest concerns recording and
speech recognition, which Aftercall leaves to others.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

Words: TypeAlias = Annotated[int, Meta(ge=150, le=1_000)]
Pixels: TypeAlias = Annotated[int, Meta(ge=1, le=16_384)]
Seconds: TypeAlias = Annotated[float, Meta(ge=60, le=86_400)]
Word: TypeAlias = Annotated[str, Meta(max_length=256)]
Line: TypeAlias = Annotated[str, Meta(max_length=2_048)]
Secret: TypeAlias = Annotated[str, Meta(max_length=16_384)]

_SECRETS: Final = frozenset({"access_key", "secret", "password", "private_key"})


class _Config(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """An object of settings: members left out stay out."""


class Summarization(_Config, frozen=True, kw_only=True):
    word_limit: Words | UnsetType = UNSET
    text_format: Literal["plain_text", "markdown"] | UnsetType = UNSET
    summary_type: (
        Literal[
            "general",
            "team_meeting",
            "sales_call",
            "client_check_in",
            "interview",
            "daily_standup",
            "one_on_one_meeting",
            "lecture",
            "code_review",
        ]
        | UnsetType
    ) = UNSET


class Transcription(_Config, frozen=True, kw_only=True):
    keywords: Annotated[list[Word], Meta(max_length=1_000)] | UnsetType = UNSET
    language: (
        Literal["en-US", "en-IN", "de", "hi", "sv", "ru", "pl", "el", "fr", "nl"] | UnsetType
    ) = UNSET
    profanity_filter: bool | UnsetType = UNSET


class AiConfig(_Config, frozen=True, kw_only=True):
    summarization: Summarization | UnsetType = UNSET
    transcription: Transcription | UnsetType = UNSET


class AudioConfig(_Config, frozen=True, kw_only=True):
    channel: Literal["mono", "stereo"] | UnsetType = UNSET
    codec: Literal["MP3", "AAC"] | UnsetType = UNSET
    export_file: bool | UnsetType = UNSET


class WatermarkSize(_Config, frozen=True, kw_only=True):
    height: Pixels | UnsetType = UNSET
    width: Pixels | UnsetType = UNSET


class Watermark(_Config, frozen=True, kw_only=True):
    position: Literal["left top", "right top", "left bottom", "right bottom"] | UnsetType = UNSET
    size: WatermarkSize | UnsetType = UNSET
    url: Line | UnsetType = UNSET


class VideoConfig(_Config, frozen=True, kw_only=True):
    codec: Literal["H264", "VP8", "VP9"] | UnsetType = UNSET
    export_file: bool | UnsetType = UNSET
    height: Pixels | UnsetType = UNSET
    width: Pixels | UnsetType = UNSET
    watermark: Watermark | UnsetType = UNSET


class StorageConfig(_Config, frozen=True, kw_only=True):
    type: Literal["aws", "azure", "digitalocean", "gcs", "sftp"] | UnsetType = UNSET
    access_key: Secret | UnsetType | None = UNSET
    secret: Secret | UnsetType | None = UNSET
    bucket: Word | UnsetType = UNSET
    region: Word | UnsetType | None = UNSET
    path: Line | UnsetType = UNSET
    auth_method: Literal["KEY", "PASSWORD"] | UnsetType = UNSET
    username: Word | UnsetType = UNSET
    password: Secret | UnsetType | None = UNSET
    host: Word | UnsetType = UNSET
    port: Annotated[float, Meta(ge=0, le=65_535)] | UnsetType = UNSET
    private_key: Secret | UnsetType | None = UNSET


class BucketConfig(_Config, frozen=True, kw_only=True):
    enabled: bool


class StreamingConfig(_Config, frozen=True, kw_only=True):
    rtmp_url: Line | UnsetType = UNSET


class RecordingConfig(_Config, frozen=True, kw_only=True):
    max_seconds: Seconds | UnsetType = UNSET
    file_name_prefix: Word | UnsetType = UNSET
    audio_config: AudioConfig | UnsetType = UNSET
    video_config: VideoConfig | UnsetType = UNSET
    storage_config: StorageConfig | UnsetType | None = UNSET
    realtimekit_bucket_config: BucketConfig | UnsetType = UNSET
    live_streaming_config: StreamingConfig | UnsetType = UNSET


def conceal_secrets(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings with every secret of a storage replaced by null.

    RealtimeKit lets clients write these and never read them; Aftercall has no use for them, so
    it does not keep what it would have to guard.
    """
    recording = settings.get("recording_config") or {}
    storage = recording.get("storage_config")
    if not storage:
        return settings
    concealed = {k: None if k in _SECRETS else v for k, v in storage.items()}
    return settings | {"recording_config": recording | {"storage_config": concealed}}
