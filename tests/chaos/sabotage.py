"""Engines that are broken on purpose, each in one way: what the oracle must not overlook."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from backend.adapters.documents.seam import StoredDocument, Write, WriteKind
from backend.domain.account import Account
from backend.domain.order import BrokerOrder, ClientOrderId, OrderIntent, Side
from tests.chaos.child import Parts

_TRADING = "/state/trading"


class _Altered:
    """A part with some of its methods in other hands."""

    def __init__(self, inner: Any, **methods: Callable[..., Any]) -> None:
        self._inner = inner
        self._methods = methods

    def __getattr__(self, name: str) -> Any:
        return self._methods.get(name) or getattr(self._inner, name)


def sends_twice(parts: Parts) -> Parts:
    """Send every order again, under another id."""

    def submit(intent: OrderIntent) -> BrokerOrder:
        answer = parts.broker.submit(intent)
        parts.broker.submit(replace(intent, client_order_id=ClientOrderId(f"{intent.client_order_id}-2")))
        return answer

    return _with_broker(parts, submit=submit)


def sends_double(parts: Parts) -> Parts:
    """Send every order under its id, for twice its size."""

    def submit(intent: OrderIntent) -> BrokerOrder:
        sizes = {name: size * 2 for name in ("quantity", "notional") if (size := getattr(intent, name)) is not None}
        return parts.broker.submit(replace(intent, **sizes))

    return _with_broker(parts, submit=submit)


def finds_nothing(parts: Parts) -> Parts:
    """Take every order that is looked up for one that never arrived."""
    return _with_broker(parts, find=lambda _: None)


def overspends(parts: Parts) -> Parts:
    """Take the account for three times as rich as it is."""

    def account() -> Account:
        found = parts.broker.account()
        return replace(found, equity=found.equity * 3, buying_power=found.buying_power * 3)

    return _with_broker(parts, account=account)


def drops_fills(parts: Parts) -> Parts:
    """Leave fills out of the ledger."""
    return _with_writes(parts, lambda writes: [each for each in writes if "/ledger_trades/" not in each.path])


def shortens_fills(parts: Parts) -> Parts:
    """Book a share less than was executed."""
    return _with_writes(
        parts, _changing("/ledger_trades/", lambda fields: {**fields, "qty": str(Decimal(fields["qty"]) - 1)})
    )


def loses_orders(parts: Parts) -> Parts:
    """Decide on orders and write none of them down."""
    return _with_writes(parts, lambda writes: [each for each in writes if "/orders/" not in each.path])


def changes_nonces(parts: Parts) -> Parts:
    """Write orders down with another nonce than that of their decision."""
    return _with_writes(parts, _changing("/orders/", lambda fields: {**fields, "nonce": "0" * 32}))


def keeps_reservations(parts: Parts) -> Parts:
    """Never free what an order reserved, in the trading document."""

    def kept(write: Write) -> Write:
        before = parts.documents.read([write.path]).get(write.path)
        working = {**(before.fields["working"] if before else {}), **write.fields["working"]}
        reserved = sum((Decimal(each["reserved"]) for each in working.values()), Decimal(0))
        return replace(write, fields={**write.fields, "working": working, "reserved": str(reserved)})

    return _with_writes(
        parts,
        lambda writes: [kept(each) if each.path.endswith("/state/trading") else each for each in writes],
    )


def ignores_versions(parts: Parts) -> Parts:
    """Write over whatever another process wrote meanwhile."""
    return _with_writes(
        parts,
        lambda writes: [
            replace(each, version=None, kind=WriteKind.REPLACE if each.kind is WriteKind.CREATE else each.kind)
            for each in writes
        ],
    )


def raises_by_mistake(parts: Parts) -> Parts:
    """Fail with what is none of our errors."""

    def submit(intent: OrderIntent) -> BrokerOrder:
        raise ZeroDivisionError(intent.client_order_id)

    return _with_broker(parts, submit=submit)


def ignores_halts(parts: Parts) -> Parts:
    """Take trading for unrestricted, whatever stands in the store."""

    def loosened(found: StoredDocument) -> StoredDocument:
        return replace(found, fields={**found.fields, "restrictions": {}, "state": "ACTIVE", "reason": ""})

    def read(wanted: Sequence[str]) -> dict[str, StoredDocument]:
        found = parts.documents.read(wanted)
        return {path: loosened(each) if path.endswith(_TRADING) else each for path, each in found.items()}

    return replace(parts, documents=_Altered(parts.documents, read=read))


def never_looks_again(parts: Parts) -> Parts:
    """Take trading to be for ever as it was at the first look."""
    first: dict[str, StoredDocument] = {}

    def read(wanted: Sequence[str]) -> dict[str, StoredDocument]:
        found = parts.documents.read(wanted)
        first.update({path: each for path, each in found.items() if path.endswith(_TRADING) and path not in first})
        return found | {path: first[path] for path in wanted if path in first}

    return replace(parts, documents=_Altered(parts.documents, read=read))


def forgets_commands(parts: Parts) -> Parts:
    """Obey commands, and leave them out of the log."""
    return _with_writes(parts, lambda writes: [each for each in writes if "/audit_log/" not in each.path])


def numbers_twice(parts: Parts) -> Parts:
    """Give commands the number of the entry before them."""
    return _with_writes(
        parts, _changing("/audit_log/", lambda fields: {**fields, "sequence": int(fields["sequence"]) - 1})
    )


def rewords_commands(parts: Parts) -> Parts:
    """Log something else than what the hash of the entry covers."""
    return _with_writes(
        parts, _changing("/audit_log/", lambda fields: {**fields, "body": fields["body"].replace("chaos", "somebody")})
    )


def forgets_what_to_sell(parts: Parts) -> Parts:
    """Log that strategies are to be sold out, and take the matter for settled."""
    return _with_writes(parts, _changing(_TRADING, lambda fields: {**fields, "liquidation": {}}))


def sells_more(parts: Parts) -> Parts:
    """Sell five shares more than were decided."""

    def submit(intent: OrderIntent) -> BrokerOrder:
        is_exit = intent.side is Side.SELL and intent.quantity is not None
        return parts.broker.submit(replace(intent, quantity=intent.quantity + 5) if is_exit else intent)

    return _with_broker(parts, submit=submit)


def _with_broker(parts: Parts, **methods: Callable[..., Any]) -> Parts:
    broker: Any = _Altered(parts.broker, **methods)
    return replace(parts, broker=broker)


def _with_writes(parts: Parts, change: Callable[[Sequence[Write]], Sequence[Write]]) -> Parts:
    return replace(
        parts, documents=_Altered(parts.documents, commit=lambda writes: parts.documents.commit(change(writes)))
    )


def _changing(part: str, change: Callable[[Any], Any]) -> Callable[[Iterable[Write]], list[Write]]:
    def changed(writes: Iterable[Write]) -> list[Write]:
        return [replace(each, fields=change(each.fields)) if part in each.path else each for each in writes]

    return changed
