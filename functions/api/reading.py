"""What is read: how trading stands, what was decided and ordered."""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.domain.errors import NotFound, RequestInvalid
from backend.domain.order import OrderStatus
from backend.domain.tick import LogEntry, PlacedOrder
from functions import bootstrap, interventions, standing, stores
from functions.api import answers
from functions.api.calls import Call
from functions.api.takes import DecisionPath, DecisionsQuery, OrdersQuery, PortfolioQuery, TenantPath
from functions.in_flight import order_json
from functions.strategies.maestro_controller import MaestroController


def status(call: Call, path: TenantPath, query: PortfolioQuery) -> answers.Status:
    """Trading state, restrictions, strategies and unsettled orders of one portfolio."""
    key, store = call.portfolio(query.portfolio_id), stores.store(call.settings)
    said = standing.standing(store.observe_book(key), next(iter(store.decisions(call.tenant_id, last=1)), None))
    return answers.Status(tenant_id=call.tenant_id, portfolio_id=key.portfolio_id, **said)


def strategies(call: Call, path: TenantPath, query: PortfolioQuery) -> answers.Strategies:
    """Every strategy that was found or has traded: parameters, whether it may place orders, how it stands."""
    key, store, settings = call.portfolio(query.portfolio_id), stores.store(call.settings), call.settings
    observed = store.observe_book(key)
    newest = next(iter(store.decisions(call.tenant_id, last=1)), None)
    stands = {each["strategy"]: each for each in standing.strategies(observed, newest)}
    from backend.configuration import configured

    policy = configured(settings.policy(MaestroController.default_policy()), observed.configuration)
    loader = bootstrap.loader(settings, call.tenant_id, key.uid)
    running = interventions.strategies_in(settings, interventions.stored(settings, call.tenant_id))
    parameters: dict[str, Mapping[str, Any]] = {each.name: standing.parameters(each) for each in loader.strategies}
    parameters |= {each["name"]: each.get("parameters", {}) for each in running.get("listed", ())}
    disabled = policy.disabled_names(call.served.now())
    return answers.Strategies(
        tenant_id=call.tenant_id,
        portfolio_id=key.portfolio_id,
        strategies=[
            answers.Loaded(
                strategy=name,
                is_enabled=name in running["known"] and name not in disabled,
                parameters=dict(parameters.get(name, {})),
                standing=answers.StrategyStanding(**stands[name]) if name in stands else None,
            )
            for name in sorted(running["known"] | stands.keys())
        ],
        load_errors=dict(loader.load_errors),
    )


def decisions(call: Call, path: TenantPath, query: DecisionsQuery) -> answers.Decisions:
    """Decisions of all portfolios, newest first."""
    found = stores.store(call.settings).decisions(call.tenant_id, last=query.limit, before=query.before)
    is_last = len(found) < query.limit or found[-1].sequence == 1
    return answers.Decisions(
        decisions=[_summary(each) for each in found],
        next_before=None if is_last else found[-1].sequence,
    )


def decision(call: Call, path: DecisionPath) -> answers.Decision:
    """One decision, whole, with its place in the hash chain."""
    found = stores.store(call.settings).decision(call.tenant_id, path.log_id)
    if found is None:
        raise NotFound(f"log_id: expected a decision of this tenant, found none of the name {path.log_id!r}")
    return answers.Decision(
        log_id=found.log_id,
        summary=found.summary,
        summary_source=found.summary_source,
        previous_hash=found.previous_hash,
        entry_hash=found.entry_hash,
        body=dict(found.body),
    )


def orders(call: Call, path: TenantPath, query: OrdersQuery) -> answers.Orders:
    """Orders of all portfolios, newest first; those that are not final as the trading document has them."""
    if query.open and query.status is not None:
        raise RequestInvalid("orders: expected either open or status, found both; leave one out")
    return answers.Orders(orders=[answers.Order(**order_json(each)) for each in _orders(call, query)])


def _orders(call: Call, query: OrdersQuery) -> Sequence[PlacedOrder]:
    """Read what is not final by the ids that the trading document holds, so that none is missed however old it is."""
    store, tenant_id = stores.store(call.settings), call.tenant_id
    if query.open or (query.status is not None and not OrderStatus(query.status).is_final):
        working = store.placed(tenant_id, list(store.trading(tenant_id)[0].working))
        return [each for each in working if query.open or each.order.status is query.status][: query.limit]
    newest = store.orders(tenant_id, last=query.limit, status=query.status)
    return store.placed(tenant_id, [each.intent.client_order_id for each in newest])[::-1]


def _summary(entry: LogEntry) -> answers.DecisionSummary:
    body = entry.body
    return answers.DecisionSummary(
        log_id=entry.log_id,
        sequence=entry.sequence,
        portfolio_id=entry.portfolio_id,
        timestamp=entry.timestamp.isoformat(),
        session_id=entry.session_id,
        summary=entry.summary,
        trading_state=body["trading_state"],
        systemic_risk_detected=body["systemic_risk_detected"],
        signals_modified=body["signals_modified"],
        orders=len(body["orders"]),
        modes={each["strategy_name"]: each["mode"] for each in body["allocation_decisions"]},
    )
