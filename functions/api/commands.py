"""What changes trading: halt, reduce-only, flatten, resume, reset, rebalance."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from backend.domain.audit import AuditEntry
from backend.domain.command import Flatten, Halt, ReduceOnly, Reset, Resume, TradingCommand
from backend.domain.errors import MaestroError, RequestInvalid
from backend.domain.order import OrderState, Side
from backend.domain.signal import StrategyId
from backend.domain.tick import PortfolioKey
from backend.domain.trading_state import OPERATOR
from backend.engine.control import command
from backend.engine.flattening import completed, wanted
from backend.engine.withdrawal import IsMeant
from backend.ports.receipts import Once
from functions import interventions, stores
from functions.api import answers
from functions.api.calls import Call, Deed
from functions.api.takes import FlattenBody, ReasonBody, ResetBody, RestrainBody, TenantPath
from functions.in_flight import flattened, told, withdrawn, withdrawn_json


def halt(call: Call, path: TenantPath, body: RestrainBody) -> Deed:
    """Nothing new goes out, neither entry nor exit, until somebody resumes; what is in flight is cancelled."""
    return _restraint(call, Halt(by=call.caller.name, reason=body.reason), _every, body.wait_seconds)


def reduce_only(call: Call, path: TenantPath, body: RestrainBody) -> Deed:
    """Exits go out and no entry, until somebody resumes; entries in flight are cancelled."""
    return _restraint(call, ReduceOnly(by=call.caller.name, reason=body.reason), _entry, body.wait_seconds)


def resume(call: Call, path: TenantPath, body: ReasonBody) -> Deed:
    """Lift a halt or reduce-only, and call off what is left of a flatten; a tripped breaker stays."""
    return _deed(call, Resume(by=call.caller.name, reason=body.reason))


def reset(call: Call, path: TenantPath, body: ResetBody) -> Deed:
    """Reset breakers that have tripped: the evidence so far trips none of them again, new evidence does."""
    return _deed(call, Reset(by=call.caller.name, reason=body.reason, breakers=frozenset(body.breakers)))


def rebalance(call: Call, path: TenantPath, body: ReasonBody) -> Deed:
    """Ask the allocation method for new weights in the next tick of every portfolio."""
    order, _ = interventions.set_weights(
        call.settings, call.tenant_id, stores.store(call.settings), by=call.caller.name, reason=body.reason
    )
    return _deed(call, order)


def flatten(call: Call, path: TenantPath, body: FlattenBody) -> Deed:
    """Sell what strategies hold, whatever their mode and even while trading is halted."""
    if body.all == bool(body.strategies):
        raise RequestInvalid("flatten: expected either all or strategies, found both or none; choose one")
    store = stores.store(call.settings)
    books = {key: store.observe_book(key).book for key in store.portfolios(call.tenant_id)}
    names = None if body.all else frozenset(map(StrategyId, body.strategies))
    order = Flatten(by=call.caller.name, reason=body.reason, strategies=wanted(books, names), is_all=body.all)

    def follow(said: Mapping[str, Any]) -> Mapping[str, Any]:
        fault = _completed(call, order, said)
        found = flattened(call.settings, call.tenant_id, store, body.wait_seconds)
        return {**said, **found, "faults": [*([fault] if fault else []), *found["faults"]]}

    return Deed(order=partial(_obey, call, order), wording=partial(_worded, answers.Flattened), follow=follow)


def _restraint(call: Call, order: TradingCommand, is_meant: IsMeant, wait: float) -> Deed:
    """Restrict trading first, whatever the broker does; then see to what was in flight."""
    store = stores.store(call.settings)

    def follow(said: Mapping[str, Any]) -> Mapping[str, Any]:
        in_flight = store.placed(call.tenant_id, said["in_flight"])
        known = frozenset(said["in_flight"])  # and no order that was decided after a resume since

        def is_ours(key: PortfolioKey, each: OrderState) -> bool:
            return each.intent.client_order_id in known and is_meant(key, each)

        found = withdrawn(call.settings, call.tenant_id, store, in_flight, is_ours, wait)
        return {**said, **withdrawn_json(*found)}

    return Deed(order=partial(_obey, call, order), wording=partial(_worded, answers.Restrained), follow=follow)


def _deed(call: Call, order: TradingCommand) -> Deed:
    return Deed(order=partial(_obey, call, order), wording=partial(_worded, answers.Commanded))


def _obey(call: Call, order: TradingCommand, once: Once) -> Mapping[str, Any]:
    done = command(order, tenant_id=call.tenant_id, control=once.control, now=call.served.now)
    return _worded(answers.Commanded, done.entry)  # never kept: a command always commits


def _completed(call: Call, order: Flatten, said: Mapping[str, Any]) -> str:
    """Add whoever entered before the order for all was in force, where it still is; return why that failed."""
    store = stores.store(call.settings)
    try:
        trading, _ = store.trading(call.tenant_id)
        standing = trading.restrictions.get(OPERATOR)
        given = said["restrictions"].get(OPERATOR)
        if standing is not None and given is not None and standing.since.isoformat() == given["since"]:
            completed(
                order,
                trading.liquidation,
                tenant_id=call.tenant_id,
                control=store,
                book_of=lambda key: store.observe_book(key).book,
                now=call.served.now,
            )
    except MaestroError as e:
        return told(e)
    return ""


def _worded(kind: type[answers.Commanded], entry: AuditEntry) -> Mapping[str, Any]:
    """Make the answer of a command's entry in the audit log, which says all of it."""
    facts = entry.body["facts"]
    return kind(
        tenant_id=entry.tenant_id,
        command=entry.kind.value,
        by=entry.actor,
        reason=entry.reason,
        at=entry.timestamp.isoformat(),
        audit_sequence=entry.sequence,
        state_before=facts["state_before"],
        state=facts["state_after"],
        epoch=facts["epoch_after"],
        restrictions=facts["restrictions"],
        liquidation=facts["liquidation"],
        in_flight=facts["in_flight"],
    ).model_dump(mode="json")


def _every(key: PortfolioKey, order: OrderState) -> bool:
    return True


def _entry(key: PortfolioKey, order: OrderState) -> bool:
    return order.intent.side is Side.BUY
