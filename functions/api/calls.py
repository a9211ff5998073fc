"""What an endpoint is given: what serves the API, who asks, and for which tenant."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.adapters.documents import paths
from backend.domain.errors import ConfigurationError, NotFound
from backend.domain.tick import PortfolioKey
from backend.ports.receipts import Once, Wording
from backend.settings import Settings
from functions import stores
from functions.api.allowance import Allowance
from functions.api.gates import Caller, Gate

MOST_SIMULATIONS = 2  # at a time; more wait for their turn


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What one application is made of."""

    settings: Settings
    gate: Gate
    allowance: Allowance
    now: Callable[[], datetime]
    simulations: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(MOST_SIMULATIONS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request that was admitted."""

    served: Served
    caller: Caller
    tenant_id: str

    @property
    def settings(self) -> Settings:
        return self.served.settings

    def portfolio(self, portfolio_id: str | None) -> PortfolioKey:
        """Return the portfolio with the user whose record counts, from its definition.

        Raises
        ------
        NotFound
            There is no such portfolio.
        ConfigurationError
            Its definition is wrong.
        """
        name = portfolio_id or self.settings.portfolio_id
        path, book = paths.portfolio(self.tenant_id, name), paths.book(self.tenant_id, name)
        found = stores.documents(self.settings).read([path, book])
        if not found and portfolio_id not in (None, self.settings.portfolio_id):
            raise NotFound(f"portfolio_id: expected a portfolio of this tenant, found none of the name {name!r}")
        fields = found[path].fields if path in found else {}
        uid = fields.get("uid", found[book].fields.get("uid") if book in found else self.settings.uid)
        if not isinstance(uid, str) or not uid:
            raise ConfigurationError(f"portfolios/{name}.uid: expected a user's id as text, found {uid!r}; correct it")
        return PortfolioKey(tenant_id=self.tenant_id, portfolio_id=name, uid=uid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """A write.

    Parameters
    ----------
    order : makes the one commit, and returns the answer for the case that nothing had to be committed
    wording : the answer, from the commit's entry in the audit log
    follow : what is seen to afterwards, which may be done twice; takes the answer and returns the final one
    """

    order: Callable[[Once], Mapping[str, Any]]
    wording: Wording
    follow: Callable[[Mapping[str, Any]], Mapping[str, Any]] | None = None
