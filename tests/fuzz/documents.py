"""What Maestro has written down, read anew after every step; what stands there once must never change."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from backend.adapters.documents import (
    ledger_documents,
    order_documents,
    paths,
    performance_documents,
    portfolio_performance_documents,
)
from backend.adapters.documents.fields import FieldReader
from backend.adapters.documents.seam import StoredDocument
from backend.domain.book import PortfolioBook
from backend.domain.journal import Event, folded
from backend.domain.ledger import LedgerTrade, TradeKind
from backend.domain.order import OrderState
from backend.domain.snapshot import PortfolioPerformanceSnapshot, StrategyPerformanceSnapshot
from backend.domain.trading_state import Trading
from tests.fuzz.script import PORTFOLIOS
from tests.fuzz.world import TENANT, World, key_of

LASTING = ("ledger_trades", "journal", "strategy_performance", "portfolio_performance")


@dataclass(slots=True)
class Written:
    """All of it. ``replayed`` is each portfolio's book as the journal tells it, ``events`` what the journal says."""

    world: World
    trades: dict[str, LedgerTrade] = field(default_factory=dict)
    orders: dict[str, OrderState] = field(default_factory=dict)
    books: dict[str, PortfolioBook] = field(default_factory=dict)
    replayed: dict[str, PortfolioBook] = field(default_factory=dict)
    events: defaultdict[str, list[Event]] = field(default_factory=lambda: defaultdict(list))
    strategy_days: dict[str, StrategyPerformanceSnapshot] = field(default_factory=dict)
    portfolio_days: dict[str, PortfolioPerformanceSnapshot] = field(default_factory=dict)
    trading: Trading = field(default_factory=Trading)
    _seen: dict[str, object] = field(default_factory=dict)

    def read(self) -> None:
        """Read what is new, and hand what was crossed inside to the model's ledger."""
        for document in self._new("ledger_trades"):
            trade = ledger_documents.from_document(document)
            assert document.document_id == trade.trade_id
            self.trades[trade.trade_id] = trade
            self.world.counts[f"ledger {trade.kind}"] += 1
            if trade.kind is TradeKind.CROSS and trade.trade_id.endswith("-sell"):
                self._hand_over(trade)
        for document in self._new("strategy_performance"):
            self.strategy_days[document.path] = performance_documents.from_document(document)
        for document in self._new("portfolio_performance"):
            self.portfolio_days[document.path] = portfolio_performance_documents.from_document(document)
        for document in self.world.documents.query(paths.collection(TENANT, "orders")):
            order = order_documents.from_reader(FieldReader(document.path, document.fields))
            self.orders[order.intent.client_order_id] = order
        for portfolio in PORTFOLIOS:
            self._read_book(portfolio)

    def trades_of(self, strategy: str) -> Iterator[LedgerTrade]:
        return (trade for trade in self.trades.values() if trade.strategy_id == strategy)

    def _hand_over(self, sold: LedgerTrade) -> None:
        bought = self._trade(sold.trade_id.removesuffix("-sell") + "-buy")
        assert (sold.symbol, sold.qty, sold.price, sold.ts) == (bought.symbol, bought.qty, bought.price, bought.ts)
        assert sold.fees == bought.fees == Decimal(0)
        self.world.office.ledger.hand_over(
            sold.ts, sold.strategy_id, bought.strategy_id, sold.symbol, sold.qty, sold.price
        )

    def _trade(self, trade_id: str) -> LedgerTrade:
        path = paths.ledger_trade(TENANT, trade_id)
        return ledger_documents.from_document(self.world.documents.read([path])[path])

    def _read_book(self, portfolio: str) -> None:
        store, key = self.world.store, key_of(portfolio)
        observed = store.observe_book(key)
        self.trading, self.books[portfolio] = observed.trading, observed.book
        before = self.replayed.get(portfolio, PortfolioBook())
        entries = store.journal(key, after=before.entries, through=observed.book.entries)
        fresh = [event for entry in entries for event in entry.events]
        self.events[portfolio] += fresh
        self.world.counts.update(f"event {type(event).__name__}" for event in fresh)
        self.replayed[portfolio] = folded(
            PortfolioBook(
                strategies=before.strategies,
                paper=before.paper,
                entries=observed.book.entries,
            ),
            fresh,
        )

    def _new(self, name: str) -> list[StoredDocument]:
        """Return the documents of a collection that were not there before; the others must be as they were."""
        found = self.world.documents.query(paths.collection(TENANT, name))
        gone = {path for path in self._seen if path.rpartition("/")[0].endswith(f"/{name}")} - {d.path for d in found}
        assert not gone, f"expected {name} to be append-only, found {sorted(gone)} missing"
        fresh = []
        for document in found:
            if document.path not in self._seen:
                self._seen[document.path] = document.fields
                fresh.append(document)
            assert self._seen[document.path] == document.fields, f"{document.path} was written over"
        return fresh
