"""Alpaca: the account and its orders (``broker``), its books (``statements``), daily bars and actions (``bars``).

Importing this package does not load alpaca-py; building an adapter does, and even then pandas stays out.
"""

from backend.adapters.alpaca.bars import AlpacaBars
from backend.adapters.alpaca.broker import AlpacaBroker
from backend.adapters.alpaca.statements import AlpacaStatements

__all__ = ["AlpacaBars", "AlpacaBroker", "AlpacaStatements"]
