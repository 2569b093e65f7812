"""Built pages, served from memory with the headers they need."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from litestar.types import Receive, Scope, Send

MEDIA_TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".map": "application/json",
    ".txt": "text/plain; charset=utf-8",
}

FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_FIRST: Final = "no-cache"

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; media-src 'self' blob:; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'"
)

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Asset:
    """A file with the headers of its answer."""

    body: bytes
    etag: bytes
    headers: tuple[tuple[bytes, bytes], ...]


class StaticFiles:
    """The files of a folder, by their path in it; read once.

    A name the build made from the content (`assets/…`) may be kept for ever.
    """

    def __init__(self, folder: Path) -> None:
        self._by_path = {
            path.relative_to(folder).as_posix(): _read(path, folder)
            for path in sorted(folder.rglob("*"))
            if path.is_file() and path.suffix in MEDIA_TYPES
        }

    def find(self, path: str) -> Asset | None:
        return self._by_path.get(path)


def _read(path: Path, folder: Path) -> Asset:
    body = path.read_bytes()
    etag = b'"%s"' % hashlib.sha256(body).hexdigest()[:32].encode()
    is_named_by_content = path.relative_to(folder).parts[0] == "assets"
    headers = [
        (b"content-type", MEDIA_TYPES[path.suffix].encode()),
        (b"cache-control", (FOR_EVER if is_named_by_content else ASK_FIRST).encode()),
        (b"etag", etag),
        (b"x-content-type-options", b"nosniff"),
    ]
    if path.suffix == ".html":
        headers += [
            (b"content-security-policy", CONTENT_SECURITY_POLICY.encode()),
            (b"referrer-policy", b"no-referrer"),
        ]
    return Asset(body, etag, tuple(headers))


async def answer_asset(asset: Asset, scope: Scope, send: Send, *extra: tuple[bytes, bytes]) -> None:
    """Answers a GET or HEAD with the file, or with 304 if the caller has its current version."""
    asked = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    is_known = asset.etag in asked
    body = b"" if is_known or scope.get("method") == "HEAD" else asset.body
    length = (b"content-length", str(len(asset.body)).encode())
    await send(
        {
            "type": "http.response.start",
            "status": 304 if is_known else 200,
            "headers": [*asset.headers, *extra, *([] if is_known else [length])],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})


async def answer_bytes(
    send: Send, status: int, body: bytes, media_type: str, *extra: tuple[bytes, bytes]
) -> None:
    """Answers with something that was made for this request and is kept by nobody."""
    headers: Headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *extra,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": False})


class CollectorFiles:
    """Serves the collector's builds under `/collector/`, to pages of any origin."""

    def __init__(self, folder: Path) -> None:
        self._assets = StaticFiles(folder)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asset = self._assets.find(scope["path"].removeprefix("/collector/"))
        if asset is None or scope.get("method") not in {"GET", "HEAD"}:
            await answer_bytes(send, 404, b"There is no such file.\n", "text/plain; charset=utf-8")
            return
        extra = (
            (b"access-control-allow-origin", b"*"),
            (b"cross-origin-resource-policy", b"cross-origin"),
        )
        await answer_asset(asset, scope, send, *extra)
