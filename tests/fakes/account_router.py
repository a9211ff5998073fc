"""One address for many accounts, as Alpaca's is: a request goes to the paper broker of the key that it bears."""

from collections.abc import Collection, Mapping
from types import TracebackType

import httpx

from tests.fakes.http_server import Answer, Request, ScriptedServer, json_answer

_KEY = "apca-api-key-id"
_PASSED_ON = (_KEY, "apca-api-secret-key", "content-type")


class AccountRouter(ScriptedServer):
    """``urls`` are paper brokers by key. A key of ``hanging`` gets no answer, one that is unknown a 401."""

    def __init__(self, urls: Mapping[str, str], hanging: Collection[str] = ()) -> None:
        super().__init__()
        self._urls = dict(urls)
        self._hanging = frozenset(hanging)
        self._client = httpx.Client(timeout=30.0)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        self._client.close()

    def answer_to(self, request: Request) -> Answer:
        key = request.headers.get(_KEY, "")
        if key in self._hanging:
            return Answer(hangs=True)
        if key not in self._urls:
            return json_answer({"code": 40110000, "message": "request is not authorized"}, status=401)
        headers = {name: request.headers[name] for name in _PASSED_ON if name in request.headers}
        found = self._client.request(
            request.method, self._urls[key] + request.path, headers=headers, content=request.body
        )
        return Answer(
            status=found.status_code, body=found.text, headers={"Content-Type": found.headers.get("Content-Type", "")}
        )
