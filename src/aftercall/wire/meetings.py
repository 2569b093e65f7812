"""Apps, meetings and their participants in RealtimeKit's format.

What RealtimeKit calls the participants of a meeting are our members: those who may join.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from aftercall.core.instants import EpochMs
from aftercall.core.list_queries import MeetingQuery
from aftercall.core.presets import preset_id
from aftercall.core.records import App, Meeting, MeetingStatus, Member, Participant
from aftercall.wire.bodies import broken_rule, parse_body
from aftercall.wire.meeting_configs import AiConfig, RecordingConfig, conceal_secrets
from aftercall.wire.query import (
    IS_DESCENDING,
    PAGE_NO,
    PER_PAGE,
    Choice,
    Moment,
    Parameter,
    Query,
    Text,
    read_window,
)
from aftercall.wire.times import encode_time

DEFAULT_KEEP_ALIVE_S: Final = 60
SHORTEST_KEEP_ALIVE_S: Final = 60
LONGEST_KEEP_ALIVE_S: Final = 600
MOST_KICKED: Final = 1_000
"""Ids in one request to remove participants."""

Time: TypeAlias = Annotated[str, Meta(extra_json_schema={"format": "date-time"})]
Title: TypeAlias = Annotated[str, Meta(max_length=512)]
Name: TypeAlias = Annotated[str, Meta(max_length=256)]
Picture: TypeAlias = Annotated[str, Meta(max_length=2_048)]
CustomId: TypeAlias = Annotated[str, Meta(min_length=1, max_length=256)]
PresetName: TypeAlias = Annotated[str, Meta(min_length=1, max_length=128)]
KeepAlive: TypeAlias = Annotated[
    float,
    Meta(extra_json_schema={"minimum": SHORTEST_KEEP_ALIVE_S, "maximum": LONGEST_KEEP_ALIVE_S}),
]
Ids: TypeAlias = Annotated[list[str], Meta(max_length=MOST_KICKED)]

_DEFAULTS: Final[Mapping[str, Any]] = {
    "record_on_start": False,
    "live_stream_on_start": False,
    "persist_chat": False,
    "summarize_on_end": False,
    "transcribe_on_end": False,
}


class _Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A request body: members left out are `UNSET`, unknown ones refused."""


class MeetingBody(_Body, frozen=True, kw_only=True):
    """A meeting to be created, or to take the place of one."""

    title: Title | UnsetType | None = UNSET
    record_on_start: bool | UnsetType | None = UNSET
    live_stream_on_start: bool | UnsetType | None = UNSET
    persist_chat: bool | UnsetType = UNSET
    summarize_on_end: bool | UnsetType = UNSET
    transcribe_on_end: bool | UnsetType = UNSET
    session_keep_alive_time_in_secs: KeepAlive | UnsetType = UNSET
    ai_config: AiConfig | UnsetType = UNSET
    recording_config: RecordingConfig | UnsetType = UNSET


class MeetingPatch(MeetingBody, frozen=True, kw_only=True):
    """Changes to a meeting; what is left out stays."""

    status: MeetingStatus | UnsetType = UNSET


class MemberBody(_Body, frozen=True, kw_only=True):
    """One who may join a meeting. The default name is the `custom_participant_id`."""

    custom_participant_id: CustomId
    preset_name: PresetName
    name: Name | None = None
    picture: Picture | None = None


class MemberPatch(_Body, frozen=True, kw_only=True):
    """Changes to one who may join; what is left out stays."""

    name: Name | UnsetType | None = UNSET
    picture: Picture | UnsetType | None = UNSET
    preset_name: PresetName | UnsetType | None = UNSET


class KickBody(_Body, frozen=True, kw_only=True):
    """Whom to remove: at least one id of either kind."""

    participant_ids: Ids = []
    custom_participant_ids: Ids = []


class AppBody(_Body, frozen=True, kw_only=True):
    """An app to be created."""

    name: Annotated[str, Meta(min_length=1, max_length=256)]


class AppAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """An app."""

    id: str
    name: str
    created_at: Time


class CreatedApp(msgspec.Struct, frozen=True, kw_only=True):
    """What creating an app answers."""

    app: AppAnswer


class MeetingAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """A meeting."""

    id: str
    title: str | None
    status: MeetingStatus
    record_on_start: bool | None
    live_stream_on_start: bool | None
    persist_chat: bool
    summarize_on_end: bool
    transcribe_on_end: bool
    session_keep_alive_time_in_secs: int
    ai_config: dict[str, Any] | UnsetType = UNSET
    recording_config: dict[str, Any] | UnsetType = UNSET
    created_at: Time
    updated_at: Time


class MemberAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """One who may join a meeting."""

    id: str
    name: str
    picture: str | None
    custom_participant_id: str
    preset_name: str
    created_at: Time
    updated_at: Time


class AdmittedMember(MemberAnswer, frozen=True, kw_only=True):
    """One who may join a meeting, with the participant token and its expiry."""

    token: str
    token_expires_at: Time


class RemovedMember(msgspec.Struct, frozen=True, kw_only=True):
    """One who may no longer join."""

    custom_participant_id: str
    preset_id: str
    created_at: Time
    updated_at: Time


class ParticipantToken(msgspec.Struct, frozen=True, kw_only=True):
    """A fresh participant token and its expiry."""

    token: str
    token_expires_at: Time


class KickedParticipant(msgspec.Struct, frozen=True, kw_only=True):
    """One who was removed from a session; `id` is that of the row in the session's record."""

    id: str
    name: str | None
    picture: str | None
    custom_participant_id: str | None
    user_id: str | None
    created_at: Time
    updated_at: Time


class Kicked(msgspec.Struct, frozen=True, kw_only=True):
    """Who was removed from a session."""

    action: str = "kick"
    participants: list[KickedParticipant]
    kicked_participants_count: int


class KickedAll(msgspec.Struct, frozen=True, kw_only=True):
    """How many were removed from a session that thereby ended."""

    action: str = "kick-all"
    kicked_participants_count: int


_SEARCH: Final = Text(name="search", about="In the title, or the start of the meeting's id.")
_START: Final = Moment(name="start_time", about="Created at or after this moment.")
_END: Final = Moment(name="end_time", about="Created at or before this moment.")
_STATUS: Final = Choice[MeetingStatus | None](
    name="status",
    about="Only meetings of this status.",
    values={status.value: status for status in MeetingStatus},
    default=None,
)
MEETING_PARAMETERS: Final[Sequence[Parameter]] = (
    PAGE_NO, PER_PAGE, _START, _END, _SEARCH, _STATUS, IS_DESCENDING,
)  # fmt: skip
APP_SEARCH: Final = Text(name="search", about="In the app's name.")


def read_meeting_query(query: Query, *, app_id: str) -> MeetingQuery:
    """Raises `Malformed`."""
    offset, limit = read_window(query)
    return MeetingQuery(
        app_id=app_id,
        created_from=_START.read(query),
        created_to=_END.read(query),
        search=_SEARCH.read(query),
        status=_STATUS.read(query),
        is_descending=IS_DESCENDING.read(query),
        offset=offset,
        limit=limit,
    )


def read_keep_alive_s(body: MeetingBody, *, is_lenient: bool) -> int | None:
    """The keep-alive time in whole seconds, `None` when left out.

    Outside 60…600 it is clamped when `is_lenient`, else `Malformed` is raised.
    """
    stated = body.session_keep_alive_time_in_secs
    if isinstance(stated, UnsetType):
        return None
    if is_lenient or SHORTEST_KEEP_ALIVE_S <= stated <= LONGEST_KEEP_ALIVE_S:
        return round(min(max(stated, SHORTEST_KEEP_ALIVE_S), LONGEST_KEEP_ALIVE_S))
    raise broken_rule(
        "session_keep_alive_time_in_secs",
        f"must be a number from {SHORTEST_KEEP_ALIVE_S} to {LONGEST_KEEP_ALIVE_S}",
    )


def read_settings(body: MeetingBody) -> dict[str, Any]:
    """What the body says beyond what a meeting has columns for, secrets concealed."""
    stated: dict[str, Any] = msgspec.to_builtins(body)
    for name in ("title", "status", "session_keep_alive_time_in_secs"):
        stated.pop(name, None)
    return conceal_secrets(stated)


def parse_kick(raw: bytes) -> KickBody:
    """Raises `Malformed`, also when nobody is named."""
    body = parse_body(raw, KickBody)
    if not body.participant_ids and not body.custom_participant_ids:
        raise broken_rule(
            "participant_ids", 'or "custom_participant_ids" must name at least one participant'
        )
    return body


def encode_app(app: App) -> AppAnswer:
    return AppAnswer(id=app.id, name=app.name, created_at=encode_time(app.created_at))


def encode_meeting(meeting: Meeting) -> MeetingAnswer:
    """The meeting with its settings, those never said at their defaults."""
    return MeetingAnswer(
        id=meeting.id,
        title=meeting.title or None,
        status=meeting.status,
        session_keep_alive_time_in_secs=meeting.keep_alive_s,
        created_at=encode_time(meeting.created_at),
        updated_at=encode_time(meeting.updated_at),
        **{**_DEFAULTS, **meeting.settings},
    )


def encode_member(member: Member) -> MemberAnswer:
    return MemberAnswer(**_of_member(member))


def encode_admitted(member: Member, token: str, expires_at: EpochMs) -> AdmittedMember:
    return AdmittedMember(
        **_of_member(member), token=token, token_expires_at=encode_time(expires_at)
    )


def encode_removed(member: Member) -> RemovedMember:
    """RealtimeKit identifies a preset by UUID; ours is a function of the preset's name."""
    return RemovedMember(
        custom_participant_id=member.custom_participant_id,
        preset_id=preset_id(member.app_id, member.preset_name),
        created_at=encode_time(member.created_at),
        updated_at=encode_time(member.updated_at),
    )


def encode_kicked(removed: Sequence[Participant]) -> Kicked:
    return Kicked(
        participants=[
            KickedParticipant(
                id=row.id,
                name=row.display_name,
                picture=row.picture,
                custom_participant_id=row.custom_participant_id,
                user_id=row.user_id,
                created_at=encode_time(row.created_at),
                updated_at=encode_time(row.updated_at),
            )
            for row in removed
        ],
        kicked_participants_count=len(removed),
    )


def _of_member(member: Member) -> dict[str, Any]:
    return {
        "id": member.id,
        "name": member.name,
        "picture": member.picture,
        "custom_participant_id": member.custom_participant_id,
        "preset_name": member.preset_name,
        "created_at": encode_time(member.created_at),
        "updated_at": encode_time(member.updated_at),
    }
