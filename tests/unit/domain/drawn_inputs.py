"""Drawn inputs of a decision: every method, limit and mode, books with and without a rebalance behind them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st

from backend.domain.account import Asset, Position
from backend.domain.alert_rules import AlertRules
from backend.domain.allocation import Shrinkage
from backend.domain.allocation_policy import AllocationMethod, AllocationPolicy, RebalanceFrequency
from backend.domain.book import PortfolioBook
from backend.domain.breaker_limits import BreakerLimits, EmergencyStop
from backend.domain.decision import DecisionInputs
from backend.domain.guard import Breaker, Guard
from backend.domain.lots import Lot
from backend.domain.mode import Mode, ThresholdPolicy, UnscoredMode
from backend.domain.mode_override import ModeOverride
from backend.domain.order import Side
from backend.domain.policy import DecisionPolicy, ModePolicyName, OnDemotion
from backend.domain.risk_limits import RiskLimits
from backend.domain.sighting import Sighting
from backend.domain.signal import Action, StrategyId, StrategySignal
from backend.domain.sleeve import Sleeve
from backend.domain.strategy_definition import StrategyDefinition
from backend.domain.trading_state import TradingState
from backend.domain.weights import Rebalance
from tests.unit.domain.decision_inputs import (
    AAPL,
    CLOSE_ALL,
    GOOG,
    MSFT,
    NOW,
    TODAY,
    account_of,
    book_of,
    buy,
    inputs_of,
    open_order,
    sell,
)
from tests.unit.domain.decision_inputs import record_of as record

quick = settings(derandomize=True, max_examples=100, deadline=None)

NAMES = ("a", "b", "c", "d", "e", "f")
SYMBOLS = (AAPL, MSFT, GOOG)
CENT = Decimal("0.01")

names = st.sampled_from(NAMES)
fractions = st.floats(0, 1)


def money(low: str, high: str, places: int = 2) -> st.SearchStrategy[Decimal]:
    return st.decimals(low, high, places=places, allow_nan=False)


@st.composite
def signals(draw: st.DrawFn) -> StrategySignal:
    action = draw(st.sampled_from([Action.BUY, Action.BUY, Action.BUY, *Action]))
    is_about_one = action in (Action.BUY, Action.SELL)
    return StrategySignal(
        action=action,
        ticker=draw(st.sampled_from(SYMBOLS)) if is_about_one else None,
        allocation=draw(fractions),
        confidence=draw(fractions),
        reasoning="",
        metadata=draw(st.none() | st.dictionaries(st.text(max_size=3), st.integers() | st.floats(), max_size=2)),
        expires_at=draw(st.none() | st.sampled_from([NOW, NOW + timedelta(1)])),
    )


@st.composite
def allocations(draw: st.DrawFn) -> AllocationPolicy:
    least, most = sorted((draw(fractions), draw(fractions)))
    groups = st.frozensets(names, max_size=4)
    return AllocationPolicy(
        method=draw(st.sampled_from(AllocationMethod)),
        rebalance=draw(st.sampled_from(RebalanceFrequency)),
        drift=draw(st.floats(0.001, 1)),
        min_weight=draw(st.just(0.0) | st.just(least)),
        max_weight=draw(st.just(1.0) | st.just(max(most, 0.001))),
        caps=draw(st.dictionaries(names | st.sampled_from(["g", "h", "nobody"]), fractions, max_size=3)),
        groups={"g": draw(groups), "h": draw(groups)},
        base_weights=draw(st.dictionaries(names, fractions, max_size=3)),
        shrinkage=draw(st.sampled_from(Shrinkage)),
        min_history=draw(st.integers(2, 12)),
    )


limits = st.just(1.0) | st.floats(0.001, 1)


@st.composite
def risks(draw: st.DrawFn) -> RiskLimits:
    return RiskLimits(
        gross_limit=draw(st.floats(0.01, 4)),
        position_size_limit=draw(limits),
        stop_loss_threshold=draw(limits),
        max_strategy_correlation=draw(limits),
        max_concentration=draw(limits),
        var_limit=draw(limits),
        cvar_limit=draw(limits),
        var_confidence=draw(st.floats(0.5, 0.999)),
    )


@st.composite
def definitions(draw: st.DrawFn) -> tuple[StrategyDefinition, ...]:
    return tuple(
        StrategyDefinition(
            name=StrategyId(name),
            kind="Some",
            is_enabled=draw(st.booleans()),
            weight=draw(st.just(1.0) | st.floats(0, 100)),
        )
        for name in sorted(draw(st.sets(names, max_size=4)))
    )


@st.composite
def policies(draw: st.DrawFn) -> DecisionPolicy:
    shadow = draw(st.floats(-2, 2))
    return DecisionPolicy(
        mode_policy=draw(st.sampled_from(ModePolicyName)),
        scoring=ThresholdPolicy(
            shadow=shadow, reduce=shadow + draw(st.floats(0, 3)), unscored=draw(st.sampled_from(UnscoredMode))
        ),
        lookback_days=draw(st.integers(1, 60)),
        systemic_sell_threshold=draw(st.integers(1, 5)),
        risk=draw(risks()),
        breakers=BreakerLimits(
            emergency_stops=draw(st.frozensets(st.sampled_from(EmergencyStop))), automatic_recovery=draw(st.booleans())
        ),
        alerts=AlertRules(performance_tracking=draw(st.sampled_from([True, True, True, False]))),
        allocation=draw(allocations()),
        strategies=draw(definitions()),
        disabled=draw(st.frozensets(names, max_size=2)),
        drift_band=draw(st.floats(0, 0.5)),
        on_demotion=draw(st.sampled_from(OnDemotion)),
        mode_overrides=draw(st.just({}) | st.dictionaries(names, overrides(), max_size=3)),
    )


@st.composite
def overrides(draw: st.DrawFn) -> ModeOverride:
    """One that is in force, ends this very instant, or has ended."""
    until = NOW + timedelta(hours=draw(st.sampled_from([-1, 0, 1, 48])))
    return ModeOverride(mode=draw(st.sampled_from(Mode)), until=until, reason="board", by="ann")


@st.composite
def sleeves(draw: st.DrawFn) -> Sleeve:
    held = draw(st.dictionaries(st.sampled_from(SYMBOLS), money("0.01", "900"), max_size=3))
    return Sleeve(lots={s: (Lot(quantity=q, price=draw(money("1", "200"))),) for s, q in held.items()})


@st.composite
def books(draw: st.DrawFn) -> PortfolioBook:
    held = {
        StrategyId(name): book_of(draw(st.none() | st.sampled_from(Mode)), draw(sleeves()), draw(st.none() | sleeves()))
        for name in sorted(draw(st.sets(names, max_size=4)))
    }
    waiting = [open_order(name, draw(st.sampled_from(SYMBOLS))) for name in sorted(draw(st.sets(names, max_size=2)))]
    if draw(st.booleans()):
        held = {name: replace(each, stopped={draw(st.sampled_from(SYMBOLS)): NOW}) for name, each in held.items()}
    return PortfolioBook(
        strategies=held,
        open_orders={each.intent.client_order_id: each for each in waiting},
        rebalance=draw(st.none() | rebalances()),
    )


@st.composite
def rebalances(draw: st.DrawFn) -> Rebalance:
    """An earlier one; that it is by the present rule is left to the tests of weighing."""
    part = 1 / len(NAMES)
    weights = draw(st.dictionaries(names.map(StrategyId), st.floats(0, part), max_size=6))
    return Rebalance(at=NOW - timedelta(draw(st.integers(0, 40))), rule="", weights=weights)


@st.composite
def sightings(draw: st.DrawFn, given_inputs: DecisionInputs) -> Sighting:
    return Sighting(
        at=NOW,
        equity=draw(money("0", "200000")),
        prices=given_inputs.prices,
        closes=given_inputs.prices if draw(st.booleans()) else dict.fromkeys(SYMBOLS, Decimal(100)),
        newest_bar=draw(st.none() | st.just(TODAY)),
        held=draw(st.frozensets(st.sampled_from(SYMBOLS))),
        failed=frozenset(given_inputs.failures),
    )


@st.composite
def inputs(draw: st.DrawFn) -> DecisionInputs:
    prices = {
        symbol: draw(money("0.001", "999", 3)) for symbol in sorted(draw(st.sets(st.sampled_from(SYMBOLS), min_size=1)))
    }
    positions = {
        symbol: Position(
            symbol=symbol, quantity=quantity, average_price=Decimal(1), price=draw(money("0.001", "999", 3))
        )
        for symbol, quantity in draw(
            st.dictionaries(st.sampled_from(SYMBOLS), money("-50", "900", 4), max_size=3)
        ).items()
    }
    returns = (
        st.lists(st.floats(-0.1, 0.1), max_size=25)
        | st.lists(st.sampled_from([-0.01, 0.01]), max_size=30)
        | st.lists(st.just(-0.01), min_size=5, max_size=9)
    )
    account = replace(
        account_of(equity=str(draw(money("0", "200000"))), buying_power=str(draw(money("0", "200000", 4)))),
        positions=positions,
    )
    said = draw(st.dictionaries(names, signals(), max_size=6))
    found = inputs_of(
        said,
        failures={StrategyId(name): "raised" for name in sorted(draw(st.sets(names, max_size=3))) if name not in said},
        record=record(TODAY - timedelta(draw(st.integers(0, 40))), **draw(st.dictionaries(names, returns, max_size=5))),
        policy=draw(policies()),
        entropy=draw(st.binary(min_size=1, max_size=32)),
        book=draw(books()),
        trading_state=draw(st.sampled_from([TradingState.ACTIVE, TradingState.ACTIVE, *TradingState])),
        reserved=draw(st.just(Decimal(0)) | money("0", "50000")),
        working=draw(st.dictionaries(st.sampled_from(SYMBOLS), st.frozensets(st.sampled_from(Side)), max_size=1)),
        account=draw(st.sampled_from([account, account, account, None])),
        prices=prices,
        assets={
            s: Asset(symbol=s, is_fractionable=draw(st.booleans()))
            for s in sorted(draw(st.sets(st.sampled_from(SYMBOLS))))
        },
        reserved_in=draw(st.dictionaries(st.sampled_from(SYMBOLS), money("0", "50000"), max_size=1)),
        is_rebalance_ordered=draw(st.booleans()),
    )
    return replace(
        found,
        sighting=draw(st.none() | st.none() | sightings(found)),
        guard=draw(st.just(Guard()) | st.builds(Guard, equity=st.just(Decimal(100_000)))),
        latched=draw(st.dictionaries(st.sampled_from(Breaker), st.just(TradingState.REDUCING), max_size=2)),
    )


@st.composite
def meetings(draw: st.DrawFn) -> DecisionInputs:
    """Inputs in which some sell what others buy: a to c hold and mostly leave, d to f mostly enter."""
    given_inputs = draw(inputs())
    holders = {StrategyId(name): book_of(Mode.ACTIVE, draw(sleeves())) for name in "abc"}
    book = PortfolioBook(strategies={**given_inputs.book.strategies, **holders})
    prices = {symbol: draw(money("0.001", "999", 3)) for symbol in SYMBOLS}
    share = draw(st.sampled_from([Decimal(1), Decimal(1), Decimal("0.5"), Decimal(2)]))
    positions = {
        symbol: Position(symbol=symbol, quantity=quantity * share, average_price=Decimal(1), price=prices[symbol])
        for symbol, quantity in book.holdings().items()
    }
    leaving = st.builds(sell, st.sampled_from(SYMBOLS)) | st.just(CLOSE_ALL)
    entering = st.builds(buy, st.sampled_from(SYMBOLS), fractions)
    said = {
        **{StrategyId(name): draw(leaving | signals()) for name in "abc"},
        **{StrategyId(name): draw(entering | signals()) for name in "def"},
    }
    return replace(
        given_inputs,
        signals=said,
        book=book,
        policy=replace(given_inputs.policy, systemic_sell_threshold=draw(st.sampled_from([2, 7]))),
        trading_state=draw(st.sampled_from([TradingState.ACTIVE, TradingState.ACTIVE, *TradingState])),
        account=replace(account_of(equity="100000"), positions=positions),
        prices=prices,
    )
