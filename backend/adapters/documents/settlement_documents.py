"""What was settled, in the documents of orders and in the ledger."""

from collections.abc import Sequence

from backend.adapters.documents import ledger_documents, order_documents, paths
from backend.adapters.documents.seam import Write, merge, replace
from backend.domain.ledger import LedgerTrade
from backend.domain.order import OrderState
from backend.domain.tick import PortfolioKey


def settlement_writes(key: PortfolioKey, orders: Sequence[OrderState], trades: Sequence[LedgerTrade]) -> list[Write]:
    """Merged into orders, which keep their owner and session; a trade's id makes writing it again the same."""
    return [
        *(
            merge(paths.order(key.tenant_id, order.intent.client_order_id), order_documents.order_fields(order))
            for order in orders
        ),
        *(
            replace(paths.ledger_trade(key.tenant_id, each.trade_id), ledger_documents.to_document(each))
            for each in trades
        ),
    ]
