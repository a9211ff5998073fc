"""Where each document lives. Identifiers are quoted, so that none can leave its collection or its tenant."""

import re
from urllib.parse import unquote

from backend.domain.errors import ConfigurationError

OPERATOR_LOGS = "systemStatus/orchestration_logs/logs"
ACCOUNT_LEASES = "account_leases"
DISPATCH = "systemStatus/dispatch"
TENANTS = "tenants"
OPERATORS = "operators"
TENANT_SUMMARIES = "systemStatus/tenants/summaries"
_MAX_BYTES = 1500
_RESERVED = re.compile(r"__.*__")


def segment(identifier: str) -> str:
    """Quote an identifier for use as one path segment.

    Raises
    ------
    ConfigurationError
        Empty, or longer than the 1,500 bytes that Firestore allows.
    """
    quoted = identifier.replace("%", "%25").replace("/", "%2F")
    if quoted in (".", ".."):
        quoted = quoted.replace(".", "%2E")
    if _RESERVED.fullmatch(quoted):
        quoted = "%5F" + quoted[1:]
    if not quoted or len(quoted.encode()) > _MAX_BYTES:
        raise ConfigurationError(
            f"expected an identifier of 1 to {_MAX_BYTES} bytes, found {identifier[:60]!r} "
            f"({len(quoted.encode())} bytes); shorten or name it"
        )
    return quoted


def identifier(quoted: str) -> str:
    """Return the identifier that a segment quotes."""
    return unquote(quoted)


def collection(tenant_id: str, name: str) -> str:
    return f"tenants/{segment(tenant_id)}/{name}"


def _document(tenant_id: str, name: str, identifier: str) -> str:
    return f"{collection(tenant_id, name)}/{segment(identifier)}"


def tenant(tenant_id: str) -> str:
    return f"{TENANTS}/{segment(tenant_id)}"


def member(tenant_id: str, uid: str) -> str:
    return _document(tenant_id, "members", uid)


def departure(tenant_id: str, uid: str) -> str:
    return _document(tenant_id, "departures", uid)


def platform_operator(uid: str) -> str:
    return f"{OPERATORS}/{segment(uid)}"


def account_leases(account_id: str) -> str:
    return f"{ACCOUNT_LEASES}/{segment(account_id)}"


def tick(tenant_id: str, tick_id: str) -> str:
    return _document(tenant_id, "ticks", tick_id)


def trading(tenant_id: str) -> str:
    return _document(tenant_id, "state", "trading")


def book(tenant_id: str, portfolio_id: str) -> str:
    return _document(tenant_id, "state", f"book_{portfolio_id}")


def track_record(tenant_id: str, uid: str, shard: int = 0) -> str:
    name = "track_record" if uid == "default" else f"track_record_{uid}"
    return _document(tenant_id, "state", name if shard == 0 else f"{name}.{shard}")


def configuration(tenant_id: str) -> str:
    return _document(tenant_id, "config", "orchestrator")


def configuration_version(tenant_id: str, number: int) -> str:
    return _document(tenant_id, "config_versions", f"{number:08d}")


def portfolio(tenant_id: str, portfolio_id: str) -> str:
    return _document(tenant_id, "portfolios", portfolio_id)


def strategy(tenant_id: str, strategy_id: str) -> str:
    return _document(tenant_id, "strategies", strategy_id)


def order(tenant_id: str, client_order_id: str) -> str:
    return _document(tenant_id, "orders", client_order_id)


def ledger_trade(tenant_id: str, trade_id: str) -> str:
    return _document(tenant_id, "ledger_trades", trade_id)


def strategy_performance(tenant_id: str, perf_id: str) -> str:
    return _document(tenant_id, "strategy_performance", perf_id)


def portfolio_performance(tenant_id: str, perf_id: str) -> str:
    return _document(tenant_id, "portfolio_performance", perf_id)


def shadow_fill(tenant_id: str, identifier: str) -> str:
    return _document(tenant_id, "shadow_pnl", identifier)


def log(tenant_id: str, log_id: str) -> str:
    return _document(tenant_id, "orchestration_logs", log_id)


def audit(tenant_id: str, sequence: int) -> str:
    return _document(tenant_id, "audit_log", f"{sequence:010d}")


def alert(tenant_id: str, alert_id: str) -> str:
    return _document(tenant_id, "alerts", alert_id)


def dead_letter(tenant_id: str, letter_id: str) -> str:
    return _document(tenant_id, "dead_letters", letter_id)


def nonce(tenant_id: str, nonce: str) -> str:
    return _document(tenant_id, "nonces", nonce)


def log_inputs(tenant_id: str, log_id: str, part: int) -> str:
    return f"{log(tenant_id, log_id)}/inputs/{part}"


def operator_log(tenant_id: str, log_id: str) -> str:
    """Name the operator's copy by tenant, too: two tenants may use the same log id."""
    return f"{OPERATOR_LOGS}/{segment(_owned(tenant_id) + _without_tilde(log_id))}"


def operator_logs(tenant_id: str) -> str:
    """Return how the paths of the operator's copies of one tenant begin, and of no other."""
    return f"{OPERATOR_LOGS}/{segment(_owned(tenant_id))}"


def _owned(tenant_id: str) -> str:
    return f"{_without_tilde(tenant_id)}~"


def _without_tilde(identifier: str) -> str:
    return identifier.replace("%", "%25").replace("~", "%7E")


def dashboard(tenant_id: str) -> str:
    return _document(tenant_id, "dashboard", "summary")


def journal(tenant_id: str, portfolio_id: str, number: int) -> str:
    return _document(tenant_id, "journal", f"{portfolio_id}__{number:010d}")


def closing(tenant_id: str, portfolio_id: str) -> str:
    return _document(tenant_id, "state", f"closing_{portfolio_id}")


def tenant_summary(tenant_id: str) -> str:
    return f"{TENANT_SUMMARIES}/{segment(tenant_id)}"


def api_request(tenant_id: str, receipt_id: str) -> str:
    return _document(tenant_id, "api_requests", receipt_id)
