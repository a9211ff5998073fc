"""Splits and dividends check themselves, and are named alike whoever reports them."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from backend.domain.corporate_action import ActionKind, CorporateAction
from backend.domain.errors import LedgerError
from tests.unit.domain.ledger_inputs import AAPL, APPLE_DIVIDEND, APPLE_SPLIT, GE_REVERSE_SPLIT, dividend, split

EX_DAY = date(2020, 8, 31)


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        (APPLE_SPLIT, "split-AAPL-2020-08-31-4for1"),
        (GE_REVERSE_SPLIT, "split-GE-2021-08-02-1for8"),
        (APPLE_DIVIDEND, "dividend-AAPL-2020-08-07"),
    ],
)
def test_corporate_action_is_named_by_what_happened_when(action: CorporateAction, expected: str) -> None:
    assert action.action_id == expected


def test_corporate_action_is_named_alike_however_its_numbers_are_written() -> None:
    written = CorporateAction(
        symbol=AAPL, kind=ActionKind.SPLIT, ex_day=EX_DAY, new_shares=Decimal("4.00"), old_shares=Decimal("1.0")
    )
    assert written.action_id == split(AAPL, 4, 1, EX_DAY).action_id
    assert dividend(AAPL, "0.82", EX_DAY).action_id == dividend(AAPL, "0.820", EX_DAY).action_id


@pytest.mark.parametrize(
    "terms",
    [
        {"kind": ActionKind.SPLIT},
        {"kind": ActionKind.SPLIT, "new_shares": Decimal(2), "old_shares": Decimal(2)},
        {"kind": ActionKind.SPLIT, "new_shares": Decimal(0)},
        {"kind": ActionKind.SPLIT, "new_shares": Decimal(-4)},
        {"kind": ActionKind.SPLIT, "new_shares": Decimal(4), "old_shares": Decimal(0)},
        {"kind": ActionKind.SPLIT, "new_shares": Decimal(4), "per_share": Decimal("0.82")},
        {"kind": ActionKind.DIVIDEND},
        {"kind": ActionKind.DIVIDEND, "per_share": Decimal("-0.82")},
        {"kind": ActionKind.DIVIDEND, "per_share": Decimal("0.82"), "new_shares": Decimal(4)},
    ],
)
def test_corporate_action_that_is_neither_split_nor_dividend_is_refused(terms: dict[str, Any]) -> None:
    with pytest.raises(LedgerError, match=r"AAPL 2020-08-31: expected .*; correct the source"):
        CorporateAction(symbol=AAPL, ex_day=EX_DAY, **terms)
