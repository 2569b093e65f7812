"""The three parts of a preset in RealtimeKit's format: `config`, `permissions` and `ui`.

They are checked, stored and given back; of them only `config.view_type` has an effect here. Members
that are not named here are kept as they came: RealtimeKit adds some with every release.
"""

from typing import Annotated, Any, Final, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from aftercall.core.records import ViewType

Picture: TypeAlias = Literal["hd", "vga", "qvga", "fhd", "uhd"]
Right: TypeAlias = Literal["ALLOWED", "NOT_ALLOWED", "CAN_REQUEST"]
Count: TypeAlias = Annotated[float, Meta(ge=0, le=10_000)]
Color: TypeAlias = Annotated[str, Meta(max_length=64)]
Line: TypeAlias = Annotated[str, Meta(max_length=2_048)]


class _Part(msgspec.Struct, frozen=True, kw_only=True):
    """An object of a preset."""


class VideoStreams(_Part, frozen=True, kw_only=True):
    desktop: Count
    mobile: Count


class Screenshare(_Part, frozen=True, kw_only=True):
    frame_rate: Count
    quality: Picture


class Video(_Part, frozen=True, kw_only=True):
    frame_rate: Count
    quality: Picture
    simulcast: bool | UnsetType = UNSET


class Audio(_Part, frozen=True, kw_only=True):
    enable_high_bitrate: bool | UnsetType = UNSET
    enable_stereo: bool | UnsetType = UNSET


class Media(_Part, frozen=True, kw_only=True):
    screenshare: Screenshare
    video: Video
    audio: Audio | UnsetType = UNSET


class Config(_Part, frozen=True, kw_only=True):
    """What a participant sees, and at which quality."""

    max_screenshare_count: Count
    max_video_streams: VideoStreams
    media: Media
    view_type: ViewType
    livestream_viewer_qualities: list[int] | UnsetType | None = UNSET


class PrivateChat(_Part, frozen=True, kw_only=True):
    can_receive: bool
    can_send: bool
    files: bool
    text: bool


class PublicChat(_Part, frozen=True, kw_only=True):
    can_send: bool
    files: bool
    text: bool


class Chat(_Part, frozen=True, kw_only=True):
    private: PrivateChat
    public: PublicChat


class ConnectedMeetings(_Part, frozen=True, kw_only=True):
    can_alter_connected_meetings: bool
    can_switch_connected_meetings: bool
    can_switch_to_parent_meeting: bool


class Produce(_Part, frozen=True, kw_only=True):
    can_produce: Right


class ProducedMedia(_Part, frozen=True, kw_only=True):
    audio: Produce
    screenshare: Produce
    video: Produce


class Plugins(_Part, frozen=True, kw_only=True):
    can_close: bool
    can_edit_config: bool
    can_start: bool
    config: dict[str, Any]


class Polls(_Part, frozen=True, kw_only=True):
    can_create: bool
    can_view: bool
    can_vote: bool


class Permissions(_Part, frozen=True, kw_only=True):
    """What a participant may do."""

    accept_waiting_requests: bool
    can_accept_production_requests: bool
    can_change_participant_permissions: bool
    can_edit_display_name: bool
    can_livestream: bool
    can_record: bool
    can_spotlight: bool
    chat: Chat
    connected_meetings: ConnectedMeetings
    disable_participant_audio: bool
    disable_participant_screensharing: bool
    disable_participant_video: bool
    hidden_participant: bool
    kick_participant: bool
    media: ProducedMedia
    pin_participant: bool
    plugins: Plugins
    polls: Polls
    recorder_type: Literal["RECORDER", "LIVESTREAMER", "NONE"]
    show_participant_list: bool
    waiting_room_type: Literal["SKIP", "ON_PRIVILEGED_USER_ENTRY", "SKIP_ON_ACCEPT"]
    accept_stage_requests: bool | UnsetType = UNSET
    is_recorder: bool | UnsetType = UNSET
    stage_access: Right | UnsetType = UNSET
    stage_enabled: bool | UnsetType = UNSET
    transcription_enabled: bool | UnsetType = UNSET


class Background(_Part, frozen=True, kw_only=True, rename=lambda name: name[1:]):
    _1000: Color
    _600: Color
    _700: Color
    _800: Color
    _900: Color


class Brand(_Part, frozen=True, kw_only=True, rename=lambda name: name[1:]):
    _300: Color
    _400: Color
    _500: Color
    _600: Color
    _700: Color


class Colors(_Part, frozen=True, kw_only=True):
    background: Background
    brand: Brand
    danger: Color
    success: Color
    text: Color
    text_on_brand: Color
    video_bg: Color
    warning: Color


class DesignTokens(_Part, frozen=True, kw_only=True):
    border_radius: Literal["sharp", "rounded", "extra-rounded", "circular"]
    border_width: Literal["none", "thin", "fat"]
    colors: Colors
    spacing_base: Count
    theme: Literal["darkest", "dark", "light"]
    font_family: Line | UnsetType = UNSET
    google_font: Line | UnsetType = UNSET
    logo: Line | UnsetType = UNSET


class UI(_Part, frozen=True, kw_only=True):
    """How RealtimeKit's own components look."""

    design_tokens: DesignTokens


_MAY: Final = Produce(can_produce="ALLOWED")
_CAMERA: Final = Video(frame_rate=30, quality="hd")
_SCREEN: Final = Screenshare(frame_rate=5, quality="hd")


def usual_config(view_type: ViewType) -> Config:
    """The config of a preset of which only the name is known."""
    return Config(
        max_screenshare_count=1,
        max_video_streams=VideoStreams(desktop=6, mobile=4),
        media=Media(screenshare=_SCREEN, video=_CAMERA),
        view_type=view_type,
    )


USUAL_PERMISSIONS: Final = Permissions(
    accept_waiting_requests=False,
    can_accept_production_requests=False,
    can_change_participant_permissions=False,
    can_edit_display_name=False,
    can_livestream=False,
    can_record=False,
    can_spotlight=False,
    chat=Chat(
        private=PrivateChat(can_receive=True, can_send=True, files=True, text=True),
        public=PublicChat(can_send=True, files=True, text=True),
    ),
    connected_meetings=ConnectedMeetings(
        can_alter_connected_meetings=False,
        can_switch_connected_meetings=False,
        can_switch_to_parent_meeting=False,
    ),
    disable_participant_audio=False,
    disable_participant_screensharing=False,
    disable_participant_video=False,
    hidden_participant=False,
    kick_participant=False,
    media=ProducedMedia(audio=_MAY, screenshare=_MAY, video=_MAY),
    pin_participant=False,
    plugins=Plugins(can_close=False, can_edit_config=False, can_start=False, config={}),
    polls=Polls(can_create=False, can_view=True, can_vote=True),
    recorder_type="NONE",
    show_participant_list=True,
    waiting_room_type="SKIP",
)

USUAL_UI: Final = UI(
    design_tokens=DesignTokens(
        border_radius="rounded",
        border_width="thin",
        colors=Colors(
            background=Background(
                _1000="#0b0d10", _900="#15181d", _800="#1f242b", _700="#2b323b", _600="#39424d"
            ),
            brand=Brand(
                _300="#9db7f0", _400="#6f95e6", _500="#3f6fd8", _600="#2f57b0", _700="#24448a"
            ),
            danger="#c4352b",
            success="#2f7d4f",
            text="#f1f3f5",
            text_on_brand="#ffffff",
            video_bg="#101317",
            warning="#b7791f",
        ),
        spacing_base=4,
        theme="dark",
    )
)
"""Colours chosen; nothing here is drawn with them."""
