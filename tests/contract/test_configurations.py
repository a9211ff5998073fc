"""A tenant's configuration: numbered versions, one writer at a time, and an entry in the chain for each."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.adapters.documents import Documents, DocumentStore, paths
from backend.adapters.documents.audit_trail import DocumentAuditTrail
from backend.adapters.documents.configuration_documents import DocumentConfigurations
from backend.adapters.documents.seam import replace
from backend.domain.audit import AuditKind
from backend.domain.command import Halt
from backend.domain.configuration_version import Change
from backend.domain.errors import CommitConflict, ConfigurationError, StoreCorrupt
from backend.domain.policy import DecisionPolicy
from backend.engine.configuring import Configured, Order, configure
from backend.engine.control import command

NOW = datetime(2026, 3, 2, 15, 30, tzinfo=UTC)


def changed(configurations: Any, by: str = "ann", **blocks: Mapping[str, Any]) -> Configured:
    order = Order(
        tenant_id="acme",
        by=by,
        reason="board",
        change=lambda values: {**values, **{k: dict(v) for k, v in blocks.items()}},
    )
    return configure(order, configurations, defaults=DecisionPolicy(), now=lambda: NOW)


def test_configuration_versions_count_from_one_and_keep_who_and_why(documents: Documents) -> None:
    configurations = DocumentConfigurations(documents)
    assert configurations.configuration("acme").number == 0
    assert changed(configurations, risk={"max_portfolio_drawdown": 0.1}).number == 1
    second = changed(configurations, by="bob", allocation={"method": "risk_parity"})
    assert second.changes == (Change(key="allocation.method", before=None, after="risk_parity"),)
    newest, first = configurations.versions("acme", last=5)
    assert (newest.number, newest.updated_by, newest.reason, newest.updated_at) == (2, "bob", "board", NOW)
    assert first.values == {"risk": {"max_portfolio_drawdown": 0.1}}
    assert newest.values == {**first.values, "allocation": {"method": "risk_parity"}}
    assert [each.number for each in configurations.versions("acme", last=1)] == [2]


def test_configuration_change_drops_the_overrides_that_have_ended(documents: Documents) -> None:
    configurations = DocumentConfigurations(documents)

    def override(hours: int) -> dict[str, str]:
        until = NOW + timedelta(hours=hours)
        return {"mode": "ACTIVE", "until": until.isoformat(), "reason": "board", "by": "ann"}

    both = {"a": override(-1), "b": override(1)}
    configurations_before = {"scoring": {"min_returns": 7, "mode_overrides": both}}
    documents.commit([replace(paths.configuration("acme"), configurations_before)])
    assert changed(configurations, scoring=configurations_before["scoring"]).number == 0  # no change, nothing written
    done = changed(configurations, risk={"gross_limit": 0.5})
    assert done.values["scoring"] == {"min_returns": 7, "mode_overrides": {"b": both["b"]}}
    assert [each.key for each in done.changes] == [
        "risk.gross_limit",
        *(f"scoring.mode_overrides.a.{each}" for each in ("by", "mode", "reason", "until")),
    ]
    alone = changed(configurations, scoring={"mode_overrides": {"a": both["a"]}})
    assert alone.values == {"risk": {"gross_limit": 0.5}}  # what has ended is not even stored


def test_configuration_change_stands_in_the_audit_chain(documents: Documents) -> None:
    changed(DocumentConfigurations(documents), risk={"gross_limit": 0.5})
    trading, _ = DocumentStore(documents).trading("acme")
    (entry,) = DocumentAuditTrail(documents).commands("acme", last=5)
    assert (entry.kind, entry.actor, entry.sequence, trading.log_head) == (
        AuditKind.CONFIGURED,
        "ann",
        1,
        entry.entry_hash,
    )
    assert entry.body["facts"] == {
        "version": 1,
        "changes": [{"key": "risk.gross_limit", "before": None, "after": 0.5}],
    }


def test_configuration_that_changes_nothing_is_not_written(documents: Documents) -> None:
    configurations = DocumentConfigurations(documents)
    changed(configurations, risk={"gross_limit": 0.5})
    assert changed(configurations, risk={"gross_limit": 0.5}) == Configured(
        number=1, values={"risk": {"gross_limit": 0.5}}, changes=()
    )
    assert len(configurations.versions("acme", last=5)) == 1


@pytest.mark.parametrize(
    ("blocks", "words"),
    [
        ({"risk": {"gros_limit": 0.5}}, "did you mean risk.gross_limit"),
        ({"risk": {"gross_limit": 9}}, "risk.gross_limit"),
        ({"scoring": {"sharpe_threshold_shadow": 2}}, "shadow ≤ reduce"),  # contradicts the defaults it is laid over
    ],
)
def test_configuration_that_is_wrong_changes_nothing(documents: Documents, blocks: dict[str, Any], words: str) -> None:
    configurations = DocumentConfigurations(documents)
    with pytest.raises(ConfigurationError, match=words):
        changed(configurations, **blocks)
    assert (configurations.configuration("acme").number, configurations.versions("acme", last=5)) == (0, [])


def test_configuration_of_two_writers_loses_neither(documents: Documents) -> None:
    """Between the reading and the writing of one, a halt and another change come first."""
    configurations, came_first = DocumentConfigurations(documents), []

    class Slow:
        def configuration(self, tenant_id: str) -> Any:
            standing = configurations.configuration(tenant_id)
            if not came_first:
                came_first.append(True)
                command(Halt(by="eve", reason="x"), tenant_id="acme", control=DocumentStore(documents), now=lambda: NOW)
                changed(configurations, by="bob", risk={"gross_limit": 0.5})
            return standing

        configure, versions = configurations.configure, configurations.versions

    assert changed(Slow(), allocation={"method": "equal_weight"}).number == 2
    assert configurations.configuration("acme").values == {
        "risk": {"gross_limit": 0.5},
        "allocation": {"method": "equal_weight"},
    }
    assert [each.kind for each in DocumentAuditTrail(documents).commands("acme", last=9)] == [
        AuditKind.CONFIGURED,
        AuditKind.CONFIGURED,
        AuditKind.HALT,
    ]


def test_configuration_decided_on_an_older_trading_document_is_refused(documents: Documents) -> None:
    configurations = DocumentConfigurations(documents)
    stale = configurations.configuration("acme")
    changed(configurations, risk={"gross_limit": 0.5})
    (version,) = configurations.versions("acme", last=1)
    (entry,) = DocumentAuditTrail(documents).commands("acme", last=1)
    with pytest.raises(CommitConflict):
        configurations.configure(version, stale.trading, entry, expected=stale.expected)


def test_configuration_written_by_hand_counts_on_from_its_version(documents: Documents) -> None:
    by_hand = {"version": 7, "updated_at": NOW - timedelta(1), "scoring": {"min_returns": 9}}
    documents.commit([replace(paths.configuration("acme"), by_hand)])
    configurations = DocumentConfigurations(documents)
    done = changed(configurations, risk={"gross_limit": 0.5})
    assert (done.number, done.values) == (8, {"scoring": {"min_returns": 9}, "risk": {"gross_limit": 0.5}})


def test_configuration_with_a_broken_version_is_corrupt(documents: Documents) -> None:
    documents.commit([replace(paths.configuration("acme"), {"version": "seven"})])
    with pytest.raises(StoreCorrupt, match="expected a whole number, found 'seven'"):
        DocumentConfigurations(documents).configuration("acme")
