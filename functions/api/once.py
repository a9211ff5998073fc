"""Carry a write out exactly once under its key.

1. a receipt that is there already has the answer, whatever has changed since: nothing is asked of the deed first;
2. else the deed's one commit creates the receipt, too; of two deliveries one commits, the other finds the receipt;
3. what is left to be seen to is done by whoever comes to it, twice if need be, and the first to finish sets the answer.

A request that is refused leaves no receipt, for it has changed nothing: it may be sent again.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any

from backend.domain.errors import RequestAnswered, StoreUnavailable
from backend.domain.receipt import WriteRequest
from backend.ports.receipts import Receipts
from functions.api.calls import Deed


def carried_out(request: WriteRequest, prepared: Callable[[], Deed], receipts: Receipts) -> Mapping[str, Any]:
    """Return the answer to a write that was carried out, now or before; ``prepared`` may refuse one that was not.

    Raises
    ------
    KeyReused
        The key was used for another request.
    MaestroError
        Nothing was changed, or the same request sent again finds out what was.
    """
    receipt = receipts.find(request)
    if receipt is not None and receipt.is_final:
        return receipt.answer
    deed = prepared()
    if receipt is None:
        once = receipts.once(request, deed.wording, is_final=deed.follow is None)
        with suppress(RequestAnswered):
            once.keep(deed.order(once))
        receipt = receipts.find(request)
    if receipt is None:
        raise StoreUnavailable("expected the receipt that was just written, found none; send the request again")
    if not receipt.is_final and deed.follow is not None:
        receipt = receipts.finish(request, receipt, deed.follow(receipt.answer))
    return receipt.answer
