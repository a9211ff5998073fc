"""The check of the rules: nothing is wrong with ours, and it finds what could be."""

from pathlib import Path

import pytest

from backend.domain.errors import ConfigurationError
from scripts.check_rules import compiler_problems, overlap, rules_problems
from scripts.rules_tree import statements

RULES = (Path(__file__).resolve().parents[2] / "firestore.rules").read_text()
TICKS = "match /ticks/{tick} {"
DEFAULT = "match /{document=**} {\n      allow read, write: if false;"


def with_(block: str) -> str:
    """Our rules with one more block below tenants."""
    assert RULES.count(TICKS) == 1
    return RULES.replace(TICKS, f"{block}\n      {TICKS}")


def at_root(block: str) -> str:
    """Our rules with one more block beside the tenants."""
    assert RULES.count(DEFAULT) == 1
    return RULES.replace(DEFAULT, f"{block}\n    {DEFAULT}")


def test_rules_have_no_problem() -> None:
    assert rules_problems(RULES) == []


def test_rules_parser_reads_every_statement() -> None:
    found = statements(RULES)
    assert len(found) == RULES.count(": if ")
    assert [RULES.splitlines()[each.line - 1].strip().startswith("allow ") for each in found] == [True] * len(found)
    assert found[-1].path == ("**",)
    assert found[-1].is_denial
    assert found[-1].operations == {"get", "list", "create", "update", "delete"}
    assert ("tenants", "*", "orchestration_logs", "*", "inputs", "*") in {each.path for each in found}


@pytest.mark.parametrize(
    ("rules", "problem"),
    [
        (with_("match /{document=**} { allow write: if isOwner(tenant); }"), "allows below any path"),
        (with_("match /{document=**} { allow read: if isViewer(tenant); }"), "both allow get, list on the same paths"),
        (with_("match /{collection}/{id} { allow get: if isViewer(tenant); }"), "both allow get on the same paths"),
        (with_("match /ticks/{any} { allow list: if isPlatformOperator(); }"), "both allow list on the same paths"),
        (with_("match /audit_log/{n} { allow get: if true; }"), "allows without a condition"),
        (with_("match /nonces/{nonce} { allow read; }"), "allows without a condition"),
        (with_("match /orders/{order} { allow read, write: if false; }"), "cannot deny get, list"),
        (with_("match /state/trading { allow read: if false; }"), "cannot deny get, list"),
        (at_root("match /tenants/{t}/{path=**} { allow read: if false; }"), "cannot deny"),
        (at_root("match /tenants/{t}/ticks/{k} { allow get: if isOwner(t); }"), "both allow get on the same paths"),
        (at_root("match /{path=**}/ticks/{k} { allow list: if isPlatformOperator(); }"), "both allow list"),
        (at_root("match /{path=**}/nonces/{k} { allow list: if isPlatformOperator(); }"), "allows below any path"),
        (at_root("match /{a}/{b} { allow list: if isPlatformOperator(); }"), "both allow list on the same paths"),
    ],
)
def test_rules_check_finds_what_is_allowed_twice_or_denied_in_vain(rules: str, problem: str) -> None:
    assert problem in "\n".join(rules_problems(rules))


@pytest.mark.parametrize(
    "block",
    [
        "match /nonces/{nonce} { allow read: if isOwner(tenant); }",
        "match /nonces/{nonce} { allow read, write: if false; }",
        "match /ticks/{tick} { allow create: if isOwner(tenant); }",
        "match /orders/{order}/fills/{fill} { allow read: if isViewer(tenant) && 'a;}' != \"b{\"; } // allow write;",
    ],
)
def test_rules_check_leaves_what_does_not_overlap(block: str) -> None:
    assert rules_problems(with_(block)) == []


@pytest.mark.parametrize(
    "rules",
    [
        "",
        RULES.replace("'2'", "'1'"),
        RULES[:-3],
        RULES + "}",
        RULES.replace("cloud.firestore", "firebase.storage"),
        RULES.replace("/documents {", "/files {"),
        with_("allow everything: if isOwner(tenant);"),
        with_("allow read: unless isOwner(tenant);"),
        with_("match /ticks/{tick=*} { allow read: if isOwner(tenant); }"),
        with_("match ticks/{tick} { allow read: if isOwner(tenant); }"),
        with_("/* allow read: if false; */"),
        with_("deny read: if isOwner(tenant);"),
    ],
)
def test_rules_parser_refuses_what_it_does_not_know(rules: str) -> None:
    with pytest.raises(ConfigurationError, match=r"firestore\.rules line \d+: expected"):
        statements(rules)


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("a/*", "a/b", True),
        ("a/*", "b/*", False),
        ("a/*", "a/*/c/*", False),
        ("**", "a/b/c", True),
        ("**/c/*", "a/b/c/d", True),
        ("**/c/*", "a/b/d/d", False),
        ("a/**", "**/z", True),
        ("a/**/b", "a/b", True),
        ("*/b", "a/*", True),
    ],
)
def test_rules_check_knows_which_patterns_overlap(one: str, other: str, expected: bool) -> None:
    patterns = tuple(one.split("/")), tuple(other.split("/"))
    assert overlap(*patterns) is overlap(*reversed(patterns)) is expected


@pytest.mark.firestore
def test_rules_compile_without_any_issue(firestore_host: str, firestore_project: str) -> None:
    assert compiler_problems(RULES, firestore_host, project=firestore_project) == []


@pytest.mark.firestore
@pytest.mark.parametrize(
    ("wrong", "said"),
    [("isPlatformOperatr()", "Invalid function name"), ("resource.data.x == rquest.auth.uid", "Invalid variable name")],
)
def test_rules_check_takes_a_compilers_warning_for_a_problem(
    firestore_host: str, firestore_project: str, wrong: str, said: str
) -> None:
    rules = with_(f"match /nonces/{{nonce}} {{ allow read: if {wrong}; }}")
    assert rules_problems(rules) == []
    assert said in "\n".join(compiler_problems(rules, firestore_host, project=firestore_project))
