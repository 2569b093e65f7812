"""Every source of the intake: where it posts, who may, and what is answered.

A further source is a module in `aftercall.ingest` and a row of `ROUTES`; `ingest.source_kinds` says
whom it speaks for.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aftercall.core.instants import SECOND_MS
from aftercall.ingest import backend_events, collector, realtimekit_callstats
from aftercall.ingest.bigbluebutton import source as bigbluebutton
from aftercall.ingest.janus import source as janus
from aftercall.ingest.jitsi import event_sync as jitsi
from aftercall.ingest.livekit import source as livekit
from aftercall.ingest.realtimekit_webhooks import source as realtimekit_webhooks
from aftercall.ingest.source import Source
from aftercall.web.http.cors import Headers
from aftercall.web.intake import signatures
from aftercall.web.intake.answers import (
    COUNT,
    ENTRY_COUNTS,
    FACT_COUNTS,
    FOR_COLLECTOR,
    RESULTS,
    AnswerFormat,
    object_schema,
)
from aftercall.web.intake.request import api_token, api_token_or_basic
from aftercall.web.intake.signatures import Signature
from aftercall.wire.query import Choice, Parameter, Query, Whole

APP_PREFIX: Final = "/v1/apps/{app_id}/"
"""Where paths of backends begin."""

STATS_PERIOD: Final = Whole(
    name="stats_period",
    about="Janus' own `stats_period`, in seconds: who sends or receives media and is not heard of "
    "for several of them (30 s at least) is gone. Without it, four hours pass.",
    default=0,
    most=600,
)

IDENTITY: Final = Choice(
    name="identity",
    about="What of a participant is its custom id: Janus' own id of it in the room, or its display "
    "name. Whoever reports by the collector as well, under the same custom id, is one participant.",
    values={"id": False, "display": True},
    default=False,
)

PARTICIPANT_TOKEN: Final = "participant_token"
API_TOKEN: Final = "bearer"
BASIC: Final = "basic"
SIGNATURE: Final = "signature"
"""Security schemes of the OpenAPI document."""


@dataclass(frozen=True, kw_only=True)
class IntakeRoute:
    """One row: an address of the intake. It answers to `POST` alone."""

    path: str
    """Below `APP_PREFIX` a backend posts for an app; elsewhere a participant's client posts."""
    source: Source
    answer: AnswerFormat

    asks_interval: bool = False
    """Whether the answer asks the client to report in the interval of the settings."""
    token_in: Callable[[bytes], str | None] | None = None
    """Reads the participant token from a body that came without an `Authorization` header."""

    api_token: Callable[[Headers], str | None] = api_token
    """Reads a backend's token."""
    signature: Signature | None = None
    """How the source signs what it posts, if it has no API token."""
    period: Whole | None = None
    """The query parameter with the backend's reporting interval for each peer, in seconds."""
    identity: Choice[bool] | None = None
    """The query parameter that makes the display name the custom id."""
    ignores_query: bool = False
    """Whether parameters of the query that are not known are ignored; else they are refused."""
    reuses_peer_ids: bool = False
    """Whether somebody who comes back has the same peer id as before."""

    operation_id: str
    summary: str
    about: str
    schemes: Sequence[str]
    """The security schemes of those who may post."""
    body: Mapping[str, Any]
    """The JSON Schema of the request's body."""
    example: Mapping[str, Any] | Sequence[Any]
    """A body that is taken."""

    @property
    def parameters(self) -> Sequence[Parameter]:
        """The parameters of the query."""
        return [each for each in (self.period, self.identity) if each is not None]

    def interval_ms(self, query: Query) -> int:
        """How often the backend reports on each peer, in ms; 0 when not known. Raises
        `Malformed`."""
        return 0 if self.period is None else self.period.read(query) * SECOND_MS

    def is_display_custom_id(self, query: Query) -> bool:
        """Whether the display name is the custom id. Raises `Malformed`."""
        return self.identity is not None and self.identity.read(query)


_ADA: Final = {"occupant_jid": "u-ada@meet.example.org/x1", "joined_at": 1_795_224_201}
_JITSI_EVENTS: Final[tuple[tuple[str, str, Mapping[str, Any]], ...]] = (
    ("room", "created", {"created_at": 1_795_224_200}),
    ("room", "destroyed", {"destroyed_at": 1_795_224_260, "all_occupants": [_ADA]}),
    ("occupant", "joined", {"occupant": _ADA}),
    ("occupant", "left", {"occupant": {**_ADA, "left_at": 1_795_224_250}}),
)

ROUTES: Final = (
    IntakeRoute(
        path="/v1/collect",
        source=collector,
        answer=FOR_COLLECTOR,
        asks_interval=True,
        token_in=collector.token_in,
        schemes=(PARTICIPANT_TOKEN,),
        operation_id="collect",
        summary="Take a batch of one peer's entries",
        about="The protocol of the browser collector: docs/reference/collect.md. A batch may be "
        "sent again at will; `(peer_id, seq)` identifies an entry.",
        body=object_schema(
            ("v", "peer_id", "sent_at", "entries"),
            v={"const": 1},
            peer_id={"type": "string", "format": "uuid"},
            token={"type": "string", "description": "When it is not in the header."},
            sent_at={"type": "integer", "description": "The client's clock, in ms since 1970."},
            dropped=COUNT,
            entries={
                "type": "array",
                "maxItems": 500,
                "items": object_schema(
                    ("seq", "at", "type"),
                    seq=COUNT,
                    at={"type": "integer", "description": "In ms since 1970."},
                    type={
                        "type": "string",
                        "enum": [
                            "join", "leave", "describe", "event", "sample", "chat", "transcript",
                        ],
                    },
                ),
            },
        ),
        example={
            "v": 1,
            "peer_id": "57bbcb51-464d-446a-8713-6b90c1819f61",
            "sent_at": 1_795_224_208_672,
            "entries": [
                {"seq": 0, "at": 1_795_224_208_600, "type": "join", "interval_ms": 7_000},
                {"seq": 1, "at": 1_795_224_208_650, "type": "event", "name": "audio_off"},
            ],
        },
    ),
    IntakeRoute(
        path=APP_PREFIX + "events",
        source=backend_events,
        answer=RESULTS,
        schemes=(API_TOKEN,),
        operation_id="take_events",
        summary="Take events from a backend",
        about="One fact of the record each: docs/reference/events.md. Order and repeats do not "
        "matter, and one bad event never takes another down.",
        body=object_schema(
            ("events",),
            events={
                "type": "array",
                "minItems": 1,
                "maxItems": 1_000,
                "items": object_schema(("type", "at"), type={"type": "string"}, at={}),
            },
        ),
        example={
            "events": [
                {
                    "type": "peer_joined",
                    "at": "2026-11-21T10:00:00Z",
                    "meeting_id": "weekly",
                    "peer_id": "peer-1",
                    "participant": {"custom_participant_id": "ada", "display_name": "Ada"},
                },
                {"type": "peer_left", "at": "2026-11-21T10:30:00Z", "peer_id": "peer-1"},
            ]
        },
    ),
    IntakeRoute(
        path=APP_PREFIX + "sources/janus",
        source=janus,
        answer=ENTRY_COUNTS,
        api_token=api_token_or_basic,
        period=STATS_PERIOD,
        identity=IDENTITY,
        reuses_peer_ids=True,
        schemes=(API_TOKEN, BASIC),
        operation_id="take_janus_events",
        summary="Take the events of a Janus server",
        about="What Janus' sampleevh posts: docs/how-to/janus.md. An event counts once, however "
        "many facts it holds; `ignored` are those that are of no use to a record. An array, or "
        "one event alone.",
        body={
            "type": ["array", "object"],
            "maxItems": 5_000,
            "items": object_schema(("type",), type={"type": "integer"}),
        },
        example=[
            {
                "emitter": "janus-1",
                "type": 64,
                "timestamp": 1_795_224_208_672_000,
                "session_id": 3_860_810_174_338_710,
                "handle_id": 7,
                "event": {
                    "plugin": "janus.plugin.videoroom",
                    "data": {"event": "joined", "room": 1234, "id": 5, "display": "Ada"},
                },
            }
        ],
    ),
    IntakeRoute(
        path=APP_PREFIX + "sources/livekit",
        source=livekit,
        answer=ENTRY_COUNTS,
        signature=signatures.LIVEKIT,
        schemes=(SIGNATURE,),
        operation_id="take_livekit_events",
        summary="Take a webhook of a LiveKit server",
        about="What LiveKit posts to `webhook.urls`, signed with a key that the app knows as one "
        "of `livekit`: docs/how-to/collect-from-livekit.md. `ignored` is 1 for a webhook that is "
        "of no use to a record.",
        body=object_schema(("event",), event={"type": "string"}, id={"type": "string"}),
        example={
            "event": "participant_joined",
            "id": "EV_7p3N9n",
            "createdAt": "1795224208",
            "room": {"sid": "RM_dX3cVqK2", "name": "daily", "creationTimeMs": "1795224200123"},
            "participant": {
                "sid": "PA_b7N2uQ",
                "identity": "ada",
                "name": "Ada",
                "joinedAtMs": "1795224207456",
            },
        },
    ),
    IntakeRoute(
        path=APP_PREFIX + "sources/bigbluebutton",
        source=bigbluebutton,
        answer=ENTRY_COUNTS,
        signature=signatures.BIGBLUEBUTTON,
        ignores_query=True,
        schemes=(SIGNATURE,),
        operation_id="take_bigbluebutton_events",
        summary="Take a callback or a webhook of a BigBlueButton server",
        about="The analytics callback (JSON, signed by a JWT) and what bbb-webhooks posts (a form, "
        "signed by `checksum` in the query), with a secret that the app knows as a key of "
        "`bigbluebutton`: docs/how-to/bigbluebutton.md.",
        body=object_schema(
            ("meeting_id", "internal_meeting_id", "data"),
            meeting_id={"type": "string"},
            internal_meeting_id={"type": "string"},
            data={"type": "object"},
        ),
        example={
            "version": "1.0",
            "meeting_id": "algebra-7",
            "internal_meeting_id": "74fc187fe75c0969159128b30107288671ff2223-1795224000000",
            "data": {
                "metadata": {"meeting_name": "Algebra 7"},
                "finish": "2026-11-21T02:10:00.000+00:00",
                "attendees": [
                    {
                        "ext_user_id": "pupil-2",
                        "name": "Bob",
                        "joins": ["2026-11-21T01:30:00.000+00:00"],
                        "leaves": ["2026-11-21T02:10:00.000+00:00"],
                    }
                ],
            },
        },
    ),
    *(
        IntakeRoute(
            path=f"{APP_PREFIX}sources/jitsi/events/{what}/{happened}",
            source=jitsi,
            answer=ENTRY_COUNTS,
            schemes=(API_TOKEN,),
            operation_id=f"take_jitsi_{what}_{happened}",
            summary=f"Take Prosody's event of a Jitsi {what} {happened}",
            about="What the Prosody module event_sync posts, with an API token in `api_headers`: "
            "docs/how-to/jitsi.md.",
            body=object_schema(
                ("event_name", "room_jid"),
                event_name={"type": "string"},
                room_jid={"type": "string"},
            ),
            example={
                "event_name": f"muc-{what}-{happened}",
                "room_name": "catchup",
                "room_jid": "catchup@conference.meet.example.org",
                "is_breakout": False,
                **more,
            },
        )
        for what, happened, more in _JITSI_EVENTS
    ),
    IntakeRoute(
        path=APP_PREFIX + "sources/realtimekit",
        source=realtimekit_webhooks,
        answer=ENTRY_COUNTS,
        signature=signatures.REALTIMEKIT,
        schemes=(SIGNATURE,),
        operation_id="take_realtimekit_events",
        summary="Take a webhook of RealtimeKit",
        about="What RealtimeKit posts, signed in `rtk-signature` with the vendor's key, whose "
        "public half the app knows as a key of `realtimekit`: docs/how-to/realtimekit-webhooks.md.",
        body=object_schema(("event",), event={"type": "string"}, meeting={"type": "object"}),
        example={
            "event": "meeting.participantJoined",
            "meeting": {
                "id": "bbb6f3a2-1a5c-4a57-9a4c-1b2f4a1f2c11",
                "sessionId": "5c1ac4e2-50cf-4a0c-93b9-9d1f7d1a0c22",
                "title": "Weekly",
            },
            "participant": {
                "peerId": "8f3d1f64-66a4-4f0b-8f0c-70b19a1f3d33",
                "userDisplayName": "Ada",
                "customParticipantId": "ada",
                "joinedAt": "2026-11-21T01:30:00.000Z",
            },
        },
    ),
    IntakeRoute(
        path="/api/v1/message",
        source=realtimekit_callstats,
        answer=FACT_COUNTS,
        ignores_query=True,
        schemes=(PARTICIPANT_TOKEN,),
        operation_id="take_call_statistics",
        summary="Take the call statistics of RealtimeKit's web client",
        about="What that client sends by itself once it is pointed here.",
        body={"type": "object"},
        example={
            "peerId": "57bbcb51-464d-446a-8713-6b90c1819f61",
            "payload": {"entries": [{"event": "audio_off", "timestamp": 1_795_224_208_672}]},
        },
    ),
)  # fmt: skip
