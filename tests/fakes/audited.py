"""A tenant's log with every kind of entry: ticks, commands between them, and signals that were only judged."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from backend.adapters.documents import Documents, DocumentStore
from backend.adapters.documents.audit_trail import DocumentAuditTrail
from backend.adapters.documents.seam import replace
from backend.domain.audit_chain import FindingKind
from backend.domain.command import Halt, Resume, TradingCommand
from backend.engine.audit import Verified, verify
from backend.engine.control import command
from tests.contract.orchestrating import orchestrate
from tests.fakes.cycle import HOLD, KEY, buy, sell
from tests.integration.engine.trading_days import MONDAY, TradingDays, utc

TENANT = KEY.tenant_id
ENTRIES = 6
DECISIONS, COMMANDS = f"tenants/{TENANT}/orchestration_logs", f"tenants/{TENANT}/audit_log"
COPIES = "systemStatus/orchestration_logs/logs"
TRADING = f"tenants/{TENANT}/state/trading"
NOT_COVERED = frozenset({"ai_summary", "summary_source", "correlation_id"})


def write_chain(documents: Documents) -> TradingDays:
    """Write six entries: a buy, a halt, a tick under it, the resumption, an exit, and judged signals."""
    days = TradingDays(DocumentStore(documents))
    days.tick(utc(MONDAY, 15), a=buy("AAPL", 0.3), b=HOLD)
    obey(documents, Halt(by="ann", reason="the news"), utc(MONDAY, 15, 1))
    days.tick(utc(MONDAY, 15, 2), a=buy("AAPL", 0.3), b=buy("MSFT", 0.1))
    obey(documents, Resume(by="ann", reason="it is over"), utc(MONDAY, 15, 3))
    days.tick(utc(MONDAY, 15, 4), a=sell("AAPL"), b=HOLD)
    orchestrate(documents, {"a": buy("AAPL", 0.3)})
    return days


def obey(documents: Documents, order: TradingCommand, at: datetime) -> None:
    command(order, tenant_id=TENANT, control=DocumentStore(documents), now=lambda: at)


def verified(documents: Documents, tenant: str = TENANT, **options: Any) -> Verified:
    return verify(DocumentAuditTrail(documents), tenant, **options)


def kinds(found: Verified) -> list[tuple[FindingKind, int | None]]:
    return [(each.kind, each.sequence) for each in found.findings]


def path_of(documents: Documents, collection: str, position: int = 0) -> str:
    """Name a document of a collection by its place in the chain."""
    found = [each for each in documents.query(collection) if each.fields["tenant_id"] == TENANT]
    return sorted(found, key=lambda each: each.fields["sequence"])[position].path


def fields_of(documents: Documents, path: str) -> dict[str, Any]:
    return dict(documents.read([path])[path].fields)


def set_field(documents: Documents, path: str, name: str, value: Any) -> None:
    documents.commit([replace(path, {**fields_of(documents, path), name: value})])


def remove_field(documents: Documents, path: str, name: str) -> None:
    documents.commit([replace(path, {key: value for key, value in fields_of(documents, path).items() if key != name})])


def delete(store: Path, path: str) -> None:
    """Delete a document behind Maestro's back, which itself never deletes one."""
    with closing(sqlite3.connect(store)) as connection, connection:
        assert connection.execute("DELETE FROM documents WHERE path = ?", (path,)).rowcount == 1


def altered(value: Any) -> Any:
    """Return a value of the same type that says something else."""
    match value:
        case bool():
            return not value
        case int() | float():
            return value + 1
        case datetime():
            return value + timedelta(seconds=1)
        case bytes():
            return value[:-1] + bytes([value[-1] ^ 1]) if value else b"\x00"
        case str():
            return _altered_text(value)
        case Mapping():
            return {**value, "forged": True}
        case _:
            return [*value, *value] if value else [{"forged": True}]


def _altered_text(value: str) -> str:
    try:
        return (datetime.fromisoformat(value) + timedelta(seconds=1)).isoformat()
    except ValueError:
        return f"{value[:-1]}{'0' if value.endswith('1') else '1'}" if value else "forged"
