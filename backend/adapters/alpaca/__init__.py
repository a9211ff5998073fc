"""Alpaca: the account and its orders (``broker``), daily bars (``bars``).

Importing this package loads neither alpaca-py nor pandas; building an adapter does.
"""

from backend.adapters.alpaca.bars import AlpacaBars
from backend.adapters.alpaca.broker import AlpacaBroker

__all__ = ["AlpacaBars", "AlpacaBroker"]
