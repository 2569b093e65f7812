"""The API's documentation: the OpenAPI document and a page that shows it.

The page is our own, a screenful of JavaScript, so that it works without asking anybody else.
"""

from pathlib import Path
from typing import Final

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State

from aftercall.web.http.errors import JSON

_FOLDER: Final = Path(__file__).parent / "docs_page"
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "base-uri 'none'; frame-ancestors 'none'"
)
_TYPES: Final = {
    "page.html": "text/html; charset=utf-8",
    "page.js": "text/javascript; charset=utf-8",
    "page.css": "text/css; charset=utf-8",
}


def _file(name: str) -> Response[bytes]:
    headers = {"content-type": _TYPES[name], "content-security-policy": _POLICY}
    return Response((_FOLDER / name).read_bytes(), headers=headers)


@get("/docs", sync_to_thread=False)
def page() -> Response[bytes]:
    return _file("page.html")


@get("/docs/page.js", sync_to_thread=False)
def script() -> Response[bytes]:
    return _file("page.js")


@get("/docs/page.css", sync_to_thread=False)
def style() -> Response[bytes]:
    return _file("page.css")


@get("/docs/openapi.json", sync_to_thread=False)
def document(request: Request[None, None, State]) -> Response[bytes]:
    return Response(msgspec.json.encode(request.app.state.document), media_type=JSON)


handlers = (page, script, style, document)
