"""Scripts: what happens to Maestro and to the venue, step by step; written as Python, so that they can be replayed."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from decimal import Decimal
from enum import Enum, StrEnum
from typing import Any

from backend.domain.allocation_policy import AllocationMethod
from backend.domain.policy import OnDemotion
from backend.domain.signal import Action
from tests.fuzz.fees import FeeStyle
from tests.fuzz.venue import Answering, Reception

SYMBOLS = ("AAPL", "MSFT", "XOM")
PORTFOLIOS = {"main": ("a", "b", "c"), "second": ("d", "e")}


class Form(StrEnum):
    """What a scripted track record says of a strategy."""

    NONE = "none"
    GOOD = "good"
    MIDDLING = "middling"
    BAD = "bad"


class Hop(StrEnum):
    """How far the clock goes."""

    MINUTE = "a minute"
    SIX_MINUTES = "six minutes"
    HOUR = "an hour"
    OPENING = "past the next opening"
    CLOSE = "to the next close"
    AFTER_CLOSE = "past the next close"
    MIDNIGHT = "past midnight"
    THREE_DAYS = "three days"


@dataclass(frozen=True, slots=True)
class Say:
    """One strategy's signal and form at a tick."""

    action: Action
    symbol: str = "AAPL"
    allocation: float = 0.0
    form: Form = Form.NONE


@dataclass(frozen=True, slots=True)
class Crash:
    """Kill the process before or after the call that follows ``calls`` calls of store or broker."""

    calls: int
    after: bool


@dataclass(frozen=True, slots=True)
class Tick:
    portfolio: str
    says: dict[str, Say]
    crash: Crash | None = None


@dataclass(frozen=True, slots=True)
class Redeliver:
    """Deliver the portfolio's last tick once more."""

    portfolio: str


@dataclass(frozen=True, slots=True)
class Wait:
    hop: Hop
    moves: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Mood:
    """Change how the venue receives orders and answers look-ups."""

    reception: Reception
    answering: Answering = Answering.FRESH


@dataclass(frozen=True, slots=True)
class Execute:
    """Fill a part of a working order, or end it (part 0)."""

    which: int
    part: Decimal


@dataclass(frozen=True, slots=True)
class OwnTrade:
    """The account's owner trades besides Maestro."""

    symbol: str
    shares: Decimal


@dataclass(frozen=True, slots=True)
class Deposit:
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Split:
    symbol: str
    in_days: int
    new: int
    old: int


@dataclass(frozen=True, slots=True)
class Dividend:
    symbol: str
    in_days: int
    per_share: Decimal


@dataclass(frozen=True, slots=True)
class Close:
    """Close the portfolio's days up to ``days_back`` days before today."""

    portfolio: str
    days_back: int = 0
    crash: Crash | None = None


@dataclass(frozen=True, slots=True)
class Restart:
    """Throw everything away but the database file."""


Step = Tick | Redeliver | Wait | Mood | Execute | OwnTrade | Deposit | Split | Dividend | Close | Restart


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What stays as it is through a script. With ``earns_modes`` the days that are closed decide on modes."""

    earns_modes: bool = False
    on_demotion: OnDemotion = OnDemotion.EXIT_ONLY
    allocation: AllocationMethod = AllocationMethod.FULL
    base_weights: dict[str, float] = field(default_factory=dict)
    gross_limit: float = 1.0
    drift_band: float = 0.1
    systemic_sell_threshold: int = 3
    shadow_fee_bps: int = 0
    slip: Decimal = Decimal(0)
    fee_style: FeeStyle = FeeStyle.NONE
    average_places: int | None = None
    restamps_expiries: bool = False
    whole_shares: frozenset[str] = frozenset()
    owned: dict[str, Decimal] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Script:
    setup: Setup
    steps: tuple[Step, ...]


def as_code(value: object) -> str:
    """Write a script, or a part of one, as the Python that makes it; what stands at its default is left out."""
    if isinstance(value, Enum):
        return f"{type(value).__name__}.{value.name}"
    if is_dataclass(value):
        named = {each.name: getattr(value, each.name) for each in fields(value) if not _is_default(each, value)}
        return f"{type(value).__name__}({', '.join(f'{name}={as_code(each)}' for name, each in named.items())})"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {as_code(each)}" for key, each in value.items()) + "}"
    if isinstance(value, tuple):
        return "(\n" + "".join(f"    {as_code(each)},\n" for each in value) + ")"
    return repr(value)


def _is_default(each: Field[Any], owner: object) -> bool:
    default = each.default_factory() if each.default_factory is not MISSING else each.default
    return bool(default == getattr(owner, each.name))
