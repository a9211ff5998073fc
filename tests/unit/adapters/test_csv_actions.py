from datetime import date
from pathlib import Path

import pytest

from backend.adapters.csv_actions import read_action, read_actions
from backend.domain.errors import MarketDataError

HEADER = "symbol,kind,ex_date,new_shares,old_shares,per_share,pay_date\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "actions.csv"
    path.write_text(text)
    return path


def test_actions_are_read_by_ex_day_then_symbol(tmp_path: Path) -> None:
    rows = "NVDA,split,2024-06-10,10,1,,\nAMD,dividend,2024-06-10,,,0.1,\nAAPL,dividend,2024-05-10,,,0.25,2024-05-16\n"
    found = read_actions(written(tmp_path, HEADER + rows))

    assert [(each.action.action_id, each.pay_day) for each in found] == [
        ("dividend-AAPL-2024-05-10", date(2024, 5, 16)),
        ("dividend-AMD-2024-06-10", date(2024, 6, 10)),
        ("split-NVDA-2024-06-10-10for1", date(2024, 6, 10)),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected the columns symbol,kind"),
        ("symbol,kind\n", "line 1: expected the columns"),
        (
            f"{HEADER}AAPL,split,2020-01-06,2,1,,\nAAPL,split,2020-01-06,2,1,,\n",
            "found split-AAPL-2020-01-06-2for1 twice",
        ),
        (f"{HEADER}AAPL,split,06/01/2020,2,1,,\n", "line 2: expected kind"),
        (f"{HEADER}AAPL,split,2020-01-06,two,1,,\n", "line 2: expected kind"),
        (f"{HEADER}AAPL,split,2020-01-06,NaN,1,,\n", "line 2: expected kind"),
        (f"{HEADER}AAPL,split,2020-01-06,2,1,,2020-01-07\n", "line 2: .*none for a split"),
        (f"{HEADER}AAPL,dividend,2020-01-06,,,-1,\n", "line 2: .*dividend of 0 or more"),
        (f"{HEADER}AAPL,dividend,2020-01-06,,,1,2020-01-05\n", "line 2: expected a pay_date from 2020-01-06 on"),
        (f"{HEADER}AAPL,dividend,2020-01-06,,,1,,surplus\n", "line 2: .*remove the rest"),
        (f"{HEADER}AAPL,dividend\n", "line 2: expected ex_date"),
        (f'{HEADER}AAPL,"dividend\n', "damaged"),
    ],
)
def test_a_faulty_file_names_its_line_and_the_remedy(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MarketDataError, match=message):
        read_actions(written(tmp_path, text))


def test_a_missing_or_unreadable_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MarketDataError, match="found none"):
        read_actions(tmp_path / "none.csv")
    path = tmp_path / "actions.csv"
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(MarketDataError, match="damaged"):
        read_actions(path)


def test_an_action_is_read_from_fields_alone() -> None:
    fields = {"symbol": "AAPL", "kind": "dividend", "ex_date": "2024-05-10", "per_share": " 0.25 ", "pay_date": None}
    found = read_action(fields, "here")
    assert (found.action.action_id, found.pay_day) == ("dividend-AAPL-2024-05-10", date(2024, 5, 10))
