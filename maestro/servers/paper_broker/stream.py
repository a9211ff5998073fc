"""The trade-updates stream: authenticate, listen, then JSON in binary frames, as Alpaca sends it."""

import asyncio
import json
from collections.abc import Callable, Mapping

from starlette.websockets import WebSocket, WebSocketDisconnect

from maestro.servers.paper_broker.documents import event_document
from maestro.servers.paper_broker.orders import OrderEvent
from maestro.servers.paper_broker.wire import encode


class TradeUpdates:
    """Hands every order event to each socket that listens, in the order they happened."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[bytes]] = set()

    def publish(self, event: OrderEvent) -> None:
        if not self._queues:
            return
        message = encode({"stream": "trade_updates", "data": event_document(event)})
        for queue in self._queues:
            queue.put_nowait(message)

    async def serve(self, socket: WebSocket, accepts: Callable[[str, str], bool]) -> None:
        """Speak with one client until it leaves."""
        await socket.accept()
        queue: asyncio.Queue[bytes] = asyncio.Queue()
        sender = asyncio.create_task(_send_all(socket, queue))
        try:
            await self._converse(socket, queue, accepts)
        except WebSocketDisconnect:
            return
        finally:
            self._queues.discard(queue)
            sender.cancel()
            await asyncio.gather(sender, return_exceptions=True)

    async def _converse(
        self, socket: WebSocket, queue: asyncio.Queue[bytes], accepts: Callable[[str, str], bool]
    ) -> None:
        is_authorized = False
        while True:
            request = await _receive(socket)
            action = request.get("action")
            if action in ("authenticate", "auth"):
                is_authorized = accepts(*_credentials(request))
                status = "authorized" if is_authorized else "unauthorized"
                await _send(socket, "authorization", {"action": "authenticate", "status": status})
            elif not is_authorized:
                await _send(socket, "authorization", {"action": str(action), "status": "unauthorized"})
            elif action == "listen":
                streams = _streams(request)
                # Listening first: no event between the answer and the first message may be lost.
                (self._queues.add if "trade_updates" in streams else self._queues.discard)(queue)
                await _send(socket, "listening", {"streams": streams})
            else:
                await _send(socket, "error", {"message": f"expected authenticate or listen, found {action}"})


async def _send_all(socket: WebSocket, queue: asyncio.Queue[bytes]) -> None:
    while True:
        await socket.send_bytes(await queue.get())


async def _receive(socket: WebSocket) -> Mapping[str, object]:
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message.get("code", 1000))
    try:
        request = json.loads(message.get("text") or message.get("bytes") or "")
    except ValueError:
        # Answered by _converse: an action that is neither of the two.
        return {"action": "what is not JSON"}
    return request if isinstance(request, Mapping) else {}


def _credentials(request: Mapping[str, object]) -> tuple[str, str]:
    data = request.get("data")
    if isinstance(data, Mapping):
        return str(data.get("key_id") or ""), str(data.get("secret_key") or "")
    return str(request.get("key") or ""), str(request.get("secret") or "")


def _streams(request: Mapping[str, object]) -> list[str]:
    data = request.get("data")
    streams = data.get("streams") if isinstance(data, Mapping) else None
    known = streams if isinstance(streams, list) else []
    return [stream for stream in known if stream == "trade_updates"]


async def _send(socket: WebSocket, stream: str, data: Mapping[str, object]) -> None:
    await socket.send_bytes(encode({"stream": stream, "data": data}))
