"""The dashboard's built files, and its one HTML page for every address that its router handles."""

import re
from pathlib import Path
from typing import Any, Final

from litestar.types import Receive, Scope, Send

from aftercall.web.http.request_body import headers_of
from aftercall.web.http.static_files import StaticFiles, answer_asset, answer_bytes

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)
"""Nothing from other origins and nothing inline, so that text of users cannot run."""

_RESERVED: Final = re.compile(
    r"/(?:client|v1|v2|api|accounts|docs|downloads|collector|try|healthz|readyz|metrics|\.well-known)"
    r"(?:/|$)"
)
_HTML: Final = "text/html; charset=utf-8"
_NOT_BUILT: Final = b"""<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Aftercall</title>
<h1>Aftercall is running</h1>
<p>Its pages are not built. Install Node 20 or later, run <code>make pages</code>, and start it
again. The API is documented at <a href="/docs">/docs</a>.</p></html>
"""


class Pages:
    """Serves the dashboard to GET and HEAD at every path that nothing else serves."""

    def __init__(self, folder: Path) -> None:
        self._assets = StaticFiles(folder)

    def is_for(self, method: str, path: str) -> bool:
        """Whether a request is one for the pages."""
        return method in {"GET", "HEAD"} and _RESERVED.match(path) is None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request: Any = scope
        path: str = request["path"]
        asset = self._assets.find(path.lstrip("/"))
        if asset is not None and not path.endswith(".html"):
            await answer_asset(asset, scope, send)
            return
        if "." in path.rpartition("/")[2] or not (path == "/" or _takes_html(scope)):
            await answer_bytes(send, 404, b"There is no such file.\n", "text/plain; charset=utf-8")
            return
        index = self._assets.find("index.html")
        extra = (
            (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
            (b"cross-origin-opener-policy", b"same-origin"),
            (b"referrer-policy", b"no-referrer"),
            (b"x-frame-options", b"DENY"),
        )
        if index is None:
            await answer_bytes(send, 503, _NOT_BUILT, _HTML, *extra)
            return
        own = {name for name, _ in extra}
        headers = tuple(header for header in index.headers if header[0] not in own)
        page = type(index)(index.body, index.etag, headers)
        await answer_asset(page, scope, send, *extra)


def _takes_html(scope: Scope) -> bool:
    """Whether the client is a browser that opens a page; others get their 404 without HTML."""
    accept = headers_of(scope).get(b"accept", b"*/*")
    return b"text/html" in accept
