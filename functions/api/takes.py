"""What requests carry: parts of the path, queries, the idempotency key, bodies; nothing that is not declared."""

import re
from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue
from pydantic_core import PydanticCustomError

from backend.domain.guard import Breaker
from backend.domain.mode import Mode
from backend.domain.order import OrderStatus

NAME = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^/\s]+$")]
_Reason = Annotated[
    str, Field(min_length=1, max_length=500, pattern=r"\S", description="Why; it stands in the audit log.")
]
_Wait = Annotated[
    float, Field(ge=0, le=20, description="Seconds to wait for orders in flight; 0 looks once. What is left stays.")
]
_Limit = Annotated[int, Field(ge=1, le=100, description="How many, newest first.")]
_Portfolio = Annotated[NAME, Field(description="Which portfolio; the settings' own by default.")]


def _day(value: object) -> object:
    """Refuse what pydantic would take for a day besides: the seconds since 1970, and instants."""
    if isinstance(value, str) and not _DAY.fullmatch(value):
        raise PydanticCustomError("day", "Input should be a day as YYYY-MM-DD")
    return value


_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_Day = Annotated[date, BeforeValidator(_day)]


class Taken(BaseModel):
    """Part of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)


class Body(Taken):
    """A body; text is no number, and a number is no text."""

    model_config = ConfigDict(strict=True)


class TenantPath(Taken):
    tenant_id: NAME = Field(description="The tenant.")


class DecisionPath(TenantPath):
    log_id: NAME = Field(description="The decision's id.")


class StrategyPath(TenantPath):
    strategy: NAME = Field(description="The strategy's name.")


class WriteHeader(BaseModel):
    """A write is carried out once under its key, however often it is sent within 48 hours."""

    model_config = ConfigDict(frozen=True)

    idempotency_key: str = Field(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        pattern=r"^[!-~]+$",
        description="A name of your own for this request, such as a UUID; the same for each attempt of it.",
    )


class PortfolioQuery(Taken):
    portfolio_id: _Portfolio | None = None


class DecisionsQuery(Taken):
    limit: _Limit = 20
    before: int | None = Field(
        default=None, ge=1, le=2**53, description="Only decisions before this `sequence`, such as `next_before`."
    )


class OrdersQuery(Taken):
    limit: _Limit = 20
    status: OrderStatus | None = Field(default=None, description="Only orders that stand so.")
    open: bool = Field(default=False, description="Only orders that are not final, however old; oldest first.")


class PerformanceQuery(PortfolioQuery):
    first: _Day | None = Field(default=None, description="First day; 60 days before the last by default.")
    last: _Day | None = Field(default=None, description="Last day; today by default.")


class VersionsQuery(Taken):
    limit: _Limit = 20


class ReasonQuery(Taken):
    reason: _Reason


class ReasonBody(Body):
    reason: _Reason


class RestrainBody(ReasonBody):
    wait_seconds: _Wait = 10.0


class FlattenBody(RestrainBody):
    """Either all strategies or some."""

    strategies: list[NAME] = Field(default=[], max_length=200, description="Strategies to sell out; with `all`, none.")
    all: bool = Field(default=False, description="Every strategy of every portfolio; only exits go out from then on.")


class ResetBody(ReasonBody):
    breakers: list[Breaker] = Field(default=[], max_length=20, description="All that have tripped when empty.")


class OverrideBody(ReasonBody):
    mode: Mode = Field(description="The mode that holds until then, whatever the record says.")
    until: AwareDatetime = Field(description="When the record counts again, with its offset.")


class ConfigurationBody(ReasonBody):
    """Keys to set and to take out; what results is checked whole, and stored whole or not at all."""

    expected_version: int = Field(ge=0, description="The version that was read; 0 where nothing is configured.")
    set: dict[str, JsonValue] = Field(
        default={}, max_length=200, description="Values by dotted key, such as `risk.max_portfolio_drawdown`."
    )
    unset: list[str] = Field(default=[], max_length=200, description="Dotted keys to take out.")
