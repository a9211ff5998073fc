"""How Hypothesis draws scripts: much of what is usual, something of everything."""

from decimal import Decimal

from hypothesis import strategies as st

from backend.domain.allocation_policy import AllocationMethod
from backend.domain.policy import OnDemotion
from backend.domain.signal import Action
from tests.fuzz.fees import FeeStyle
from tests.fuzz.script import (
    PORTFOLIOS,
    Close,
    Crash,
    Deposit,
    Dividend,
    Execute,
    Form,
    Hop,
    Mood,
    OwnTrade,
    Redeliver,
    Restart,
    Say,
    Script,
    Setup,
    Split,
    Step,
    Tick,
    Wait,
)
from tests.fuzz.venue import Answering, Reception

symbols = st.sampled_from(["AAPL", "AAPL", "MSFT", "XOM"])
portfolios = st.sampled_from(["main", "main", "second"])
allocations = st.sampled_from([0.05, 0.2, 0.5, 1.0]) | st.floats(0, 1)
share_amounts = st.sampled_from([Decimal("-20"), Decimal("0.000000001"), Decimal(3), Decimal(40)]) | st.decimals(
    "-30", "60", places=4
).filter(bool)
parts = st.sampled_from([Decimal(0), Decimal("0.000001"), Decimal("0.3"), Decimal("0.5"), Decimal(1)])
factors = st.sampled_from([Decimal(n) / 100 for n in (90, 97, 99, 100, 101, 103, 112)])
crashes = st.sampled_from([False] * 5 + [True]).flatmap(
    lambda is_killed: st.builds(Crash, calls=st.integers(0, 12), after=st.booleans()) if is_killed else st.none()
)
says = st.builds(
    Say,
    action=st.sampled_from([Action.BUY, Action.BUY, Action.SELL, Action.CLOSE_ALL, Action.HOLD]),
    symbol=symbols,
    allocation=allocations,
    form=st.sampled_from(Form),
)


@st.composite
def ticks(draw: st.DrawFn) -> Tick:
    portfolio = draw(portfolios)
    spoken = {name: draw(says) for name in PORTFOLIOS[portfolio]}
    return Tick(portfolio=portfolio, says=spoken, crash=draw(crashes))


waits = st.builds(
    Wait, hop=st.sampled_from([Hop.OPENING, Hop.AFTER_CLOSE, *Hop]), moves=st.dictionaries(symbols, factors, max_size=3)
)
moods = st.builds(
    Mood,
    reception=st.sampled_from([Reception.FILL] * 5 + list(Reception)),
    answering=st.sampled_from([Answering.FRESH] * 6 + list(Answering)),
)
executions = st.builds(Execute, which=st.integers(0, 3), part=parts)
owner_steps = st.builds(OwnTrade, symbol=symbols, shares=share_amounts) | st.builds(
    Deposit, amount=st.sampled_from([Decimal("-1000"), Decimal("2500.75")])
)
ratios = st.sampled_from([(2, 1), (4, 1), (3, 2), (1, 3), (1, 8), (7, 5)])
actions = st.builds(
    lambda symbol, in_days, ratio: Split(symbol=symbol, in_days=in_days, new=ratio[0], old=ratio[1]),
    symbols,
    st.sampled_from([1, 1, 2]),
    ratios,
) | st.builds(
    Dividend,
    symbol=symbols,
    in_days=st.sampled_from([1, 1, 2]),
    per_share=st.sampled_from([Decimal("0.24"), Decimal("1.1"), Decimal("0.0337")]),
)
closes = st.builds(Close, portfolio=portfolios, days_back=st.integers(0, 2), crash=crashes)
redeliveries = st.builds(Redeliver, portfolio=portfolios)
_STEPS: dict[str, tuple[int, st.SearchStrategy[Step]]] = {
    "tick": (9, ticks()),
    "wait": (8, waits),
    "mood": (2, moods),
    "execute": (4, executions),
    "owner": (1, owner_steps),
    "action": (2, actions),
    "close": (3, closes),
    "redeliver": (1, redeliveries),
    "restart": (1, st.just(Restart())),
}
_WEIGHTED = [name for name, (weight, _) in _STEPS.items() for _ in range(weight)]
steps: st.SearchStrategy[Step] = st.sampled_from(_WEIGHTED).flatmap(lambda name: _STEPS[name][1])

setups = st.builds(
    Setup,
    earns_modes=st.booleans(),
    on_demotion=st.sampled_from(OnDemotion),
    allocation=st.sampled_from(AllocationMethod),
    base_weights=st.dictionaries(st.sampled_from("abcde"), st.floats(0, 1), max_size=2),
    gross_limit=st.sampled_from([1.0, 0.6, 2.0]),
    drift_band=st.sampled_from([0.0, 0.1]),
    systemic_sell_threshold=st.sampled_from([2, 3]),
    shadow_fee_bps=st.sampled_from([0, 10]),
    slip=st.sampled_from([Decimal(0), Decimal("0.001"), Decimal("-0.0007")]),
    fee_style=st.sampled_from(FeeStyle),
    average_places=st.sampled_from([None, 6]),
    restamps_expiries=st.sampled_from([False, False, True]),
    whole_shares=st.frozensets(symbols, max_size=1),
    owned=st.dictionaries(symbols, st.sampled_from([Decimal(7), Decimal("12.5")]), max_size=2),
)


def scripts(longest: int) -> st.SearchStrategy[Script]:
    """Draw scripts; most are long, and each can be shrunk to one step."""
    shortest = st.sampled_from([1, longest // 4, longest // 2, longest * 2 // 3])
    drawn = shortest.flatmap(lambda length: st.lists(steps, min_size=length, max_size=longest).map(tuple))
    return st.builds(Script, setup=setups, steps=drawn)
