"""The door of the web server: which paths are served, how much may be sent, what the browser may do with the page."""

from __future__ import annotations

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

BODY_LIMIT = 1_000_000  # bytes

# What the page and the public endpoint use. Everything else that Gradio serves (uploads, files, proxies) stays shut.
_SERVED = re.compile(
    r"/(?:(?:assets|static)/.+|config|theme\.css|manifest\.json|favicon\.ico|robots\.txt|gradio_api/(?:"
    r"info|app_id|startup-events|heartbeat/[^/]+|queue/(?:join|data)|cancel|reset|"
    r"(?:call(?:/v2)?|run|api)/ask(?:/[^/]+)?))?/?"
)

# Gradio's own page needs inline scripts and styles. Handlers in attributes, and all that is elsewhere, stay forbidden.
_POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; script-src-attr 'none'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; font-src 'self' data:; connect-src 'self'; manifest-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'self'"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


class Guard:
    """ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse what is not served or too long; add the security headers to everything."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._answer(scope, receive, _with_headers(scope, send))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        length = Headers(scope=scope).get("content-length", "0")
        if not _SERVED.fullmatch(scope["path"]):
            await JSONResponse({"detail": "not served here"}, 404)(scope, receive, send)
        elif not re.fullmatch("[0-9]{1,12}", length) or int(length) > BODY_LIMIT:
            detail = f"the request is too long, expected at most {BODY_LIMIT:,} bytes"
            await JSONResponse({"detail": detail}, 413)(scope, receive, send)
        else:
            await self._app(scope, _limited(receive), send)


def _limited(receive: Receive) -> Receive:
    """Count what arrives, for a body that declares no length."""
    received = 0

    async def limited() -> Message:
        nonlocal received
        message = await receive()
        received += len(message.get("body", b""))
        if received > BODY_LIMIT:
            raise HTTPException(413, "the request is too long")
        return message

    return limited


def _with_headers(scope: Scope, send: Send) -> Send:
    """Add the headers; what is no fixed file is not to be kept by the browser either."""
    is_file = scope["path"].startswith(("/assets/", "/static/"))

    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(_HEADERS if is_file else {**_HEADERS, "Cache-Control": "no-store"})
        await send(message)

    return with_headers
