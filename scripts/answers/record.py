"""Recording: each answer as a file that holds its status, its headers and its body."""

import re
import time
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any, Final

import httpx
from catalogue import OWN, Asked, find_sessions, reads, writes
from server import HOST, TOKEN, client

_LINK: Final = re.compile(rf"https?://{HOST}(/downloads/[^\s\"\\]+)")
_ASSET: Final = re.compile(r"(?:src|href)=\"(/[^\"]+\.(?:js|css|svg))\"")
_CURSOR: Final = re.compile(r'"next_cursor":"([^"]+)"')
_PERSON: Final = re.compile(r'"person":"([^"]+)"')
_PEOPLE: Final = 3
"""Of each list, whose pages are asked for."""
_LONGEST_NAME: Final = 150
_STEADY_S: Final = 4.0


def record(url: str, folder: Path) -> int:
    """Request everything in the catalogue, and the files that answers link to; returns the number
    of answers written into the folder."""
    folder.mkdir(parents=True)
    recorder = _Recorder(folder)
    with client(url) as http:
        sessions = find_sessions(http)
        _wait_until_steady(http)
        for asked in chain(reads(sessions), writes(sessions)):
            recorder.take(http, asked)
    return len(recorder.names)


def _wait_until_steady(http: httpx.Client) -> None:
    """Until the list with a call that goes on is the same for a while: the first request for it has
    the call's verdict made in the background."""
    headers = {"authorization": f"Bearer {TOKEN}"}
    since, known = time.monotonic(), b""
    while time.monotonic() - since < _STEADY_S:
        listed = http.get(f"{OWN}/calls", headers=headers).raise_for_status().content
        if listed != known:
            since, known = time.monotonic(), listed
        time.sleep(0.2)


class _Recorder:
    def __init__(self, folder: Path) -> None:
        self.names: set[str] = set()
        self._folder = folder
        self._paths: set[str] = set()
        self._links = Counter[str]()

    def take(self, http: httpx.Client, asked: Asked) -> None:
        """Write the answer, and the answers of its links that were not followed before."""
        if asked.label in self.names:
            raise ValueError(f"two requests are called {asked.label}")
        self.names.add(asked.label)
        text = _asked(http, asked)
        name = re.sub(r"[^\w.=&?-]+", "_", asked.label)[:_LONGEST_NAME]
        target = self._folder / f"{name}.txt"
        if target.exists():
            raise ValueError(f"two answers would be in {target}")
        target.write_bytes(text)
        origin = asked.label.partition(" link ")[0]
        for path in list(self._new_links(asked, text)):
            self._links[origin] += 1
            token = None if path.startswith("/downloads/") else asked.token
            label = f"{origin} link {self._links[origin]}"
            self.take(http, Asked(label=label, path=path, token=token))

    def _new_links(self, asked: Asked, text: bytes) -> Iterator[str]:
        """The paths that an answer leads to: its files, the next page, the people of a list."""
        words = text.decode("utf-8", errors="replace")
        paths = (_ASSET if asked.label.startswith("page ") else _LINK).findall(words)
        if asked.path.startswith((f"{OWN}/calls?", f"{OWN}/people?")):
            paths += [f"{OWN}/people/{person}" for person in _PERSON.findall(words)[:_PEOPLE]]
            path = re.sub(r"&cursor=.*", "", asked.path)
            paths += [f"{path}&cursor={cursor}" for cursor in _CURSOR.findall(words)]
        for path in paths:
            if path not in self._paths:
                self._paths.add(path)
                yield path


def _asked(http: httpx.Client, asked: Asked) -> bytes:
    headers = dict(asked.headers)
    if asked.token is not None:
        headers["authorization"] = f"Bearer {asked.token}"
    more: dict[str, Any] = {} if asked.body is None else {"json": asked.body}
    with http.stream(asked.method, asked.path, headers=headers, **more) as answer:
        body = _first_event(answer) if asked.is_stream else b"".join(answer.iter_bytes())
    lines = [f"{asked.method} {asked.path}", f"{answer.status_code}"]
    lines += [f"{name}: {value}" for name, value in answer.headers.multi_items()]
    return "\n".join(lines).encode() + b"\n\n" + body


def _first_event(answer: httpx.Response) -> bytes:
    body = b""
    for chunk in answer.iter_bytes():
        body += chunk
        if b"data:" in body:
            break
    return body
