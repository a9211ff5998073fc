"""A loopback SMTP server that takes every message and keeps it."""

import socketserver
from dataclasses import dataclass, field
from threading import Thread
from types import TracebackType
from typing import Self


@dataclass(slots=True)
class Letter:
    """One message as it came over the wire."""

    sender: str = ""
    recipients: list[str] = field(default_factory=list)
    content: str = ""


class SmtpSink:
    """Speaks as much of RFC 5321 as a client needs to hand a message over; ``answer`` is what DATA ends with."""

    def __init__(self, answer: str = "250 taken") -> None:
        self.letters: list[Letter] = []
        self.answer = answer
        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def port(self) -> int:
        port: int = self._server.server_address[1]
        return port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _handler(self) -> type[socketserver.StreamRequestHandler]:
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 sink")
                letter = Letter()
                while line := self.rfile.readline().decode().strip():
                    verb = line.upper()
                    if verb.startswith("MAIL FROM:"):
                        letter.sender = line[10:].split(">")[0].lstrip("<")
                    elif verb.startswith("RCPT TO:"):
                        letter.recipients.append(line[8:].split(">")[0].lstrip("<"))
                    elif verb == "DATA":
                        self._say("354 go on")
                        letter.content = "".join(iter(lambda: self.rfile.readline().decode(), ".\r\n"))
                        sink.letters.append(letter)
                        self._say(sink.answer)
                        continue
                    elif verb == "QUIT":
                        self._say("221 bye")
                        return
                    self._say("250 ok")

            def _say(self, text: str) -> None:
                self.wfile.write(f"{text}\r\n".encode())

        return Handler
