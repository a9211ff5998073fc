"""Alpaca: the account and its orders (``broker``), its books (``statements``), daily bars and actions (``bars``).

Importing this package loads neither alpaca-py nor pandas; building an adapter does.
"""

from backend.adapters.alpaca.bars import AlpacaBars
from backend.adapters.alpaca.broker import AlpacaBroker
from backend.adapters.alpaca.statements import AlpacaStatements

__all__ = ["AlpacaBars", "AlpacaBroker", "AlpacaStatements"]
