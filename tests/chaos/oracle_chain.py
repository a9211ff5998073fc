"""What the one chain of decisions and commands must be, and must not say after an operator has stopped trading."""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

from backend.domain.audit import AuditEntry
from backend.domain.tick import LogEntry
from backend.domain.trading_state import GENESIS_HASH
from tests.chaos.errands import ALL, named
from tests.chaos.records import Link, Records


def chain_differences(records: Records) -> Iterator[str]:
    """Name every entry that does not follow the one before it, or is not what its hash covers."""
    head = GENESIS_HASH
    for number, link in enumerate(records.chain, start=1):
        if link.sequence != number or link.entry.body["sequence"] != number:
            yield f"{link.path}: is number {link.sequence}, expected {number}"
        if link.previous_hash != head:
            yield f"{link.path}: follows {link.previous_hash[:12]}, expected {head[:12]}"
        if link.entry_hash != sha256((link.previous_hash + link.text).encode()).hexdigest():
            yield f"{link.path}: its hash is not that of what it says"
        head = link.entry_hash
    if (records.trading.log_count, records.trading.log_head) != (len(records.chain), head):
        yield (
            f"the trading document says {records.trading.log_count} entries up to {records.trading.log_head[:12]}, "
            f"found {len(records.chain)} up to {head[:12]}"
        )


def decided_after_halt(records: Records) -> Iterator[str]:
    """Name what was decided while an operator had trading stopped, but for the exits that he had ordered.

    Whoever has everything sold lets no entry in either, until he resumes; nor does a breaker, which no history resets.
    """
    is_halted = is_reducing = is_tripped = False
    ordered: frozenset[tuple[str, str]] = frozenset()
    for link in records.chain:
        entry = link.entry
        is_tripped |= any(_trips(link))
        match entry:
            case AuditEntry(kind="halt"):
                is_halted = True
            case AuditEntry(kind="flatten"):
                is_reducing |= entry.reason.split()[0] == ALL
            case AuditEntry(kind="resume"):
                is_halted = is_reducing = False
            case LogEntry() if is_halted or is_reducing or is_tripped:
                for order in entry.body["orders"]:
                    is_exit = order["side"] == "sell"
                    if not is_exit or (is_halted and (entry.portfolio_id, order["strategy_name"]) not in ordered):
                        yield f"{entry.log_id}, number {link.sequence}: {order}"
                yield from (f"{entry.log_id}, number {link.sequence}: {cross}" for cross in entry.body["crosses"])
        ordered = _ordered(ordered, link)


def sent_after_halt(records: Records, late: list[str]) -> Iterator[str]:
    """Name the orders of ``late`` requests that no flatten had ordered."""
    ordered = frozenset().union(*(named(entry.reason) for entry in commands(records, "flatten")))
    whose = {
        order["client_order_id"]: (entry.portfolio_id, order)
        for entry in records.decisions
        for order in entry.body["orders"]
    }
    for identifier in late:
        portfolio, order = whose.get(identifier, ("", _UNKNOWN))
        if order["side"] != "sell" or (portfolio, order["strategy_name"]) not in ordered:
            yield f"{identifier}: sent although trading was halted"


_UNKNOWN: Mapping[str, Any] = {"side": "", "strategy_name": ""}


def commands(records: Records, kind: str) -> list[AuditEntry]:
    """Return the commands of one kind, oldest first."""
    return [link.entry for link in records.chain if isinstance(link.entry, AuditEntry) and link.entry.kind == kind]


def still_ordered(records: Records) -> frozenset[tuple[str, str]]:
    """Return the strategies, by portfolio, that were ordered to be sold out since the last resume and stay out."""
    ordered: frozenset[tuple[str, str]] = frozenset()
    for link in records.chain:
        ordered = _ordered(ordered, link)
    return ordered


def _ordered(before: frozenset[tuple[str, str]], link: Link) -> frozenset[tuple[str, str]]:
    """Return whose sale is ordered after an entry; who was sold out alone may enter again, which ends the matter."""
    match link.entry:
        case AuditEntry(kind="flatten", reason=reason):
            return before | named(reason)
        case AuditEntry(kind="resume"):
            return frozenset()
        case LogEntry(portfolio_id=portfolio, body=body):
            buyers = [order["strategy_name"] for order in body["orders"] if order["side"] == "buy"]
            return before - {(portfolio, name) for name in (*buyers, *(cross["buyer"] for cross in body["crosses"]))}
    return before


def trips(records: Records) -> Iterator[str]:
    """Yield every breaker that tripped, in a tick or in a job."""
    for link in records.chain:
        yield from _trips(link)


def _trips(link: Link) -> list[str]:
    match link.entry:
        case LogEntry(body=body):
            return [each["breaker"] for each in body["trips"]]
        case AuditEntry(kind="breaker_tripped", body=body):
            return [body["facts"]["breaker"]]
    return []
