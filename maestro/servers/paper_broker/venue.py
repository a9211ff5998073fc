"""What all routes of one server share: the broker, its faults, its bars and its stream."""

from datetime import UTC, datetime

from backend.adapters.csv_actions import read_actions
from maestro.servers.paper_broker.bars import BarPages
from maestro.servers.paper_broker.broker import PaperBroker
from maestro.servers.paper_broker.config import PaperBrokerConfig
from maestro.servers.paper_broker.documents import state_document
from maestro.servers.paper_broker.errors import PaperBrokerConfigError
from maestro.servers.paper_broker.faults import FaultPlan
from maestro.servers.paper_broker.price_file import read_prices
from maestro.servers.paper_broker.prices import PriceHistory
from maestro.servers.paper_broker.sessions import close_at
from maestro.servers.paper_broker.stream import TradeUpdates


class Venue:
    """The state of one server; only its event loop's thread touches it."""

    def __init__(self, config: PaperBrokerConfig) -> None:
        self.config = config
        self.prices = read_prices(config.prices)
        self._actions = read_actions(config.actions) if config.actions else ()
        self._start = _start(config, self.prices)
        self.bars = BarPages(self.prices)
        self.updates = TradeUpdates()
        self.faults = FaultPlan(config.faults, config.seed)
        self.broker = self._new_broker()
        self._key, self._secret = config.key, config.secret

    def accepts(self, key: str, secret: str) -> bool:
        """Tell whether the credentials open the account; without configured ones any that are not empty do."""
        if not key or not secret:
            return False
        return self._key in (None, key) and self._secret in (None, secret)

    def rotate(self, key: str, secret: str) -> None:
        """Insist on these credentials from here on; those before open the account no more."""
        self._key, self._secret = key, secret

    def advance(self, to: datetime) -> None:
        self.broker.advance(to)

    def reset(self) -> None:
        """Return to the configured start, faults included."""
        self.broker = self._new_broker()
        self._key, self._secret = self.config.key, self.config.secret
        self.faults.replace(self.config.faults)

    def state(self) -> dict[str, object]:
        return {**state_document(self.broker), "faults": self.faults.to_document()}

    def _new_broker(self) -> PaperBroker:
        broker = PaperBroker(self.config, self.prices, self._actions, self._start)
        broker.listener = self.updates.publish
        return broker


def _start(config: PaperBrokerConfig, prices: PriceHistory) -> datetime:
    start = config.start.astimezone(UTC) if config.start else close_at(prices.days[-1])
    if start < close_at(prices.days[0]):
        raise PaperBrokerConfigError(
            f"start: expected an instant from {close_at(prices.days[0]).isoformat()} (the first close in "
            f"{config.prices}), found {start.isoformat()}; start later or give a longer price file."
        )
    return start
