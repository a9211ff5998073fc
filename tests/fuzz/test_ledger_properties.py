"""Sleeves, virtual sleeves and paper accounts against plain accounts of cash and shares, without engine or store."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.domain.book import PortfolioBook
from backend.domain.canonical import canonical_json, read_canonical_json
from backend.domain.closing import AccountAtClose, Closing, closed_day, open_day
from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.journal import (
    ActionTaken,
    Event,
    FeeCharged,
    Filled,
    JournalEntry,
    ModeEntered,
    PaperTraded,
    VirtuallyFilled,
    folded,
)
from backend.domain.lots import Fill
from backend.domain.mode import Mode, ModeState
from backend.domain.order import Side
from backend.domain.paper import EMPTY_PAPER_ACCOUNT, PaperTrade, Step
from backend.domain.session import Session
from backend.domain.signal import StrategyId, Symbol
from backend.domain.sleeve import Mark, Sleeve
from backend.domain.tick import PortfolioKey
from tests.fuzz.ledger import SHARE_STEP, ZERO
from tests.fuzz.market import START, Moment, at_local, local_day

quick = settings(derandomize=True, deadline=None, max_examples=60)
SYMBOLS = (Symbol("AAPL"), Symbol("MSFT"))
NAMES = (StrategyId("a"), StrategyId("b"))
CLOSES = {SYMBOLS[0]: Decimal("187.31"), SYMBOLS[1]: Decimal("0.9999")}
KEY = PortfolioKey(tenant_id="acme")
NEAR = Decimal("1e-6")  # a billionth of a share for each lot and split, at these prices; all else is exact


@dataclass(slots=True)
class Plain:
    """Cash and shares, and nothing else."""

    cash: Decimal = ZERO
    shares: defaultdict[Symbol, Decimal] = field(default_factory=lambda: defaultdict(Decimal))

    def trade(self, symbol: Symbol, shares: Decimal, price: Decimal, fees: Decimal = ZERO) -> None:
        self.cash -= shares * price + fees
        self.shares[symbol] += shares

    def after(self, action: CorporateAction) -> None:
        held = self.shares[action.symbol]
        if action.kind is ActionKind.DIVIDEND:
            self.cash += held * action.per_share
        else:
            after = held * action.new_shares / action.old_shares
            self.shares[action.symbol] = after.quantize(SHARE_STEP, rounding=ROUND_HALF_EVEN)

    def copy(self) -> "Plain":
        return Plain(self.cash, defaultdict(Decimal, self.shares))

    @property
    def value(self) -> Decimal:
        return self.cash + sum((held * CLOSES[symbol] for symbol, held in self.shares.items()), ZERO)


amounts = st.decimals("0.000000001", "900", places=9)
prices = st.decimals("0.0001", "400", places=4)
small = st.decimals("-2", "3", places=4)
fills = st.builds(
    Fill,
    symbol=st.sampled_from(SYMBOLS),
    side=st.sampled_from(Side),
    quantity=amounts,
    price=prices,
    fees=st.decimals("0", "2", places=2),
    slippage=small,
    spared=st.decimals("0", "1", places=3),
)
paper_trades = st.builds(
    PaperTrade,
    step=st.sampled_from(Step),
    symbol=st.sampled_from(SYMBOLS),
    quantity=amounts | amounts.map(lambda q: -q),
    price=prices,
)
actions = st.builds(
    lambda symbol, ratio: CorporateAction(
        symbol=symbol,
        kind=ActionKind.SPLIT,
        ex_day=date(2026, 1, 6),
        new_shares=Decimal(ratio[0]),
        old_shares=Decimal(ratio[1]),
    ),
    st.sampled_from(SYMBOLS),
    st.sampled_from([(4, 1), (3, 2), (1, 8), (7, 5)]),
) | st.builds(
    CorporateAction,
    symbol=st.sampled_from(SYMBOLS),
    kind=st.just(ActionKind.DIVIDEND),
    ex_day=st.just(date(2026, 1, 6)),
    per_share=st.decimals("0.0001", "3", places=4),
)


@st.composite
def events(draw: st.DrawFn) -> list[Event]:
    """Draw events in the order of time, over a little more than four sessions."""
    at, found = START, list[Event]()
    for _ in range(draw(st.integers(1, 25))):
        at += timedelta(hours=draw(st.integers(0, 8)))
        name = draw(st.sampled_from(NAMES))
        kind = draw(st.sampled_from(["fill", "fill", "virtual", "paper", "action", "fee", "mode"]))
        match kind:
            case "fill":
                found.append(Filled(at=at, strategy=name, fill=draw(fills), trade_id="t"))
            case "virtual":
                found.append(VirtuallyFilled(at=at, strategy=name, fill=draw(fills)))
            case "paper":
                traded = draw(st.lists(paper_trades, min_size=1, max_size=3))
                found.append(PaperTraded(at=at, strategy=name, trades=tuple(traded)))
            case "action":
                found.append(ActionTaken(at=at, action=draw(actions)))
            case "fee":
                amount = draw(st.decimals("0.000001", "2", places=6))
                found.append(FeeCharged(at=at, strategy=name, amount=amount, trade_id="f"))
            case _:
                state = ModeState(mode=draw(st.sampled_from(Mode)), since=at, reason="judged")
                found.append(ModeEntered(at=at, strategy=name, state=state))
    return found


def plainly(
    happened: Sequence[Event],
) -> tuple[dict[StrategyId, Plain], dict[StrategyId, Plain], dict[tuple[StrategyId, Step], Plain]]:
    """Return what every strategy has really, virtually and on paper."""
    real, virtual = {name: Plain() for name in NAMES}, dict[StrategyId, Plain]()
    paper = {(name, step): Plain() for name in NAMES for step in Step}
    for event in happened:
        match event:
            case Filled():
                real[event.strategy].trade(*_traded(event.fill))
            case VirtuallyFilled():
                virtual.setdefault(event.strategy, real[event.strategy].copy()).trade(*_traded(event.fill))
            case PaperTraded():
                for each in event.trades:
                    paper[event.strategy, each.step].trade(each.symbol, each.quantity, each.price)
            case ActionTaken():
                for account in (*real.values(), *virtual.values(), *paper.values()):
                    account.after(event.action)
            case FeeCharged():
                real[event.strategy].cash -= event.amount
            case ModeEntered() if event.state.mode is Mode.SHADOW_MODE:
                virtual[event.strategy] = real[event.strategy].copy()
    return real, virtual, paper


def _traded(fill: Fill) -> tuple[Symbol, Decimal, Decimal, Decimal]:
    return fill.symbol, fill.quantity if fill.side is Side.BUY else -fill.quantity, fill.price, fill.fees


def _differs(sleeve: Sleeve, plain: Plain) -> bool:
    return abs(sleeve.pnl(CLOSES) - plain.value) > NEAR or any(
        abs(sleeve.quantity(symbol) - plain.shares[symbol]) > NEAR for symbol in SYMBOLS
    )


@quick
@given(events())
def test_book_is_worth_what_plain_accounts_are(happened: list[Event]) -> None:
    book, (real, virtual, paper) = folded(PortfolioBook(), happened), plainly(happened)
    wrong = [name for name in NAMES if _differs(book.of(name).real, real[name])]
    wrong += [name for name, plain in virtual.items() if _differs(book.of(name).virtual or Sleeve(), plain)]
    wrong += [
        name
        for (name, step), plain in paper.items()
        for account in [book.paper.get(name, {}).get(step, EMPTY_PAPER_ACCOUNT)]
        if abs(account.pnl(CLOSES) - plain.value) > NEAR
    ]
    assert not wrong
    assert {name for name in NAMES if book.of(name).virtual is not None} == virtual.keys()


@quick
@given(events(), st.integers(0, 25))
def test_book_is_the_fold_of_entries_that_were_stored(happened: list[Event], cut: int) -> None:
    parts = [tuple(happened[:cut]), tuple(happened[cut:])]
    entries = [JournalEntry(number=1, committed_at=START, run_id="r", events=part) for part in parts]
    stored = [read_canonical_json(canonical_json(entry)) for entry in entries]
    assert stored == entries
    book = folded(folded(PortfolioBook(), stored[0].events), stored[1].events)
    assert book == folded(PortfolioBook(), happened)
    assert read_canonical_json(canonical_json(book)) == book


@quick
@given(events(), st.lists(st.decimals("-500", "500", places=2), min_size=5, max_size=5))
def test_days_add_up_to_all_that_was_gained(happened: list[Event], deposits: list[Decimal]) -> None:
    first = local_day(START)
    last, read, gained, cash = Closing(), tuple(happened), ZERO, Decimal(10_000)
    for number, deposit in enumerate(deposits):
        session = _session(first + timedelta(days=number))
        day = open_day(last, session, read, 1)
        cash += deposit
        held = day.book.holdings()
        own = sum((each.real.realised - each.real.cost() for each in day.book.strategies.values()), ZERO)
        equity = cash + own + sum((quantity * CLOSES[symbol] for symbol, quantity in held.items()), ZERO)
        account = AccountAtClose(equity=equity, cash=cash + own, positions=held)
        closed = closed_day(day, account, CLOSES, key=KEY, recorded=(), now=session.closes_at)
        assert all(each.attribution is not None for each in closed.strategies)
        parts = [each.attribution.total - each.real_pnl for each in closed.strategies if each.attribution]
        assert all(abs(part) <= NEAR for part in parts)
        assert abs(closed.portfolio.external - (deposit if number else ZERO)) <= NEAR
        assert abs(closed.portfolio.residual) <= NEAR
        gained += closed.portfolio.strategies
        last, read = closed.closing, ()
    through = [event for event in happened if last.closes_at is not None and event.at <= last.closes_at]
    assert abs(gained - sum((plain.value for plain in plainly(through)[0].values()), ZERO)) <= NEAR
    whole, continued = folded(PortfolioBook(), happened), folded(last.book, last.pending)
    assert all(replace(continued.of(name).real, mark=Mark()) == whole.of(name).real for name in NAMES)


def _session(day: date) -> Session:
    return Session(day=day, opens_at=at_local(day, Moment.OPEN), closes_at=at_local(day, Moment.CLOSE))
