"""However often a write is sent under one key, and by however many at once, it is carried out once."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from backend.adapters.documents import DocumentStore, Write
from backend.domain.trading_state import TradingState
from functions.api import commands
from maestro.servers.paper_broker import PaperBrokerServer
from tests.contract.recording import RecordingDocuments
from tests.integration.api.desk import TENANT, ApiDesk
from tests.integration.api.test_api_writes import AT_ONCE, LOOK_UP, WHY, tick

AT_THE_SAME_TIME = 6


def test_write_sent_again_is_answered_with_the_same_and_changes_nothing(desk: ApiDesk) -> None:
    first = desk.post("halt", AT_ONCE, key="k")
    assert desk.post("resume", WHY).status_code == 200
    again = desk.post("halt", AT_ONCE, key="k")
    assert (first.status_code, again.status_code, again.data) == (200, 200, first.data)
    assert desk.audit() == ["halt", "resume"]
    assert desk.store.trading(TENANT)[0].state is TradingState.ACTIVE


def test_write_is_the_same_however_its_body_is_spelt(desk: ApiDesk) -> None:
    headers = {"Authorization": "Bearer olga", "Idempotency-Key": "k", "Content-Type": "application/json"}
    url, client = f"/v1/tenants/{TENANT}/halt", desk.app.test_client()
    bodies = ('{"reason":"a test","wait_seconds":0}', '{ "wait_seconds": 0,\n "reason": "a test"}')
    first, second = (client.post(url, data=body, headers=headers) for body in bodies)
    assert (first.status_code, second.data) == (200, first.data)
    assert desk.audit() == ["halt"]


def test_key_used_for_another_request_is_refused(desk: ApiDesk) -> None:
    desk.post("halt", AT_ONCE, key="k")
    others = [
        desk.post("halt", {**AT_ONCE, "reason": "another"}, key="k"),
        desk.post("reduce-only", AT_ONCE, key="k"),
        desk.request("DELETE", "strategies/rsi_reversion/mode-override", query=WHY, key="k"),
    ]
    assert [(each.status_code, each.json["error"]) for each in others] == [(422, "KeyReused")] * 3
    assert desk.audit() == ["halt"]


@pytest.mark.parametrize("key", [None, "", "with space", "ü", "x" * 201])
def test_write_without_a_usable_key_is_refused_before_anything_is_done(desk: ApiDesk, key: str | None) -> None:
    answer = desk.request("POST", "halt", AT_ONCE, **({} if key is None else {"Idempotency-Key": key}))
    assert (answer.status_code, "Idempotency-Key" in answer.json["detail"]) == (422, True)
    assert desk.audit() == []


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("halt", AT_ONCE),
        ("flatten", {**AT_ONCE, "all": True}),
        ("strategies/rsi_reversion/pause", WHY),
    ],
)
def test_write_sent_by_many_at_once_has_one_effect_and_one_answer(desk: ApiDesk, path: str, body: Any) -> None:
    start = Barrier(AT_THE_SAME_TIME)

    def send(_: int) -> Any:
        start.wait()
        return desk.post(path, body, key="k")

    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        answers = list(pool.map(send, range(AT_THE_SAME_TIME)))
    assert {each.status_code for each in answers} == {200}
    assert len({each.data for each in answers}) == 1
    assert len(desk.audit()) == 1


def test_writes_of_different_keys_at_once_are_all_carried_out(desk: ApiDesk) -> None:
    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        answers = list(pool.map(lambda number: desk.post("halt", AT_ONCE, key=f"k{number}"), range(AT_THE_SAME_TIME)))
    assert {each.status_code for each in answers} == {200}
    assert sorted(each.json["audit_sequence"] for each in answers) == list(range(1, AT_THE_SAME_TIME + 1))
    assert desk.audit() == ["halt"] * AT_THE_SAME_TIME


def test_refusal_leaves_no_receipt_so_that_the_key_can_be_used_again(desk: ApiDesk) -> None:
    assert desk.post("resume", WHY, key="k").status_code == 422
    desk.post("halt", AT_ONCE)
    assert desk.post("resume", WHY, key="k").status_code == 200


def test_change_that_changed_nothing_is_answered_so_for_good(desk: ApiDesk) -> None:
    desk.post("strategies/rsi_reversion/pause", WHY)
    nothing = desk.post("strategies/rsi_reversion/pause", WHY, key="k")
    assert (nothing.json["changes"], nothing.json["audit_sequence"]) == ([], None)
    desk.post("strategies/rsi_reversion/resume", WHY)
    assert desk.post("strategies/rsi_reversion/pause", WHY, key="k").data == nothing.data
    assert desk.audit() == ["configured"] * 2


def test_answer_is_the_receipts_even_where_the_request_would_be_refused_now(desk: ApiDesk) -> None:
    body = {**WHY, "expected_version": 0, "set": {"allocation.method": "equal_weight"}}
    desk.request("PATCH", "configuration", body, key="a")
    ordered = desk.post("rebalance", WHY, key="k")
    desk.request(
        "PATCH", "configuration", {**body, "expected_version": 1, "set": {"allocation.method": "full"}}, key="b"
    )
    assert desk.post("rebalance", WHY).status_code == 422
    assert (ordered.status_code, desk.post("rebalance", WHY, key="k").data) == (200, ordered.data)


def test_death_between_commit_and_answer_leaves_the_answer_and_the_rest_to_the_next_delivery(
    trading_desk: ApiDesk, broker: PaperBrokerServer
) -> None:
    """The halt is committed; what was in flight was not looked at when the process died."""
    broker.set_faults(["POST /v2/orders:timeout-after-accept*99", f"{LOOK_UP}:500*99"])
    tick(trading_desk)
    broker.set_faults([])
    _die_after_the_commit(trading_desk, "k")
    assert len(trading_desk.get("orders", open=True).json["orders"]) == 2
    answer = trading_desk.post("halt", AT_ONCE, key="k")
    assert (len(answer.json["withdrawn"]), answer.json["unsettled"]) == (2, [])
    assert trading_desk.post("halt", AT_ONCE, key="k").data == answer.data
    assert (trading_desk.audit(), trading_desk.get("orders", open=True).json["orders"]) == (["halt"], [])


def test_late_delivery_of_a_halt_leaves_orders_alone_that_were_decided_since(
    trading_desk: ApiDesk, broker: PaperBrokerServer
) -> None:
    _die_after_the_commit(trading_desk, "k")
    trading_desk.post("resume", WHY)
    broker.set_faults(["POST /v2/orders:timeout-after-accept*99", f"{LOOK_UP}:500*99"])
    tick(trading_desk)
    broker.set_faults([])
    answer = trading_desk.post("halt", AT_ONCE, key="k")
    assert (answer.json["in_flight"], answer.json["withdrawn"]) == ([], [])
    assert len(trading_desk.get("orders", open=True).json["orders"]) == 2
    assert trading_desk.store.trading(TENANT)[0].state is TradingState.ACTIVE


class Dying(RecordingDocuments):
    """Dies after its first commit."""

    def commit(self, writes: Sequence[Write]) -> dict[str, object]:
        super().commit(writes)
        raise KeyboardInterrupt


def _die_after_the_commit(desk: ApiDesk, key: str) -> None:
    """Do what the API does for a halt, in a process that ends before it has looked at anything else."""
    from datetime import UTC, datetime

    from backend.adapters.documents.receipts import DocumentReceipts
    from backend.domain.receipt import WriteRequest
    from functions.api.calls import Call
    from functions.api.gates import Caller
    from functions.api.takes import RestrainBody, TenantPath

    caller = Caller(uid="olga", name="olga@example.com (olga)")
    call = Call(served=desk.served, caller=caller, tenant_id=TENANT)
    deed = commands.halt(call, TenantPath(tenant_id=TENANT), RestrainBody(**AT_ONCE))
    request = WriteRequest(
        tenant_id=TENANT,
        uid="olga",
        key=key,
        method="POST",
        path=f"/v1/tenants/{TENANT}/halt",
        content={"body": AT_ONCE, "query": {}},
        at=datetime.now(UTC),
    )
    receipts = DocumentReceipts(Dying(desk.documents))
    with pytest.raises(KeyboardInterrupt):
        deed.order(receipts.once(request, deed.wording, is_final=False))
    assert DocumentStore(desk.documents).trading(TENANT)[0].state is TradingState.HALTED
