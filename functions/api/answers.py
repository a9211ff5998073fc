"""What is answered. Money and quantities are decimal text, statistics numbers, instants ISO text in UTC."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

from backend.domain.mode import Mode
from backend.domain.order import OrderStatus, Side
from backend.domain.trading_state import TradingState

Amount = Annotated[str, Field(pattern=r"^-?\d+(\.\d+)?(E[+-]?\d+)?$")]
Instant = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
Day = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]


class Answer(BaseModel):
    """One answer, with no field that is not declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class Health(Answer):
    status: Literal["ok"]
    version: str


class Problem(Answer):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    error: str = Field(description="The class of the error, as in the reference of errors.")
    correlation_id: str = Field(description="What the log has this request under.")


class Restriction(Answer):
    state: TradingState
    reason: str
    by: str
    since: Instant


class OpenOrder(Answer):
    client_order_id: str
    strategy: str
    symbol: str
    side: Side
    status: OrderStatus
    reason: str


class StrategyStanding(Answer):
    strategy: str
    mode: Mode | None
    since: Instant | None
    positions: dict[str, Amount]
    virtual_positions: dict[str, Amount]
    sharpe_ratio: float | None
    returns: int
    reason: str


class Status(Answer):
    tenant_id: str
    portfolio_id: str
    trading_state: TradingState
    epoch: int
    restrictions: dict[str, Restriction]
    liquidation: dict[str, list[str]]
    high_water_mark: Amount
    reserved: Amount
    external: dict[str, Amount]
    last_decision: str | None
    last_decision_at: Instant | None
    strategies: list[StrategyStanding]
    open_orders: list[OpenOrder]


class Loaded(Answer):
    """A strategy that was found, whether it has traded or not."""

    strategy: str
    is_enabled: bool
    parameters: dict[str, Any]
    standing: StrategyStanding | None


class Strategies(Answer):
    tenant_id: str
    portfolio_id: str
    strategies: list[Loaded]
    load_errors: dict[str, str]


class DecisionSummary(Answer):
    log_id: str
    sequence: int
    portfolio_id: str
    timestamp: Instant
    session_id: str
    summary: str
    trading_state: TradingState
    systemic_risk_detected: bool
    signals_modified: int
    orders: int
    modes: dict[str, Mode]


class Decisions(Answer):
    decisions: list[DecisionSummary]
    next_before: int | None = Field(description="Give it as `before` for the next page; null on the last one.")


class Decision(Answer):
    log_id: str
    summary: str
    summary_source: str
    previous_hash: str
    entry_hash: str
    body: dict[str, Any] = Field(description="The decision as `entry_hash` covers it.")


class Order(Answer):
    client_order_id: str
    portfolio_id: str
    strategy: str
    symbol: str
    side: Side
    qty: Amount | None
    notional: Amount | None
    status: OrderStatus
    filled_qty: Amount
    reserved: Amount
    decided_at: Instant
    broker_order_id: str | None
    reason: str


class Orders(Answer):
    orders: list[Order]


class Configuration(Answer):
    tenant_id: str
    version: int
    values: dict[str, Any] = Field(description="What the tenant has set.")
    effective: dict[str, Any] = Field(description="What holds: that, over the settings of the deployment.")


class Change(Answer):
    key: str
    before: Any
    after: Any


class Version(Answer):
    version: int
    updated_at: Instant
    updated_by: str
    reason: str
    changes: list[Change]


class Versions(Answer):
    versions: list[Version]


class Configured(Answer):
    """What was changed; without a change nothing was written, and ``audit_sequence`` is null."""

    tenant_id: str
    version: int
    changes: list[Change]
    audit_sequence: int | None


class Commanded(Answer):
    """What a command made of trading."""

    tenant_id: str
    command: str
    by: str
    reason: str
    at: Instant
    audit_sequence: int
    state_before: TradingState
    state: TradingState
    epoch: int
    restrictions: dict[str, Restriction]
    liquidation: dict[str, list[str]]
    in_flight: list[str] = Field(description="Ids of the orders that were in flight.")


class Restrained(Commanded):
    """What became of the orders in flight; what is unsettled is looked at again by every reconciliation."""

    withdrawn: list[Order] = []
    unsettled: list[str] = []
    seconds_to_flat: float | None = None
    faults: list[str] = []


class Flattened(Commanded):
    """What was sold so far; every later tick carries on with what is left."""

    is_flat: bool = False
    exits: list[Order] = []
    withdrawn: list[Order] = []
    left: dict[str, list[str]] = {}
    seconds_to_flat: float | None = None
    faults: list[str] = []


class Simulation(Answer):
    tenant_id: str
    portfolio_id: str
    decided_at: Instant
    summary: str
    decision: dict[str, Any] = Field(description="What a tick would have committed now; its ids are of no order.")
