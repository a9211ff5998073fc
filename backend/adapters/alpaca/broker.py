"""Alpaca as the venue: reads are repeated while in doubt, an order is sent exactly once.

What an answer to a sent order means: HTTP 401 and 403 without Alpaca's own code, BrokerRefused · a taken
client_order_id, DuplicateOrder · any other refusal in Alpaca's words, OrderRejected · everything else
(time-out, connection lost, 408, 429, 5xx, redirection, not JSON, not an order), OrderUnresolved.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

from backend.adapters.alpaca.documents import read_account, read_asset, read_order, to_document
from backend.adapters.alpaca.failures import read_error, refused
from backend.adapters.alpaca.session import NOT_FOUND, AlpacaSession, CallFailed, trading_client, unheard
from backend.domain.account import Account, Asset
from backend.domain.errors import BrokerError, BrokerUnavailable, DuplicateOrder, OrderRejected, OrderUnresolved
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent
from backend.domain.signal import Symbol

_CONCURRENT_READS = 8


class AlpacaBroker:
    """``Broker`` on alpaca-py's REST client.

    Parameters
    ----------
    key, secret : Alpaca's credentials
    paper : paper account (default) or live
    url : another server that speaks Alpaca's REST, such as ``http://127.0.0.1:8765``
    timeout_seconds : how long to wait for each answer
    sleep : waits between repeated reads
    on_refused : called whenever Alpaca refuses the credentials
    """

    def __init__(
        self,
        key: str,
        secret: str,
        *,
        paper: bool = True,
        url: str | None = None,
        timeout_seconds: float = 10.0,
        sleep: Callable[[float], None] = time.sleep,
        on_refused: Callable[[], None] = unheard,
    ) -> None:
        client = trading_client(key, secret, paper=paper, url=url)
        self._session = AlpacaSession(client, timeout_seconds=timeout_seconds, sleep=sleep, on_refused=on_refused)
        self._assets: dict[Symbol, Asset] = {}

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def account(self) -> Account:
        return read_account(self._read("/account"), self._read("/positions"))

    def assets(self, symbols: Iterable[Symbol]) -> Mapping[Symbol, Asset]:
        wanted = list(dict.fromkeys(symbols))
        unknown = [symbol for symbol in wanted if symbol not in self._assets]
        if unknown:
            with ThreadPoolExecutor(min(_CONCURRENT_READS, len(unknown))) as pool:
                self._assets.update(zip(unknown, pool.map(self._asset, unknown), strict=True))
        return {symbol: self._assets[symbol] for symbol in wanted}

    def submit(self, intent: OrderIntent) -> BrokerOrder:
        try:
            answer = self._session.send("POST", "/orders", to_document(intent))
        except CallFailed as e:
            raise _submission_error(intent.client_order_id, e) from e
        try:
            return read_order(answer, intent.client_order_id)
        except BrokerUnavailable as e:
            raise _unresolved(intent.client_order_id, str(e)) from e

    def find(self, client_order_id: ClientOrderId) -> BrokerOrder | None:
        query = {"client_order_id": client_order_id}
        answer = self._read("/orders:by_client_order_id", query, is_optional=True)
        return None if answer is None else read_order(answer, client_order_id)

    def cancel(self, client_order_id: ClientOrderId) -> None:
        order = self.find(client_order_id)
        if order is None or order.status.is_final:
            return
        try:
            self._session.send_repeatedly("DELETE", f"/orders/{order.broker_order_id}")
        except CallFailed as e:
            if e.is_document and e.status in (404, 422):
                return  # it became final between the two requests
            raise read_error("cancel " + client_order_id, e) from e

    def _asset(self, symbol: Symbol) -> Asset:
        answer = self._read(f"/assets/{quote(symbol, safe='')}", is_optional=True)
        if answer is None:
            return Asset(symbol=symbol, is_tradable=False, is_fractionable=False)
        return read_asset(answer)

    def _read(self, path: str, query: Mapping[str, str] | None = None, *, is_optional: bool = False) -> object:
        """Read a document; where it ``is_optional``, None when the venue says that it has none."""
        try:
            answer: object = self._session.send_repeatedly("GET", path, query)
        except CallFailed as e:
            # A 404 that is not Alpaca's own, as of a wrong URL, proves nothing absent.
            if is_optional and e.status == 404 and e.code == NOT_FOUND:
                return None
            raise read_error(path, e) from e
        if answer is None:
            raise BrokerUnavailable(f"{path}: expected JSON, found an empty answer; check the URL")
        return answer


def _submission_error(client_order_id: ClientOrderId, failure: CallFailed) -> BrokerError:
    if failure.is_refusal:
        return refused(f"order {client_order_id}", failure)
    if failure.is_doubtful or not failure.is_document:
        return _unresolved(client_order_id, str(failure))
    text = str(failure).lower()
    if failure.status == 422 and "client_order_id" in text and "unique" in text:
        return DuplicateOrder(
            f"order {client_order_id}: expected a new client_order_id, found one that Alpaca has; look it up"
        )
    return OrderRejected(
        f"order {client_order_id}: expected Alpaca to accept it, found {failure}; Alpaca holds nothing"
    )


def _unresolved(client_order_id: ClientOrderId, found: str) -> OrderUnresolved:
    return OrderUnresolved(
        f"order {client_order_id}: expected Alpaca to accept or reject it, found {found}; "
        "do not send it again: look it up by its client_order_id"
    )
