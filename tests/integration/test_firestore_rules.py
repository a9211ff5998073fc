"""The security rules on the real emulator: every kind of document × everybody × every operation, from one table."""

import re
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.rules_client import (
    ADMIN,
    ALLOWED,
    CONTENT,
    DENIED,
    TENANT,
    RulesClient,
    memberships,
    place,
    token_headers,
    uid,
)
from tests.integration.rules_table import ROWS, Operation, Row, Subject, Whose, covers, table

ROOT = Path(__file__).resolve().parents[2]
RULES = (ROOT / "firestore.rules").read_text()
DOCUMENTED = re.findall(r"^## `([^`]+)`$", (ROOT / "docs/reference/documents.md").read_text(), flags=re.MULTILINE)
BY_NAME = {row.name: row for row in ROWS}
PREFERENCES = BY_NAME["tenants/{t}/preferences/{uid} (own)"]

emulated = pytest.mark.firestore


@pytest.fixture
def rules(firestore_host: str, firestore_project: str) -> Iterator[RulesClient]:
    """A project with these rules and one user of every kind."""
    with httpx.Client(base_url=f"http://{firestore_host}", timeout=30.0) as http:
        client = RulesClient(http=http, project=firestore_project)
        client.load(RULES)
        for path, fields in memberships().items():
            client.put(path, fields)
        yield client


def answered(client: RulesClient, row: Row, subject: Subject, operation: Operation) -> int:
    """Ask with the document there, or for a creation away, whatever was done before."""
    path, headers = place(row, subject), client.headers(subject)
    if subject in row.written and operation is Operation.CREATE:
        client.remove(path)
    elif subject in row.written:
        client.put(path, {"theme": "light"})
    return client.ask(operation, path, headers)


@pytest.mark.parametrize("path", DOCUMENTED)
def test_rules_table_has_every_documented_path(path: str) -> None:
    assert [row.name for row in ROWS if covers(row, path)], "say in tests/integration/rules_table.py who may read it"


def test_rules_table_has_no_path_twice() -> None:
    assert len(BY_NAME) == len(ROWS)


def test_rules_documentation_shows_the_table() -> None:
    assert f"\n\n{table()}\n\n" in (ROOT / "docs/explanation/security-rules.md").read_text()


@pytest.mark.parametrize("operation", set(Operation) - {Operation.COLLECTION_GROUP})
def test_rules_table_has_allowed_and_denied_cases_of_every_operation(operation: Operation) -> None:
    allowed = sum(len(row.may(operation)) for row in ROWS)
    assert 0 < allowed < len(ROWS) * len(Subject)


@emulated
@pytest.mark.parametrize("name", BY_NAME)
def test_rules_allow_what_the_table_says_and_nothing_else(rules: RulesClient, name: str) -> None:
    row = BY_NAME[name]
    if not (row.whose is Whose.OWN and "members" in row.path):  # those are what they are already, or are none
        for path in {place(row, subject) for subject in Subject}:
            rules.put(path, {"tenant_id": TENANT})
    cases = list(product(Subject, Operation))
    expected = {(who, what): ALLOWED if who in row.may(what) else DENIED for who, what in cases}
    found = {(who, what): answered(rules, row, who, what) for who, what in cases}
    assert {case: found[case] for case in cases if found[case] != expected[case]} == {}


@emulated
def test_rules_are_all_that_denies(rules: RulesClient) -> None:
    """Sent past the rules, every request of the table succeeds: a denial is not a malformed request."""
    failed = []
    for row, operation in product(ROWS, Operation):
        path = place(row, None)
        rules.remove(path) if operation is Operation.CREATE else rules.put(path, {"tenant_id": TENANT})
        if (status := rules.ask(operation, path, ADMIN)) != ALLOWED:
            failed.append((row.name, operation, status))
    assert failed == []


@emulated
@pytest.mark.parametrize(
    "content",
    [
        {},
        CONTENT,
        {
            "alerts_seen_at": {"timestampValue": "2026-03-02T15:00:00Z"},
            "is_compact": {"booleanValue": True},
            "locale": {"stringValue": "de"},
            "portfolio_id": {"stringValue": "p" * 128},
            "rows_per_page": {"integerValue": "500"},
            "theme": {"stringValue": "dark"},
            "time_zone": {"stringValue": "Europe/Berlin"},
        },
    ],
)
def test_rules_accept_preferences_as_they_are_defined(rules: RulesClient, content: Any) -> None:
    for operation in (Operation.CREATE, Operation.UPDATE):
        path = place(PREFERENCES, Subject.VIEWER)
        assert rules.ask(operation, path, rules.headers(Subject.VIEWER), content) == ALLOWED


@emulated
@pytest.mark.parametrize(
    "content",
    [
        {"role": {"stringValue": "owner"}},
        {**CONTENT, "anything": {"booleanValue": True}},
        {"theme": {"stringValue": "d" * 129}},
        {"theme": {"integerValue": "1"}},
        {"theme": {"nullValue": None}},
        {"theme": {"mapValue": {"fields": CONTENT}}},
        {"locale": {"arrayValue": {"values": [{"stringValue": "de"}]}}},
        {"time_zone": {"bytesValue": "AAAA"}},
        {"portfolio_id": {"stringValue": "ü" * 129}},
        {"is_compact": {"stringValue": "yes"}},
        {"rows_per_page": {"integerValue": "0"}},
        {"rows_per_page": {"integerValue": "501"}},
        {"rows_per_page": {"doubleValue": 10.5}},
        {"alerts_seen_at": {"stringValue": "2026-03-02"}},
    ],
)
def test_rules_refuse_preferences_of_another_shape(rules: RulesClient, content: Any) -> None:
    path, headers = place(PREFERENCES, Subject.OWNER), rules.headers(Subject.OWNER)
    assert rules.ask(Operation.CREATE, path, headers, content) == DENIED
    rules.put(path, {"theme": "light"})
    assert rules.ask(Operation.UPDATE, path, headers, content) == DENIED


@emulated
@pytest.mark.parametrize("claimed", ["true", 1, {"operator": True}, [True], None])
def test_rules_take_nothing_but_true_for_an_operators_claim(rules: RulesClient, claimed: Any) -> None:
    headers = token_headers(rules.project, uid(Subject.PLATFORM_OPERATOR), {"operator": claimed})
    assert rules.ask(Operation.GET, "account_leases/x", headers) == DENIED


@emulated
@pytest.mark.parametrize("claimed", ["", "ACME", "acme/members", "*", ["acme"], {"acme": True}, None])
def test_rules_take_nothing_but_the_tenants_name_for_a_claim(rules: RulesClient, claimed: Any) -> None:
    headers = token_headers(rules.project, uid(Subject.OWNER), {"tenant_id": claimed})
    rules.put(f"tenants/{TENANT}/ticks/x", {})
    assert rules.ask(Operation.GET, f"tenants/{TENANT}/ticks/x", headers) == DENIED


@emulated
def test_rules_end_a_members_access_with_its_document(rules: RulesClient) -> None:
    path, headers = f"tenants/{TENANT}/ticks/x", rules.headers(Subject.VIEWER)
    rules.put(path, {})
    assert rules.ask(Operation.GET, path, headers) == ALLOWED
    rules.remove(f"tenants/{TENANT}/members/{uid(Subject.VIEWER)}")
    assert rules.ask(Operation.GET, path, headers) == DENIED


@emulated
def test_rules_leave_a_suspended_tenants_members_their_documents(rules: RulesClient) -> None:
    rules.put(f"tenants/{TENANT}", {"status": "suspended"})
    rules.put(f"tenants/{TENANT}/orders/x", {})
    assert rules.ask(Operation.GET, f"tenants/{TENANT}/orders/x", rules.headers(Subject.VIEWER)) == ALLOWED
