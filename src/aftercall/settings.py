"""Every setting, its default and what it is for, in one table.

A setting is read from the environment as `AFTERCALL_` and its name in capitals; the command
line's options win over the environment. Settings are passed as an argument, never imported
as state.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from typing import Any, Final

from aftercall.setting_values import FILE_SUFFIX, PREFIX, parse_value, read_value_file
from aftercall.setting_values import BadSetting as BadSetting

_REACHABLE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}
"""Addresses that mean every interface, and the one of them that is always there."""


def _setting(
    default: Any,
    about: str,
    *,
    choices: tuple[str, ...] = (),
    bounds: tuple[int, int] | None = None,
) -> Any:
    """`bounds`: the least and the largest value."""
    return field(default=default, metadata={"about": about, "choices": choices, "bounds": bounds})


_BUDGET: Final = "Five minutes' worth may come at once; counted per process; 0: no limit."


LONGEST_S: Final = 3_153_600_000
"""A hundred years: the longest time that data may be kept for, if not for ever."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The effective settings of one process."""

    host: str = _setting("127.0.0.1", "Address to listen on.")
    port: int = _setting(8787, "Port to listen on.")
    data_dir: Path = _setting(Path("data"), "Folder of the embedded database and its other files.")
    database_url: str = _setting(
        "", "PostgreSQL URL (`postgresql://…`); empty: an SQLite file in the data folder."
    )
    secret_key: str = _setting(
        "",
        "What keys of sources and secrets of webhooks are encrypted with, at least 32 characters, "
        "the same for every process; empty: the file `secret.key` in the data folder, with the "
        "embedded database.",
    )
    public_url: str = _setting(
        "",
        "Address the outside world reaches this server at; empty: the address a request came in "
        "by, since a `Host` header is anybody's word.",
    )
    trusted_proxies: str = _setting(
        "loopback",
        "Addresses and networks of reverse proxies, separated by commas, whose `Forwarded` and "
        "`X-Forwarded-*` headers are believed; `loopback`: this machine.",
    )
    outbound_allow: str = _setting(
        "",
        "Networks (CIDR) that webhooks and alerts may be sent to though they are not public, "
        "separated by commas, such as `10.1.0.0/16`.",
    )
    workers: int = _setting(1, "Server processes; more than one needs PostgreSQL.")
    web: bool = _setting(True, "Answer HTTP requests in this process.")
    work: bool = _setting(True, "Run jobs and sweeps in this process.")
    try_page: bool = _setting(True, "Serve the call page `/try` and its signalling.")
    allow_origins: str = _setting(
        "*", "Origins whose pages may send to the intake, separated by commas; `*`: any."
    )
    privacy: str = _setting(
        "truncate",
        "What is kept of IP addresses: all of it, the network part (/24, /48), or nothing.",
        choices=("full", "truncate", "none"),
    )
    geo_database: str = _setting("", "An mmdb file with cities or countries, for IP information.")
    asn_database: str = _setting("", "An mmdb file with autonomous systems, for IP information.")
    interval_ms: int = _setting(7_000, "How often collectors are asked to report, in ms.")
    samples_per_request: int = _setting(
        4,
        "How many samples collectors hold and send together while nobody looks at their session, "
        "1 to 8.",
        bounds=(1, 8),
    )
    token_life_s: int = _setting(86_400, "Life of a participant token, in seconds.")
    link_life_s: int = _setting(604_800, "Life of a download link, in seconds.")
    transcript_retention_s: int = _setting(
        604_800,
        "How long after a session's end its transcript and summary are kept, in seconds; "
        "0: as long as the session.",
    )
    retention_samples_s: int = _setting(
        0,
        "How long after a session's end its stats reports are kept as they came, in seconds; "
        "0: as long as the session. An app may choose otherwise, here as below.",
        bounds=(0, LONGEST_S),
    )
    retention_reports_s: int = _setting(
        0,
        "How long after a session's end the reports on its participants are kept, in seconds; "
        "0: as long as the session.",
        bounds=(0, LONGEST_S),
    )
    retention_chat_s: int = _setting(
        0,
        "How long after a session's end its chat is kept, in seconds; 0: as long as the session.",
        bounds=(0, LONGEST_S),
    )
    retention_addresses_s: int = _setting(
        0,
        "How long after a session's end addresses are kept, and what was derived from them and is "
        "finer than a country, in seconds; 0: as long as the session. The stats reports that hold "
        "them go by then, too.",
        bounds=(0, LONGEST_S),
    )
    retention_sessions_s: int = _setting(
        0,
        "How long after its end a session is kept with all its data, in seconds; 0: for ever.",
        bounds=(0, LONGEST_S),
    )
    transcript_csv: str = _setting(
        "offset",
        "First column of a transcript's CSV: ms since the start and no header (offset), or ISO "
        "time and a header (dyte).",
        choices=("offset", "dyte"),
    )
    live_minutes: bool = _setting(
        False, "Count the running minutes of those present into a live session's minutes."
    )
    result_alias: bool = _setting(True, "Repeat `data` as `result` in every answer.")
    lenient_keep_alive: bool = _setting(
        False, "Clamp a meeting's keep-alive time to 60…600 s rather than refuse it."
    )
    rate_limit_per_5_min: int = _setting(
        0, "REST requests a token may make in five minutes; 0: no limit."
    )
    collect_max_bytes: int = _setting(1_048_576, "Largest intake body as sent, in bytes.")
    collect_max_inflated_bytes: int = _setting(
        4_194_304, "Largest intake body after decompression, in bytes."
    )
    import_max_bytes: int = _setting(
        536_870_912,
        "Largest upload of dumps to import, as sent, in bytes. Up to four uploads of an app lie in "
        "the data folder until they have been read.",
        bounds=(1, 1_099_511_627_776),
    )
    transcript_max_bytes: int = _setting(
        8_388_608,
        "Largest upload of a finished transcript, as sent and after decompression, in bytes.",
        bounds=(1, 1_073_741_824),
    )
    intake_queue: int = _setting(
        20_000,
        "Intake requests that may wait for the disk before new ones get 503.",
    )
    intake_queue_bytes: int = _setting(
        67_108_864,
        "Bytes of intake bodies that may wait for the disk before new ones get 503.",
    )
    max_connections: int = _setting(
        10_000,
        "HTTP connections that one process holds open; less where it may not open as many files.",
    )
    head_timeout_s: int = _setting(
        10, "How long a request's headers may take to come in, in seconds."
    )
    body_timeout_s: int = _setting(
        20, "How long a request's body may take, in seconds, and a second more for each 500 bytes."
    )
    unsent_timeout_s: int = _setting(
        30, "Within how many seconds a reader must take 16 KB of an answer that waits."
    )
    peer_samples_per_min: int = _setting(
        1_200, "Reports a minute that are taken of one peer from its own client. " + _BUDGET
    )
    token_requests_per_min: int = _setting(
        1_200, "Intake requests a minute of one participant, whichever of its tokens. " + _BUDGET
    )
    token_bytes_per_min: int = _setting(
        16_777_216,
        "Bytes a minute of one participant's intake bodies, after decompression. " + _BUDGET,
    )
    token_events_per_min: int = _setting(
        6_000, "Facts a minute of one participant that are no reports. " + _BUDGET
    )
    token_talk_characters_per_min: int = _setting(
        60_000, "Characters a minute of one participant's chat and transcript. " + _BUDGET
    )
    token_peers_per_min: int = _setting(
        60, "Peers a minute that one participant may begin or come back with. " + _BUDGET
    )
    app_requests_per_min: int = _setting(
        120_000, "Intake requests a minute of one app, and of one API token. " + _BUDGET
    )
    app_bytes_per_min: int = _setting(
        1_073_741_824,
        "Bytes a minute of one app's and one API token's intake bodies, after decompression. "
        + _BUDGET,
    )
    app_events_per_min: int = _setting(
        600_000, "Facts a minute of one app, and of one API token, that are no reports. " + _BUDGET
    )
    app_talk_characters_per_min: int = _setting(
        6_000_000,
        "Characters a minute of chat and transcript of one app, and of one API token. " + _BUDGET,
    )
    session_talk_characters: int = _setting(
        10_000_000,
        "Characters of chat and transcript that a session may have, edits included; what is beyond "
        "is refused entry by entry (`talk_full`). Counted over all processes; 0: no limit.",
    )
    smtp_url: str = _setting(
        "",
        "The mail server that alerts are sent by: `smtps://` or `smtp://` (which begins TLS) with "
        "`user:password@host:port`, or `smtp-plain://` for a relay on the same machine; empty: no "
        "mail.",
    )
    smtp_from: str = _setting("", "The address that mail comes from.")
    apprise: bool = _setting(
        False,
        "Whether channels may be addresses of Apprise, which opens connections of its own: to any "
        "address, those inside your network included. Needs `aftercall[apprise]`.",
    )
    summary_model_url: str = _setting(
        "",
        "Base address of an OpenAI-compatible API that writes summaries, such as "
        "`https://models.example.com/v1`; empty: summaries are made here, without a model. One in "
        "your own network has to be allowed by `outbound_allow`.",
    )
    summary_model: str = _setting("", "The name of the model that writes summaries.")
    summary_model_key: str = _setting("", "The key of that API; empty: it needs none.")
    summary_model_timeout_s: int = _setting(
        120, "How long one answer of the model may take, in seconds.", bounds=(1, 3_600)
    )
    summary_model_context_tokens: int = _setting(
        16_000,
        "Tokens that the model takes at once, with its answer; a longer transcript is summarised "
        "in parts first.",
        bounds=(4_000, 10_000_000),
    )
    transcription_model_url: str = _setting(
        "",
        "Base address of an OpenAI-compatible API that transcribes uploaded audio, such as "
        "`https://models.example.com/v1`; empty: no audio is taken. One in your own network has to "
        "be allowed by `outbound_allow`.",
    )
    transcription_model: str = _setting("", "The name of the model that transcribes.")
    transcription_model_key: str = _setting("", "The key of that API; empty: it needs none.")
    transcription_model_timeout_s: int = _setting(
        600, "How long the transcription of one track may take, in seconds.", bounds=(1, 86_400)
    )
    track_max_bytes: int = _setting(
        104_857_600,
        "Largest track of audio that is uploaded to be transcribed, in bytes. A session has at "
        "most 64; they lie in the data folder until they have been transcribed.",
        bounds=(1, 1_099_511_627_776),
    )
    track_retention_s: int = _setting(
        86_400,
        "How long uploaded audio is kept at the most, in seconds, where it could not be "
        "transcribed before.",
        bounds=(60, 2_592_000),
    )
    audit_retention_days: int = _setting(
        365,
        "For how many days the audit log is kept: who read talk, exported or erased a person, "
        "deleted something, or made tokens; 0: for ever.",
        bounds=(0, 36_500),
    )
    webhook_retention_days: int = _setting(
        30,
        "For how many days it is kept what was posted to webhooks, when, and what was answered; 0: "
        "as long as the session.",
        bounds=(0, 36_500),
    )
    livekit_poll_s: int = _setting(
        30,
        "How often a LiveKit server whose address was stored with its key is asked who is in which "
        "room, in seconds.",
        bounds=(5, 3_600),
    )
    otlp_endpoint: str = _setting(
        "",
        "Base URL of an OpenTelemetry receiver (OTLP over HTTP), such as `http://127.0.0.1:4318`, "
        "that traces of requests and jobs and the metrics are sent to; empty: none. Needs "
        "`aftercall[otel]`.",
    )
    log_level: str = _setting(
        "info", "Least severe line to log.", choices=("debug", "info", "warning", "error")
    )
    log_json: bool = _setting(False, "Log one JSON object a line rather than text.")

    @property
    def effective_database_url(self) -> str:
        """The SQLAlchemy URL, with the async driver named."""
        url = self.database_url
        if not url:
            return f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'aftercall.db'}"
        scheme, _, rest = url.partition("://")
        if scheme in {"postgres", "postgresql", "postgresql+asyncpg"}:
            return f"postgresql+asyncpg://{rest}"
        if scheme in {"sqlite", "sqlite+aiosqlite"}:
            return f"sqlite+aiosqlite://{rest}"
        raise BadSetting(
            f"database_url must begin with postgresql:// or sqlite://, not {scheme}://"
        )


def about(name: str) -> str:
    """The sentence that explains a setting."""
    return next(str(f.metadata["about"]) for f in fields(Settings) if f.name == name)


SECRET: Final = frozenset(
    {
        "database_url",
        "data_dir",
        "otlp_endpoint",
        "secret_key",
        "smtp_url",
        "summary_model_key",
        "transcription_model_key",
    }
)
"""Settings that are nobody's business but the operator's: they may hold a password or a path."""


def public_values(settings: Settings) -> dict[str, str | int | bool]:
    """The settings that may be shown, by name."""
    return {f.name: getattr(settings, f.name) for f in fields(Settings) if f.name not in SECRET}


def own_url(host: str, port: int) -> str:
    """The address of a server that listens there, for programs and people on the same machine."""
    host = _REACHABLE.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def read_settings(environment: Mapping[str, str] = os.environ, **options: Any) -> Settings:
    """Settings from the environment, with `options` that are not None laid over them.

    Raises `BadSetting` for a value that cannot be used, for an unknown `AFTERCALL_` name, and for
    a setting that is given both as itself and as a file.
    """
    known = {f.name: f for f in fields(Settings)}
    values: dict[str, Any] = {}
    for key, text in environment.items():
        if not key.startswith(PREFIX):
            continue
        direct_key = key.removesuffix(FILE_SUFFIX)
        name = direct_key.removeprefix(PREFIX).lower()
        if name not in known:
            raise BadSetting(f"{key} is not a setting of Aftercall")
        if direct_key != key:
            if direct_key in environment:
                raise BadSetting(f"{direct_key} and {key} are both set; unset one of them")
            text = read_value_file(key, Path(text))
        f = known[name]
        values[name] = parse_value(name, text, f.type, f.metadata["choices"], f.metadata["bounds"])
    settings = replace(Settings(), **values)
    return replace(settings, **{k: v for k, v in options.items() if v is not None})
