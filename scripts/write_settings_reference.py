"""Write docs/reference/settings.md from the models: ``.venv/bin/python scripts/write_settings_reference.py``."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from annotated_types import Ge, Gt, Le, MinLen
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from backend.domain.policy import DecisionPolicy
from backend.settings import PREFIX, Settings
from backend.settings_blocks import Block

TARGET = Path(__file__).parents[1] / "docs" / "reference" / "settings.md"

# What a model cannot say: meaning, unit and, where the domain checks it, the range.
MEANINGS = {
    "store": "where ticks, orders and records are kept",
    "sqlite_path": "the SQLite file, for `store: sqlite`",
    "project": "Google Cloud project, for `store: firestore`; also read from `FIREBASE_PROJECT_ID`, `GCLOUD_PROJECT`, "
    "`GOOGLE_CLOUD_PROJECT`",
    "tenant_id": "whose documents a command reads and writes; no slash, no blank",
    "portfolio_id": "which portfolio `maestro tick` runs; no slash, no blank",
    "uid": "whose track record it is; `default` when a tenant has one user",
    "symbols": "tickers whose daily bars are loaded, unless the portfolio's document names its own",
    "history_days": "daily bars a strategy is shown",
    "prices_file": "wide CSV of daily closes to read instead of Alpaca's bars",
    "calendar": "when the venue trades: a MIC that exchange_calendars knows, or `24/7` for UTC days",
    "strategies.packages": "dotted names of packages with strategies, beside the library",
    "strategies.time_limit_seconds": "seconds that each strategy may take in each tick",
    "alpaca.key": "API key id; also read from `APCA_API_KEY_ID`",
    "alpaca.secret": "API secret key; also read from `APCA_API_SECRET_KEY`",
    "alpaca.paper": "paper account; `false` trades real money",
    "alpaca.url": "another server that speaks Alpaca's trading REST, such as the local paper broker",
    "alpaca.data_url": "another server for bars; `alpaca.url` when not set",
    "alpaca.feed": "Alpaca's data feed: `iex`, `sip`, …",
    "alpaca.timeout_seconds": "seconds for one HTTP request",
    "gemini.enabled": "let Gemini on Vertex AI write the summary beside a decision; it never changes a decision",
    "gemini.project": "Google Cloud project of the model; `project` when not set",
    "gemini.location": "Google Cloud region of the model",
    "gemini.model": "model name",
    "gemini.timeout_seconds": "seconds after which the plain text stays",
    "schedule.tick": "unix cron of the scheduled tick",
    "schedule.daily_snapshot": "unix cron of the daily snapshot",
    "schedule.monthly_snapshot": "unix cron of the monthly snapshot",
    "schedule.reconciliation": "unix cron of the reconciliation with the broker",
    "schedule.time_zone": "IANA zone that the cron lines are read in",
    "orchestrator.mode_policy": "which rule turns records into modes: `threshold` or `probabilistic`; see "
    "[mode policies](../explanation/mode-policies.md)",
    "orchestrator.sharpe_threshold_reduce": "Sharpe ratio from which a strategy is ACTIVE",
    "orchestrator.sharpe_threshold_shadow": "Sharpe ratio below which it is in SHADOW_MODE; at most the one above",
    "orchestrator.min_returns": "daily returns needed to be judged by thresholds; at least 2",
    "orchestrator.unscored_mode": "what a strategy gets before it can be judged: `active` (×1) or `probation` (×0.25)",
    "orchestrator.psr_benchmark_sharpe": "annualised Sharpe ratio that the probabilities are about; −100 to 100",
    "orchestrator.psr_demote_below": "probability below which a strategy goes to SHADOW_MODE; 0 to 1",
    "orchestrator.psr_promote_above": "probability above which it is ACTIVE; at least the one above, at most 1",
    "orchestrator.psr_min_dwell_days": "days of the record that a mode lasts at least; 0 to 60",
    "orchestrator.psr_lookback_returns": "newest days of the record that are judged; 3 to 60",
    "orchestrator.psr_min_returns": "daily returns needed to be judged by probability; 3 to `psr_lookback_returns`",
    "orchestrator.performance_lookback_days": "calendar days scored by thresholds; 1 to 60",
    "orchestrator.periods_per_year": "returns a year: 252, or 365 for markets that never close; at least 1",
    "orchestrator.risk_free_rate": "per year, as a fraction",
    "orchestrator.systemic_sell_threshold": "strategies that must SELL at once for BUY to become HOLD; at least 1",
    "orchestrator.gross_limit": "sum of positions ÷ equity; above 0, at most 4",
    "orchestrator.allocation_method": "`full`: allocations are fractions of the account; "
    "`equal_weight`: of the strategy's 1/N of it",
    "orchestrator.base_weights": "strategy → weight 0 to 1, which wins over the method; JSON in the environment",
    "orchestrator.disabled_strategies": "strategies that place no order",
    "orchestrator.on_demotion": "what becomes of a shadowed strategy's real positions; `exit_only`: its own exits are "
    "carried out; `flatten`: they are sold; `hold`: they are kept",
    "orchestrator.drawdown_warning": "fall from the highest equity that gives a warning; above 0, at most 1; "
    "1 switches it off; see [circuit breakers](../explanation/breakers.md)",
    "orchestrator.drawdown_reduce": "fall from the highest equity that leads to REDUCING; at least the one above; "
    "1 switches it off",
    "orchestrator.drawdown_halt": "fall from the highest equity that leads to HALTED; at least the one above; "
    "1 switches it off",
    "orchestrator.daily_loss_limit": "fall from the day's start that leads to REDUCING; above 0, at most 1; "
    "1 switches it off",
    "orchestrator.failure_cascade_count": "strategies that fail within the window and lead to REDUCING; "
    "0 switches it off",
    "orchestrator.failure_cascade_minutes": "the window, in minutes; 1 to 43200",
    "orchestrator.equity_jump_limit": "change of equity between two looks that must be confirmed; above 0; "
    "from 1 on only rises can exceed it",
    "orchestrator.price_jump_limit": "change of a price between two looks that must be confirmed; above 0; "
    "from 1 on only rises can exceed it",
    "orchestrator.jump_confirmations": "looks, 30 seconds apart, that confirm a jump, stale data or a disagreement "
    "with the broker; at least 1",
    "orchestrator.stale_after_days": "calendar days after which the newest daily bar is stale; 0 switches it off",
    "orchestrator.drift_band": "part of a target below which an entry is not topped up; 0 to below 1",
    "orchestrator.min_order_notional": "smallest entry, in account currency; at least 0.01",
    "orchestrator.reserve_margin": "held on top of an order by quantity, whose price can move; 0 to below 1",
    "orchestrator.shadow_slippage_bps": "basis points by which virtual fills are worse than the close",
    "orchestrator.shadow_fee_bps": "basis points of fees on virtual fills",
}

_POLICY_NAMES = {
    "sharpe_threshold_reduce": "scoring.reduce",
    "sharpe_threshold_shadow": "scoring.shadow",
    "min_returns": "scoring.min_returns",
    "unscored_mode": "scoring.unscored",
    "psr_benchmark_sharpe": "probabilistic.benchmark_sharpe",
    "psr_demote_below": "probabilistic.demote_below",
    "psr_promote_above": "probabilistic.promote_above",
    "psr_min_dwell_days": "probabilistic.min_dwell_days",
    "psr_lookback_returns": "probabilistic.lookback_returns",
    "psr_min_returns": "probabilistic.min_returns",
    "performance_lookback_days": "lookback_days",
    "allocation_method": "allocation",
    "disabled_strategies": "disabled",
    "drawdown_warning": "breakers.drawdown_warning",
    "drawdown_reduce": "breakers.drawdown_reduce",
    "drawdown_halt": "breakers.drawdown_halt",
    "daily_loss_limit": "breakers.daily_loss_limit",
    "failure_cascade_count": "breakers.failure_cascade_count",
    "failure_cascade_minutes": "breakers.failure_cascade_minutes",
    "equity_jump_limit": "breakers.equity_jump_limit",
    "price_jump_limit": "breakers.price_jump_limit",
    "jump_confirmations": "breakers.jump_confirmations",
    "stale_after_days": "breakers.stale_after_days",
}

_OPENING = """\
# Settings

Generated by `scripts/write_settings_reference.py` from `backend.settings.Settings`; do not edit.

Three layers, the later one wins: the defaults below; `maestro.yaml` in the working directory (or the file that
`MAESTRO_CONFIG` names); the environment. A key `a` is the variable `MAESTRO_A`, a key `a.b` is `MAESTRO_A__B`. Lists
are comma-separated in the environment. An unknown key is an error that names the nearest known one, and the command
ends with exit status 2.

```yaml
symbols: [AAPL, MSFT, KO]
strategies:
  packages: [my_strategies]
orchestrator:
  allocation_method: equal_weight
  sharpe_threshold_reduce: 1.2
```

The keys of the block `orchestrator` up to `stale_after_days` are also those of a tenant's `config/orchestrator`
document, which wins over the settings for that tenant. The last five can only be set here.
"""


def reference() -> str:
    """Return the whole document.

    Raises
    ------
    LookupError
        A key without a meaning, or a meaning without its key.
    """
    blocks = {name: kind for name, info in Settings.model_fields.items() if (kind := _block(info)) is not None}
    plain = {name: info for name, info in Settings.model_fields.items() if name not in blocks}
    parts = [_OPENING, _section("General", "", plain, Settings)]
    for name, kind in blocks.items():
        parts.append(_section(f"`{name}`", f"{name}.", kind.model_fields, kind))
    known = {*plain, *(f"{name}.{key}" for name, kind in blocks.items() for key in kind.model_fields)}
    if known != MEANINGS.keys():
        raise LookupError(f"expected a meaning for every setting, found a difference: {known ^ MEANINGS.keys()}")
    return "\n".join(parts)


def _section(title: str, prefix: str, fields: Mapping[str, FieldInfo], model: type[BaseModel]) -> str:
    about = "" if model is Settings else f"{(model.__doc__ or '').strip().replace('``', '`')}\n\n"
    rows = "\n".join(_row(f"{prefix}{name}", name, info) for name, info in fields.items())
    return f"## {title}\n\n{about}| Key | Default | Values | Meaning |\n|---|---|---|---|\n{rows}\n"


def _row(key: str, name: str, info: FieldInfo) -> str:
    default = _policy_default(name) if key.startswith("orchestrator.") else info.default
    return f"| `{key}` | {_shown(default)} | {', '.join(_values(info))} | {MEANINGS[key]} |"


def _policy_default(name: str) -> Any:
    value: Any = DecisionPolicy()
    for part in _POLICY_NAMES.get(name, name).split("."):
        value = getattr(value, part)
    return value


def _shown(value: Any) -> str:
    if value is None or value in ((), {}, frozenset()) or isinstance(value, SecretStr):
        return "none"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{','.join(value)}`" if isinstance(value, tuple) else f"`{value}`"


def _values(info: FieldInfo) -> Iterator[str]:
    annotation: Any = info.annotation
    options = [each for each in get_args(annotation) if each is not type(None)]
    if get_origin(annotation) is Literal:
        yield " or ".join(f"`{option}`" for option in options)
    else:
        kind = options[0] if type(None) in get_args(annotation) else annotation
        yield _KINDS.get(getattr(get_origin(kind) or kind, "__name__", ""), "text")
    words = {Ge: "at least", Gt: "above", Le: "at most"}
    for limit in info.metadata:
        if type(limit) in words:
            yield f"{words[type(limit)]} {_bound(limit)}"
        elif isinstance(limit, MinLen):
            yield f"at least {limit.min_length}"


def _bound(limit: Any) -> Any:
    return next(getattr(limit, name) for name in ("ge", "gt", "le") if hasattr(limit, name))


_KINDS = {
    "bool": "true or false",
    "int": "whole number",
    "float": "number",
    "Decimal": "decimal number",
    "Path": "path",
    "tuple": "list",
    "Annotated": "list",  # Names
    "dict": "map",
    "ModePolicyName": "one of two",
    "UnscoredMode": "one of two",
    "AllocationMethod": "one of two",
}


def _block(info: FieldInfo) -> type[Block] | None:
    kind = info.annotation
    return kind if isinstance(kind, type) and issubclass(kind, Block) else None


def main() -> None:
    """Write the file."""
    TARGET.write_text(reference())
    print(f"{TARGET.name}: {len(MEANINGS)} settings, variables {PREFIX}…")


if __name__ == "__main__":
    main()
