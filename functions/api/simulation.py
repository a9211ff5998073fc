"""What a tick would decide now: the whole cycle on account and market as they are, nothing sent or written."""

from concurrent.futures import TimeoutError as OutOfTime
from dataclasses import replace

from backend.domain.errors import TookTooLong
from backend.domain.tick import PortfolioKey, TickCommit
from backend.engine.leasing import StoredLeases
from backend.engine.simulating import simulated
from backend.settings import Settings
from functions import bootstrap, stores
from functions.api import answers
from functions.api.calls import Call
from functions.api.takes import PortfolioQuery, TenantPath


def simulate(call: Call, path: TenantPath, query: PortfolioQuery) -> answers.Simulation:
    """Decide a tick now, and leave no trace of it: no order, no document."""
    key, limit = call.portfolio(query.portfolio_id), call.settings.api.simulation_seconds
    running = call.served.simulations.submit(_simulated, call.settings, key)
    try:
        found = running.result(timeout=limit)
    except OutOfTime as e:
        running.cancel()  # what has begun runs on to its end, and changes nothing
        raise TookTooLong(
            f"simulate: expected a decision within {limit:g} s, found none; try again, or make the strategies faster"
        ) from e
    return answers.Simulation(
        tenant_id=key.tenant_id,
        portfolio_id=key.portfolio_id,
        decided_at=found.log.timestamp.isoformat(),
        summary=found.log.summary,
        decision=dict(found.log.body),
    )


def _simulated(settings: Settings, key: PortfolioKey) -> TickCommit:
    cycle = bootstrap.cycle(settings, tenant_id=key.tenant_id, portfolio_id=key.portfolio_id, uid=key.uid)
    store, leases = stores.unwritable(settings)
    return simulated(key, replace(cycle, store=store, leases=StoredLeases(leases)))
