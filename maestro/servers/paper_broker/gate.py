"""What stands before the routes: credentials, and faults on purpose."""

import asyncio
import base64
import binascii

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from maestro.servers.paper_broker.errors import Refusal
from maestro.servers.paper_broker.faults import Fault
from maestro.servers.paper_broker.requests import answer
from maestro.servers.paper_broker.venue import Venue

_HTML = b"<html><head><title>Bad gateway</title></head><body>upstream error</body></html>"
_MESSAGES = {
    401: "request is not authorized",
    403: "forbidden",
    422: "unprocessable entity",
    429: "rate limit exceeded",
    500: "internal server error occurred",
    504: "gateway timeout",
}


class Gate:
    """ASGI application around the routes; the control plane passes unhindered."""

    def __init__(self, app: ASGIApp, venue: Venue, is_stopping: asyncio.Event) -> None:
        self._app = app
        self._venue = venue
        self._is_stopping = is_stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].startswith("/_paper/"):
            await self._app(scope, receive, send)
            return
        fault = self._venue.faults.pick(scope["method"], scope["path"])
        if fault is not None:
            await self._fail(fault, scope, receive, send)
            return
        await self._handle(scope, receive, send)

    async def _handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        refusal = self._refusal(Headers(scope=scope))
        app = answer(refusal.to_document(), refusal.status) if refusal else self._app
        await app(scope, receive, send)

    def _refusal(self, headers: Headers) -> Refusal | None:
        key, secret = _credentials(headers)
        if self._venue.accepts(key, secret):
            return None
        if not key or not secret:
            return Refusal(401, 40110000, "request is not authorized")
        return Refusal(403, None, "forbidden.")

    async def _fail(self, fault: Fault, scope: Scope, receive: Receive, send: Send) -> None:
        match fault.action:
            case "status":
                await _failure(fault.status)(scope, receive, send)
            case "garbage":
                await Response(_HTML, fault.status, media_type="text/html")(scope, receive, send)
            case "drop-before":
                await _drop(scope, receive)
            case "timeout-after-accept":
                await self._handle(scope, receive, _withhold)
                await self._wait(fault.seconds, receive)
                await _drop(scope, receive)
            case "status-after-accept":
                await self._handle(scope, receive, _withhold)
                await _failure(fault.status)(scope, receive, send)
            case _:
                await self._hang(fault.seconds, scope, receive, send)

    async def _hang(self, seconds: float, scope: Scope, receive: Receive, send: Send) -> None:
        body = await _read(receive)
        if await self._wait(seconds, receive):
            await self._handle(scope, _replay(body, receive), send)
        else:
            await _drop(scope, receive)

    async def _wait(self, seconds: float, receive: Receive) -> bool:
        """Wait; False when the client left or the server stops before the time is up."""
        if not seconds:
            return True
        waiting = {asyncio.ensure_future(_departure(receive)), asyncio.ensure_future(self._is_stopping.wait())}
        done, pending = await asyncio.wait(waiting, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in pending:
            task.cancel()
        await asyncio.gather(*pending, return_exceptions=True)
        return not done


def _failure(status: int) -> Response:
    message = _MESSAGES.get(status, "fault on purpose")
    return answer({"code": status * 100_000 + 10_000, "message": message}, status)


def _credentials(headers: Headers) -> tuple[str, str]:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme == "Bearer":
        return token, token
    if scheme == "Basic":
        try:
            key, _, secret = base64.b64decode(token).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            # Unreadable credentials are none; the caller answers 401.
            return "", ""
        return key, secret
    return headers.get("apca-api-key-id", ""), headers.get("apca-api-secret-key", "")


async def _read(receive: Receive) -> bytes:
    body, has_more = b"", True
    while has_more:
        message = await receive()
        body += message.get("body", b"")
        has_more = bool(message.get("more_body", False))
    return body


def _replay(body: bytes, receive: Receive) -> Receive:
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replayed() -> Message:
        return messages.pop() if messages else await receive()

    return replayed


async def _departure(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _withhold(message: Message) -> None:
    """Take the answer and keep it."""


async def _drop(scope: Scope, receive: Receive) -> None:
    """Close the connection without an answer."""
    scope["state"]["transport"].abort()
    await _departure(receive)
