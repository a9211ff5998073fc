"""Who may do what with which document: the one table that the rules' tests and their documentation are made from."""

import re
from dataclasses import dataclass
from enum import StrEnum

from backend.domain.errors import ConfigurationError


class Subject(StrEnum):
    """Whoever asks. Tokens of members claim another role than their document has: only the document's counts."""

    ANONYMOUS = "anonymous"
    OTHER_TENANT = "other tenant"  # an owner there
    VIEWER = "viewer"
    OPERATOR = "operator"
    OWNER = "owner"
    FORGED_CLAIM = "forged claim"  # owner of another tenant, whose token claims this one
    REMOVED_MEMBER = "removed member"  # the token still claims the tenant
    UNCLAIMED_MEMBER = "member without a claim"
    ROLELESS_MEMBER = "member without a role"  # written by hand; a viewer, as the backend has it
    UNKNOWN_ROLE = "member of an unknown role"
    PLATFORM_OPERATOR = "platform operator"
    FORGED_OPERATOR = "forged operator"  # claims it without the document, and owns the tenant, without claiming that
    UNCLAIMED_OPERATOR = "platform operator without a claim"


class Operation(StrEnum):
    GET = "get"
    LIST = "list"
    COLLECTION_GROUP = "collection group"
    COUNT = "count"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


class Whose(StrEnum):
    """Where a document's id is a user's: whether it is that of whoever asks."""

    ANY = "any"
    OWN = "own"
    ANOTHERS = "another's"


Subjects = frozenset[Subject]
NOBODY: Subjects = frozenset()
OWNERS: Subjects = frozenset({Subject.OWNER})
OPERATORS: Subjects = OWNERS | {Subject.OPERATOR}
VIEWERS: Subjects = OPERATORS | {Subject.VIEWER, Subject.ROLELESS_MEMBER}
PLATFORM: Subjects = frozenset({Subject.PLATFORM_OPERATOR})
_WORDS = {VIEWERS: "viewer", OPERATORS: "operator", OWNERS: "owner", PLATFORM: "platform operator"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One kind of document. ``path`` is written as in docs/reference/documents.md; ``listed`` holds for count, too."""

    path: str
    got: Subjects
    listed: Subjects
    written: Subjects = NOBODY
    whose: Whose = Whose.ANY

    @property
    def name(self) -> str:
        return self.path if self.whose is Whose.ANY else f"{self.path} ({self.whose})"

    def may(self, operation: Operation) -> Subjects:
        """Return who may do it; nobody may query a collection group, since no rule matches across parents."""
        match operation:
            case Operation.GET:
                return self.got
            case Operation.LIST | Operation.COUNT:
                return self.listed
            case Operation.COLLECTION_GROUP:
                return NOBODY
            case _:
                return self.written


def _row(path: str, read: Subjects) -> Row:
    return Row(path=path, got=read, listed=read)


ROWS = (
    Row(path="tenants/{t}", got=VIEWERS | PLATFORM, listed=PLATFORM),
    Row(path="tenants/{t}/members/{uid}", got=VIEWERS, listed=OWNERS, whose=Whose.OWN),
    Row(path="tenants/{t}/members/{uid}", got=OWNERS, listed=OWNERS, whose=Whose.ANOTHERS),
    Row(path="tenants/{t}/preferences/{uid}", got=VIEWERS, listed=NOBODY, written=VIEWERS, whose=Whose.OWN),
    Row(path="tenants/{t}/preferences/{uid}", got=NOBODY, listed=NOBODY, whose=Whose.ANOTHERS),
    _row("tenants/{t}/alerts/{id}", VIEWERS | PLATFORM),
    _row("tenants/{t}/dashboard/summary", VIEWERS | PLATFORM),
    _row("tenants/{t}/portfolios/{p}", VIEWERS | PLATFORM),
    _row("tenants/{t}/ticks/{tick_id}", VIEWERS | PLATFORM),
    _row("tenants/{t}/ledger_trades/{trade_id}", VIEWERS),
    _row("tenants/{t}/orchestration_logs/{log_id}", VIEWERS),
    _row("tenants/{t}/orchestration_logs/{log_id}/inputs/{n}", VIEWERS),
    _row("tenants/{t}/orders/{client_order_id}", VIEWERS),
    _row("tenants/{t}/portfolio_performance/{perf_id}", VIEWERS),
    _row("tenants/{t}/shadow_pnl/{id}", VIEWERS),
    _row("tenants/{t}/state/{name}", VIEWERS),
    _row("tenants/{t}/strategies/{s}", VIEWERS),
    _row("tenants/{t}/strategy_performance/{perf_id}", VIEWERS),
    _row("tenants/{t}/audit_log/{sequence}", OPERATORS),
    _row("tenants/{t}/config/orchestrator", OPERATORS),
    _row("tenants/{t}/config_versions/{number}", OPERATORS),
    _row("tenants/{t}/dead_letters/{id}", OPERATORS | PLATFORM),
    _row("tenants/{t}/api_requests/{id}", NOBODY),
    _row("tenants/{t}/departures/{uid}", NOBODY),
    _row("tenants/{t}/journal/{portfolio_id}__{number}", NOBODY),
    _row("tenants/{t}/nonces/{nonce}", NOBODY),
    _row("tenants/{t}/{unlisted}/{id}", NOBODY),
    _row("tenants/{t}/ticks/{tick_id}/{unlisted}/{id}", NOBODY),
    _row("account_leases/{account_id}", PLATFORM),
    _row("operators/{uid}", PLATFORM),
    _row("systemStatus/{name}", PLATFORM),
    _row("systemStatus/orchestration_logs/logs/{tenant}~{log_id}", PLATFORM),
    _row("systemStatus/tenants/summaries/{t}", PLATFORM),
    _row("systemStatus/{name}/{unlisted}/{id}", NOBODY),
    _row("dryRun/account", NOBODY),
    _row("dryRun/account/orders/{client_order_id}", NOBODY),
    _row("{unlisted}/{id}", NOBODY),
)


def covers(row: Row, path: str) -> bool:
    """Say whether a documented path is of this kind; a name in braces stands for any, ``{unlisted}`` for none."""
    if "{unlisted}" in row.path:
        return False
    pattern = re.escape(row.path).replace(r"\{", "{").replace(r"\}", "}")
    return re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", pattern), path) is not None


def words(subjects: Subjects) -> str:
    """Name who it is as the documentation does: a role means that role and those above it."""
    if not subjects:
        return "nobody"
    members, platform = subjects - PLATFORM, subjects & PLATFORM
    named = [_WORDS[part] for part in (members, platform) if part in _WORDS]
    if not named:
        raise ConfigurationError(f"expected a role and those above it, found {sorted(subjects)}; name a new one")
    return ", ".join(named)


def table() -> str:
    """Write the rows as the documentation shows them."""
    lines = ["| Document | get | list, count | create, update, delete |", "|---|---|---|---|"]
    for row in ROWS:
        if "{unlisted}" not in row.path:
            whose = "" if row.whose is Whose.ANY else f", {row.whose}"
            lines.append(f"| `{row.path}`{whose} | {words(row.got)} | {words(row.listed)} | {words(row.written)} |")
    return "\n".join(lines)
