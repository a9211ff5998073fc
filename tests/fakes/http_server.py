"""A loopback HTTP server that gives the answers it was handed, and remembers what it was asked."""

import json
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One answer. ``hangs`` sends nothing at all, ``drips`` one byte every 20 ms for ever, ``drops`` hangs up."""

    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    hangs: bool = False
    drips: bool = False
    drops: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request; the names in ``headers`` in lower case."""

    method: str
    path: str
    body: str
    headers: dict[str, str]
    peer_port: int

    def json(self) -> Any:
        return json.loads(self.body)


def json_answer(document: object, status: int = 200) -> Answer:
    return Answer(status=status, body=json.dumps(document), headers={"Content-Type": "application/json"})


class ScriptedServer:
    """Gives ``answers`` in turn, then the last one again and again."""

    def __init__(self, *answers: Answer) -> None:
        self.requests: list[Request] = []
        self._answers = deque(answers)
        self._closing = Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def answer_to(self, request: Request) -> Answer:
        return self._answers.popleft() if len(self._answers) > 1 else self._answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                script._answer(self)

            do_POST = do_DELETE = do_GET  # noqa: N815 - the base class names them so

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
                pass

        return Handler

    def _answer(self, handler: BaseHTTPRequestHandler) -> None:
        length = int(handler.headers.get("Content-Length") or 0)
        request = Request(
            method=handler.command,
            path=handler.path,
            body=handler.rfile.read(length).decode(),
            headers={name.lower(): value for name, value in handler.headers.items()},
            peer_port=handler.client_address[1],
        )
        self.requests.append(request)
        answer = self.answer_to(request)
        handler.close_connection = answer.hangs or answer.drips or answer.drops
        if answer.hangs:
            self._closing.wait()
        elif not answer.drops:
            self._write(handler, answer)

    def _write(self, handler: BaseHTTPRequestHandler, answer: Answer) -> None:
        body = answer.body.encode()
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            handler.send_header(name, value)
        if answer.status != 204:
            handler.send_header("Content-Length", str(1_000_000 if answer.drips else len(body)))
        handler.end_headers()
        handler.wfile.write(body)
        try:
            while answer.drips and not self._closing.wait(0.02):
                handler.wfile.write(b" ")
        except ConnectionError:
            return  # the client went away, as it should
