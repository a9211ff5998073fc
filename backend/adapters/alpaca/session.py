"""How this package talks HTTP: a time-out on every request, no hidden repetition, failures read once.

It is alpaca-py's own REST client, the one below its TradingClient and its data clients. Those import pandas for models
that are not used here, and a cold start would wait a quarter of a second for it and carry 37 MB more.

alpaca-py sends without a time-out and repeats every method, POST included, on 429 and 504. Both are undone
here; what may be repeated says so itself.
"""

import json
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Literal

from backend.domain.errors import ConfigurationError, MaestroError

READ_ATTEMPTS = 3
LONGEST_CONNECT_SECONDS = 5.0
NOT_FOUND = 40410000
_CANNOT_CARRY = 40310000  # the account lacks the buying power or the shares

Method = Literal["GET", "POST", "DELETE"]


class CallFailed(MaestroError):
    """A call that brought no usable answer; always translated before it leaves this package.

    Parameters
    ----------
    found : what came instead of an answer
    status : HTTP status; None when no whole HTTP answer came
    code : Alpaca's error code, where it sent one
    is_document : whether the body was Alpaca's JSON object, and not a proxy's page
    """

    def __init__(
        self, found: str, *, status: int | None = None, code: int | None = None, is_document: bool = False
    ) -> None:
        super().__init__(found)
        self.status = status
        self.code = code
        self.is_document = is_document

    @property
    def is_doubtful(self) -> bool:
        """Whether the venue may have acted, or may answer when it is asked again."""
        return self.status is None or self.status in (408, 429) or not 400 <= self.status < 500

    @property
    def is_refusal(self) -> bool:
        """Whether the credentials were refused."""
        return self.status in (401, 403) and self.code != _CANNOT_CARRY


def unheard() -> None:
    """Tell nobody that the credentials were refused."""


def trading_client(key: str, secret: str, *, paper: bool, url: str | None) -> Any:
    """Return alpaca-py's client of the paper account or of the live one, or of another server at ``url``."""
    from alpaca.common.enums import BaseURL
    from alpaca.common.rest import RESTClient

    base_url = url or (BaseURL.TRADING_PAPER if paper else BaseURL.TRADING_LIVE)
    return RESTClient(base_url, key, secret, api_version="v2", sandbox=paper, raw_data=True)


def data_client(key: str, secret: str, *, api_version: str, url: str | None) -> Any:
    """Return alpaca-py's client of one of the APIs of market data, which differ by their version."""
    from alpaca.common.enums import BaseURL
    from alpaca.common.rest import RESTClient

    return RESTClient(url or BaseURL.DATA, key, secret, api_version=api_version, raw_data=True)


class AlpacaSession:
    """One alpaca-py client, kept connected.

    Parameters
    ----------
    client : an alpaca-py REST client with ``raw_data=True``
    timeout_seconds : how long to wait for each read from the venue; connecting waits 5 s at most
    sleep : waits between repeated reads
    on_refused : called whenever the venue refuses the credentials, before the error is raised
    """

    def __init__(
        self,
        client: Any,
        *,
        timeout_seconds: float,
        sleep: Callable[[float], None],
        on_refused: Callable[[], None] = unheard,
    ) -> None:
        if not timeout_seconds > 0:
            raise ConfigurationError(f"timeout_seconds: expected above 0, found {timeout_seconds}; correct the setting")
        self._client = client
        self._sleep = sleep
        self._on_refused = on_refused
        # The client offers neither a time-out nor an end to its repetitions in its constructor.
        timeout = (min(timeout_seconds, LONGEST_CONNECT_SECONDS), timeout_seconds)
        client._session.request = partial(client._session.request, timeout=timeout)
        client._retry = 0

    def send(self, method: Method, path: str, data: Mapping[str, Any] | None = None) -> Any:
        """Send one request, once, and return the decoded JSON.

        Raises
        ------
        CallFailed
            Anything but a success whose body is JSON.
        """
        from alpaca.common.exceptions import APIError
        from requests.exceptions import RequestException

        by_method = {"GET": self._client.get, "POST": self._client.post, "DELETE": self._client.delete}
        try:
            return by_method[method](path, data if data is None else dict(data))
        except APIError as e:
            failure = _read_failure(e.status_code, str(e))
            if failure.is_refusal:
                self._on_refused()
            raise failure from e
        except RequestException as e:
            raise CallFailed(f"{type(e).__name__}: {e}") from e

    def send_repeatedly(
        self, method: Literal["GET", "DELETE"], path: str, data: Mapping[str, Any] | None = None
    ) -> Any:
        """Send a request that may arrive twice, up to three times while its outcome is in doubt."""
        from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential

        attempts = Retrying(
            retry=retry_if_exception(lambda e: isinstance(e, CallFailed) and e.is_doubtful),
            stop=stop_after_attempt(READ_ATTEMPTS),
            wait=wait_exponential(multiplier=0.1, max=2.0),
            sleep=self._sleep,
            reraise=True,
        )
        return attempts(self.send, method, path, data)

    def close(self) -> None:
        """Close the connections that wait for the next request; one after this opens its own."""
        self._client._session.close()


def _read_failure(status: int | None, body: str) -> CallFailed:
    try:
        document = json.loads(body)
    except json.JSONDecodeError:
        document = None
    if not isinstance(document, dict) or "message" not in document:
        return CallFailed(f"HTTP {status}: {body[:200]!r}", status=status)
    code = document.get("code")
    return CallFailed(
        f"HTTP {status}: {document['message']}" + (f" (code {code})" if code is not None else ""),
        status=status,
        code=code if isinstance(code, int) else None,
        is_document=True,
    )
