"""A folder with prices and two strategies that always buy, and the settings that put it in front of a paper broker."""

from pathlib import Path

PRICES = "date,AAPL,AMD\n2024-01-02,100,50\n2024-01-03,100,50\n"
RULES = """
from functions.strategies.base import BaseStrategy

class BuysApple(BaseStrategy):
    def evaluate(self, market_data, account_snapshot, regime=None):
        return self.buy("AAPL", 0.1, 0.9, "always")

class BuysAmd(BaseStrategy):
    def evaluate(self, market_data, account_snapshot, regime=None):
        return self.buy("AMD", 0.1, 0.9, "always")
"""


def lay_out(folder: Path) -> Path:
    """Write prices and strategies; return the file of prices."""
    prices = folder / "prices.csv"
    prices.write_text(PRICES)
    package = folder / "own_rules"
    package.mkdir()
    (package / "__init__.py").write_text(RULES)
    return prices


def variables(url: str) -> dict[str, str]:
    return {
        "APCA_API_KEY_ID": "key",
        "APCA_API_SECRET_KEY": "secret",
        "MAESTRO_ALPACA__URL": url,
        "MAESTRO_ALPACA__TIMEOUT_SECONDS": "1",
        "MAESTRO_PRICES_FILE": "prices.csv",
        "MAESTRO_SYMBOLS": "AAPL,AMD",
        "MAESTRO_STRATEGIES__PACKAGES": "own_rules",
        "MAESTRO_ORCHESTRATOR__RISK__STALE_AFTER_DAYS": "0",  # the prices are of 2024
    }
