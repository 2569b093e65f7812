"""The recorded requests: every read of both APIs with its parameters, for every session and peer of
a data folder; then refusals, pages, and a few writes at the end."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
from intake import FIRST_MS, READ_MS
from queries import (
    DAY,
    FILES,
    FILTERS,
    MEETING_LISTS,
    OWN_LISTS,
    PAGES,
    PARTICIPANT_LISTS,
    PEOPLE,
    SESSION_LISTS,
)
from server import ACCOUNT, APP, OTHER_APP, OTHER_TOKEN, TOKEN

KIT: Final = f"/client/v4/accounts/{ACCOUNT}/realtime/kit/{APP}"
OWN: Final = f"/v1/apps/{APP}"
_UNKNOWN: Final = "00000000-0000-4000-8000-000000000000"


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A request; `label` is the same in every recording, whatever its ids."""

    label: str
    path: str
    method: str = "GET"
    token: str | None = TOKEN
    headers: dict[str, str] = field(default_factory=dict)
    body: Any = None
    is_stream: bool = False
    """The response is endless: only its first event is read."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A session of a data folder, with its participants and peers."""

    label: str
    session_id: str
    meeting_id: str
    participant_ids: list[str]
    peer_ids: list[str]


def find_sessions(http: httpx.Client) -> list[Found]:
    """The sessions of the app, oldest first, named by their title and place among its namesakes."""
    headers = {"authorization": f"Bearer {TOKEN}"}

    def get(path: str) -> Any:
        return http.get(KIT + path, headers=headers).raise_for_status().json()["data"]

    sessions = get("/sessions?sort_by=createdAt&sort_order=ASC&per_page=200")["sessions"]
    sessions.sort(key=lambda s: (s["created_at"], s["meeting_display_name"], s["id"]))
    found = []
    for number, session in enumerate(sessions):
        path = f"/sessions/{session['id']}/participants?per_page=200&include_peer_events=true"
        people = get(path)["participants"]
        people.sort(key=lambda p: (p["joined_at"], p.get("display_name", ""), p["id"]))
        peers = [event["peer_id"] for person in people for event in person.get("peer_events", [])]
        found.append(
            Found(
                label=f"session {number:02d}",
                session_id=session["id"],
                meeting_id=session["associated_id"],
                participant_ids=[person["id"] for person in people],
                peer_ids=list(dict.fromkeys(peers)),
            )
        )
    return found


def reads(sessions: list[Found]) -> Iterator[Asked]:
    """Every request that changes nothing."""
    yield from _lists()
    for found in sessions:
        yield from _of_session(found)
    yield from _details(max(sessions, key=lambda each: len(each.peer_ids)), is_rich=True)
    yield from _refusals(sessions[0])
    yield from _other_ways_in()
    for path in PAGES:
        yield Asked(label=f"page {path}", path=path, token=None, headers={"accept": "text/html"})
    yield Asked(label="head of /", path="/", method="HEAD", token=None)
    yield Asked(label="live events", path=f"{OWN}/live", is_stream=True)


def _all(what: str, base: str, path: str, queries: tuple[str, ...]) -> Iterator[Asked]:
    for query in queries:
        rest = f"{path}?{query}" if query else path
        yield Asked(label=f"{what} {rest}", path=base + rest)


def _lists() -> Iterator[Asked]:
    yield from _all("kit", KIT, "/sessions", SESSION_LISTS)
    yield from _all("kit", KIT, "/meetings", MEETING_LISTS)
    days = ("", f"start_date={DAY}", "start_date=2026-11-19&end_date=2026-11-22")
    wrong_days = (
        "start_date=x",
        "start_date=2026-11-22&end_date=2026-11-01",
        "start_date=2020-01-01",
    )
    yield from _all("kit", KIT, "/analytics/daywise", days + wrong_days)
    account = KIT.rpartition("/")[0]
    yield from _all("kit", account, "/apps", ("", "per_page=1", "search=sec", "sort_order=ASC"))
    yield from _all("own", OWN, "/calls", OWN_LISTS)
    yield from _all("own", OWN, "/people", PEOPLE)
    overviews = ("", f"from={DAY}&to={DAY}", "from=2026-11-20", "from=2026-11-22&to=2026-11-01")
    yield from _all("own", OWN, "/overview", (*overviews, "from=x", "from=2020-01-01", "asn=1"))
    breakdowns = ("", "by=hour&tz=Asia/Kolkata", "by=browser,meeting", "by=x", "tz=Nowhere")
    yield from _all("own", OWN, "/overview/breakdowns", breakdowns)
    for path in ("/apps", "/tokens", "/jobs", "/settings", "/me"):
        yield Asked(label=f"own {path}", path=f"/v1{path}")


def _of_session(found: Found) -> Iterator[Asked]:
    kit = f"{KIT}/sessions/{found.session_id}"
    yield Asked(label=found.label, path=kit)
    yield Asked(
        label=f"{found.label} participants with events",
        path=f"{kit}/participants?per_page=200&include_peer_events=true",
    )
    yield Asked(label=f"{found.label} of meeting", path=f"{KIT}/meetings/{found.meeting_id}")
    active = f"{KIT}/meetings/{found.meeting_id}/active-session"
    yield Asked(label=f"{found.label} active", path=active)
    for name in FILES:
        yield Asked(label=f"{found.label} {name}", path=f"{kit}/{name}")
    own = f"{OWN}/calls/{found.session_id}"
    yield Asked(label=f"{found.label} own", path=own)
    yield Asked(label=f"{found.label} own chat", path=f"{own}/chat")
    yield Asked(label=f"{found.label} own transcript", path=f"{own}/transcript")
    for number, peer_id in enumerate(found.peer_ids):
        label = f"{found.label} peer {number}"
        yield Asked(label=f"{label} report", path=f"{KIT}/sessions/peer-report/{peer_id}")
        yield Asked(label=f"{label} series", path=f"{own}/peers/{peer_id}/series")
    yield from _details(found, is_rich=False)


def _details(found: Found, *, is_rich: bool) -> Iterator[Asked]:
    """Requests about a session's participants; of a large session with every parameter."""
    kit = f"{KIT}/sessions/{found.session_id}"
    if not is_rich:
        for number, participant_id in enumerate(found.participant_ids[:3]):
            label = f"{found.label} participant {number}"
            yield Asked(label=label, path=f"{kit}/participants/{participant_id}")
        return
    yield from _all("rich", kit, "/participants", PARTICIPANT_LISTS)
    yield from _all("rich", kit, "", ("include_breakout_rooms=true", "include_breakout_rooms=x"))
    yield from _all("rich", kit, "/livestream-sessions", ("",))
    wrong = ("format=PDF", "format=CSV&csv_style=other")
    yield from _all("rich", kit, "/transcript", ("", *wrong))
    yield from _all("rich", kit, "/chat", ("", "format=PDF"))
    ways = [*(f"filters={name}" for name in FILTERS), "include_peer_events=true"]
    first = found.peer_ids[0]
    for rest in ways:
        at = f"{kit}/participants/{found.participant_ids[0]}?{rest}"
        yield Asked(label=f"rich participant {rest}", path=at)
        at = f"{KIT}/sessions/peer-report/{first}?{rest}"
        yield Asked(label=f"rich report {rest}", path=at)
    yield Asked(
        label="rich report gzip",
        path=f"{KIT}/sessions/peer-report/{first}",
        headers={"accept-encoding": "gzip"},
    )
    own = f"{OWN}/calls/{found.session_id}"
    for rest in ("points=50", "points=0", "points=99999", f"from={DAY}T12:00:10Z", "from=2&to=1"):
        yield Asked(label=f"rich series {rest}", path=f"{own}/peers/{first}/series?{rest}")
    for page in ("chat", "transcript"):
        yield Asked(label=f"rich {page} cursor", path=f"{own}/{page}?cursor=nonsense")
    meeting = f"{KIT}/meetings/{found.meeting_id}"
    yield from _all("rich meeting", meeting, "/participants", ("", "per_page=2", "per_page=x"))


def _refusals(found: Found) -> Iterator[Asked]:
    """Unknown ids, invalid ids, other tenants, and callers without a token."""
    for bad in (_UNKNOWN, "not%20an%20id", "x" * 100):
        for rest in (f"/sessions/{bad}", f"/sessions/{bad}/participants", f"/sessions/{bad}/chat"):
            yield Asked(label=f"unknown kit {rest}", path=KIT + rest)
        for rest in (f"/meetings/{bad}", f"/meetings/{bad}/active-session"):
            yield Asked(label=f"unknown kit {rest}", path=KIT + rest)
        yield Asked(label=f"unknown report {bad}", path=f"{KIT}/sessions/peer-report/{bad}")
        yield Asked(label=f"unknown own {bad}", path=f"{OWN}/calls/{bad}")
        yield Asked(label=f"unknown person {bad}", path=f"{OWN}/people/{bad}")
        series = f"{OWN}/calls/{found.session_id}/peers/{bad}/series"
        yield Asked(label=f"unknown series {bad}", path=series)
    for name, token in (("none", None), ("wrong", "wrong"), ("foreign", OTHER_TOKEN)):
        for what, path in (
            ("kit", f"{KIT}/sessions"),
            ("own", f"{OWN}/calls"),
            ("tokens", "/v1/tokens"),
            ("one", f"{KIT}/sessions/{found.session_id}"),
        ):
            yield Asked(label=f"token {name} {what}", path=path, token=token)
    for method in ("DELETE", "PUT", "POST", "OPTIONS"):
        yield Asked(label=f"{method} sessions", path=f"{KIT}/sessions", method=method)
    yield Asked(label="expired link", path=f"/downloads/{APP}/{found.session_id}/1/x/chat.csv")
    yield Asked(label="collect by GET", path="/v1/collect")


def _other_ways_in() -> Iterator[Asked]:
    bare = KIT.removeprefix("/client/v4")
    yield Asked(label="without prefix", path=f"{bare}/sessions?per_page=2")
    key = {"x-auth-key": TOKEN, "x-auth-email": "somebody@example.org"}
    yield Asked(label="by key", path=f"{KIT}/sessions?per_page=2", token=None, headers=key)
    by_basic = {"authorization": f"Basic {b64encode(f'{APP}:{TOKEN}'.encode()).decode()}"}
    yield Asked(label="by basic", path="/v2/sessions?per_page=2", token=None, headers=by_basic)
    other = KIT.replace(APP, OTHER_APP)
    for rest in ("/sessions", "/sessions?search=work", "/meetings"):
        yield Asked(label=f"other app {rest}", path=other + rest, token=OTHER_TOKEN)
    yield Asked(label="other app by account", path=f"{other}/sessions")
    at = f"?from={FIRST_MS}&to={READ_MS}"
    yield Asked(label="own milliseconds", path=f"{OWN}/calls{at}")


def writes(sessions: list[Found]) -> Iterator[Asked]:
    """Requests that change a copy of the data, in order."""
    live = next(found for found in sessions if found.meeting_id == "live-meeting")
    meeting = f"{KIT}/meetings/{live.meeting_id}"
    ended = f"{KIT}/sessions/{sessions[0].session_id}"

    def ask(label: str, method: str, path: str, body: Any = None) -> Asked:
        return Asked(label=f"write {label}", method=method, path=path, body=body)

    yield ask("meeting", "POST", f"{KIT}/meetings", {"title": "Made"})
    yield ask("meeting refused", "POST", f"{KIT}/meetings", {"title": 5})
    yield ask("meeting changed", "PATCH", meeting, {"title": "Changed"})
    yield ask("meeting replaced", "PUT", meeting, {"title": "Replaced"})
    yield ask("member refused", "POST", f"{meeting}/participants", {})
    yield ask("token", "POST", "/v1/tokens", {"name": "read", "role": "read", "app_id": APP})
    yield ask("token refused", "POST", "/v1/tokens", {"name": "", "role": "all"})
    yield ask("summary", "POST", f"{ended}/summary")
    yield ask("summary of live", "POST", f"{KIT}/sessions/{live.session_id}/summary")
    yield ask("kick nobody", "POST", f"{meeting}/active-session/kick", {"participant_ids": ["x"]})
    yield ask("kick all", "POST", f"{meeting}/active-session/kick-all")
    yield ask("ended live", "GET", f"{KIT}/sessions/{live.session_id}")
    yield ask("revive", "POST", f"/v1/jobs/{_UNKNOWN}/revive")
