"""A queue that takes every task and delivers none: what firebase-admin needs to dispatch to on a machine of its own."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from uuid import uuid4

HOST_VARIABLE = "CLOUD_TASKS_EMULATOR_HOST"


class TaskQueueServer(ThreadingHTTPServer):
    """Counts what it takes; ``host`` is where."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Accepting)
        self.host = f"127.0.0.1:{self.server_address[1]}"
        self.taken = 0


@contextmanager
def task_queue() -> Iterator[TaskQueueServer]:
    """Answer as the emulator of Cloud Tasks does, for as long as this lasts."""
    server = TaskQueueServer()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Accepting(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        if isinstance(self.server, TaskQueueServer):
            self.server.taken += 1
        queue = self.path.partition("projects/")[2].removesuffix("/tasks")
        body = json.dumps({"task": {"name": f"/projects/{queue}/tasks/{uuid4().hex}"}}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""
