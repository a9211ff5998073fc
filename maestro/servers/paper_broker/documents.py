"""The account, positions, orders, assets and events as Alpaca's JSON."""

from decimal import Decimal
from uuid import UUID, uuid5

from maestro.servers.paper_broker.account import Holding
from maestro.servers.paper_broker.activity_documents import entry_document, fill_document
from maestro.servers.paper_broker.broker import PaperBroker
from maestro.servers.paper_broker.orders import CENT, NAMESPACE, SHARE, ZERO, OrderEvent, PaperOrder
from maestro.servers.paper_broker.wire import instant, number, optional_instant, optional_number

Document = dict[str, object]
_RATIO = Decimal("0.000001")


def asset_id(symbol: str) -> UUID:
    return uuid5(NAMESPACE, f"asset:{symbol}")


def account_document(broker: PaperBroker) -> Document:
    long = broker.account.long_value(broker.quotes.price)
    short = broker.account.short_value(broker.quotes.price)
    buying_power = number(max(ZERO, broker.buying_power()))
    equity = number(broker.equity())
    return {
        "id": str(uuid5(NAMESPACE, f"account {broker.config.account_number}")),
        "account_number": broker.config.account_number,
        "status": "ACTIVE",
        "crypto_status": "INACTIVE",
        "currency": "USD",
        "cash": number(broker.account.cash),
        "buying_power": buying_power,
        "regt_buying_power": buying_power,
        "daytrading_buying_power": "0",
        "non_marginable_buying_power": buying_power,
        "accrued_fees": "0",
        "pending_transfer_in": "0",
        "pending_transfer_out": "0",
        "portfolio_value": equity,
        "equity": equity,
        "last_equity": number(broker.closes.before(broker.quotes.today)),
        "long_market_value": number(long),
        "short_market_value": number(short),
        "initial_margin": number(long - short),
        "maintenance_margin": number(long - short),
        "last_maintenance_margin": "0",
        "sma": "0",
        "multiplier": number(broker.config.buying_power_multiplier),
        "shorting_enabled": broker.config.shorting,
        "pattern_day_trader": False,
        "trading_blocked": False,
        "transfers_blocked": False,
        "account_blocked": False,
        "trade_suspended_by_user": False,
        "created_at": instant(broker.started_at),
    }


def position_document(broker: PaperBroker, holding: Holding) -> Document:
    price = broker.quotes.price(holding.symbol)
    last = broker.quotes.last_day_price(holding.symbol)
    value, cost = holding.market_value(price), holding.cost_basis
    today = (holding.qty * (price - last)).quantize(CENT)
    standing = broker.standing(holding.symbol)
    available = standing.sellable_qty if holding.qty > 0 else -standing.coverable_qty
    return {
        "asset_id": str(asset_id(holding.symbol)),
        "symbol": holding.symbol,
        "exchange": "NASDAQ",
        "asset_class": "us_equity",
        "asset_marginable": False,
        "qty": number(holding.qty),
        "qty_available": number(available),
        "side": "long" if holding.qty > 0 else "short",
        "avg_entry_price": number(holding.average_price.quantize(SHARE)),
        "market_value": number(value),
        "cost_basis": number(cost),
        "unrealized_pl": number(value - cost),
        "unrealized_plpc": _ratio(value - cost, abs(cost)),
        "unrealized_intraday_pl": number(today),
        "unrealized_intraday_plpc": _ratio(today, abs(value - today)),
        "current_price": number(price),
        "lastday_price": number(last),
        "change_today": _ratio(price - last, last),
    }


def _ratio(part: Decimal, whole: Decimal) -> str:
    return number((part / whole).quantize(_RATIO)) if whole else "0"


def order_document(order: PaperOrder) -> Document:
    ticket = order.ticket
    return {
        "id": str(order.id),
        "client_order_id": order.client_order_id,
        "created_at": instant(order.submitted_at),
        "updated_at": instant(order.updated_at),
        "submitted_at": instant(order.submitted_at),
        "filled_at": optional_instant(order.filled_at),
        "expired_at": optional_instant(order.expired_at),
        "canceled_at": optional_instant(order.canceled_at),
        "failed_at": optional_instant(order.failed_at),
        "replaced_at": None,
        "replaced_by": None,
        "replaces": None,
        "asset_id": str(asset_id(ticket.symbol)),
        "symbol": ticket.symbol,
        "asset_class": "us_equity",
        "notional": optional_number(ticket.notional),
        "qty": optional_number(ticket.qty),
        "filled_qty": number(order.filled_qty),
        "filled_avg_price": optional_number(order.average_price),
        "order_class": "",
        "order_type": ticket.kind.value,
        "type": ticket.kind.value,
        "side": ticket.side.value,
        "time_in_force": ticket.time_in_force.value,
        "limit_price": optional_number(ticket.limit_price),
        "stop_price": None,
        "status": order.status.value,
        "extended_hours": ticket.extended_hours,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
    }


def event_document(event: OrderEvent) -> Document:
    document: Document = {
        "event": event.event.value,
        "execution_id": str(event.id),
        "timestamp": instant(event.at),
        "order": order_document(event.order),
        "position_qty": number(event.position_qty),
    }
    if event.fill is not None:
        document |= {"price": number(event.fill.price), "qty": number(event.fill.qty)}
    return document


def asset_document(broker: PaperBroker, symbol: str) -> Document:
    return {
        "id": str(asset_id(symbol)),
        "class": "us_equity",
        "exchange": "NASDAQ",
        "symbol": symbol,
        "name": symbol,
        "status": "active",
        "tradable": broker.quotes.is_tradable(symbol),
        "marginable": broker.config.buying_power_multiplier > 1,
        "shortable": broker.config.shorting,
        "easy_to_borrow": broker.config.shorting,
        "fractionable": symbol not in broker.config.whole_share_symbols,
    }


def state_document(broker: PaperBroker) -> Document:
    """Return the whole state of the broker: what two equal runs have in common."""
    return {
        "now": instant(broker.now),
        "day": broker.quotes.today.isoformat(),
        "cash": number(broker.account.cash),
        "equity": number(broker.equity()),
        "buying_power": number(broker.buying_power()),
        "positions": [position_document(broker, h) for _, h in sorted(broker.account.holdings.items())],
        "orders": [order_document(order) for order in broker.book.all],
        "fills": [
            {**fill_document(fill), "value": number(fill.value), "fee": number(fill.fee)}
            for fill in broker.journal.fills
        ],
        "non_trade_activities": [entry_document(entry) for entry in broker.journal.entries],
    }
