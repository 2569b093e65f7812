"""The documentation: the OpenAPI document, Swagger UI as a page of our own, and the guide.

The pages are built into the package and ask nobody but this server.
"""

import gzip
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
from litestar import Request, Response, get
from litestar.datastructures import State

from aftercall.core.errors import NotFound
from aftercall.web.http.dependencies import PathId
from aftercall.web.http.errors import JSON
from aftercall.web.http.static_files import FOR_EVER, MEDIA_TYPES

FOLDER: Final = Path(__file__).parents[2] / "_static" / "docs"
"""Where `pages/docs` is built to."""

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
_NOT_BUILT: Final = (
    b"The page is not built. Install Node 20 or later and run `make pages`.\n"
    b"The document itself is at /docs/openapi.json.\n"
)


@cache
def _files() -> dict[str, bytes]:
    """The page's files by path, read when the page is first opened."""
    found = (path for path in FOLDER.rglob("*") if path.suffix in MEDIA_TYPES)
    return {path.relative_to(FOLDER).as_posix(): path.read_bytes() for path in found}


@cache
def _gzipped(name: str) -> bytes:
    return gzip.compress(_files()[name], mtime=0)


@get("/docs", sync_to_thread=False)
def page() -> Response[bytes]:
    return _page("index.html")


@get(["/docs/guide", "/docs/guide/{folder:str}/{name:str}"], sync_to_thread=False)
def guide() -> Response[bytes]:
    """The guide; which of its texts is shown is read from the address by the page."""
    return _page("guide.html")


def _page(name: str) -> Response[bytes]:
    content = _files().get(name)
    if content is None:
        return Response(_NOT_BUILT, status_code=503, media_type=MEDIA_TYPES[".txt"])
    headers = {"content-security-policy": CONTENT_SECURITY_POLICY, "cache-control": "no-cache"}
    return Response(content, media_type=MEDIA_TYPES[".html"], headers=headers)


@get("/docs/assets/{name:str}", sync_to_thread=True)
def asset(request: Request[Any, Any, Any], name: PathId) -> Response[bytes]:
    path = f"assets/{name}"
    if path not in _files():
        raise NotFound("There is no such file", code="no_route")
    headers = {"cache-control": FOR_EVER, "vary": "accept-encoding"}
    if "gzip" in request.headers.get("accept-encoding", ""):
        content = _gzipped(path)
        headers["content-encoding"] = "gzip"
    else:
        content = _files()[path]
    return Response(content, media_type=MEDIA_TYPES[Path(name).suffix], headers=headers)


@get("/docs/openapi.json", sync_to_thread=False)
def document(request: Request[None, None, State]) -> Response[bytes]:
    return Response(msgspec.json.encode(request.app.state.document), media_type=JSON)


handlers = (page, guide, asset, document)
