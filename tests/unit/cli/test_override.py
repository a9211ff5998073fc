"""What ``maestro intervene override`` is asked for: a mode with one end, or to clear."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backend.domain.errors import ConfigurationError
from backend.domain.mode import Mode
from maestro.cli.override import wanted


@pytest.mark.parametrize(
    ("span", "expected"),
    [("90m", timedelta(minutes=90)), ("12h", timedelta(hours=12)), ("2d", timedelta(2)), ("1w", timedelta(7))],
)
def test_override_for_a_span_ends_that_long_from_now(span: str, expected: timedelta) -> None:
    before = datetime.now(UTC)
    asked = wanted(Mode.REDUCED, span, None, clear=False)
    assert asked is not None
    assert asked[0] is Mode.REDUCED
    assert before + expected <= asked[1] <= datetime.now(UTC) + expected


def test_override_until_an_instant_keeps_it() -> None:
    asked = wanted(Mode.ACTIVE, None, "2030-01-01T12:00:00-05:00", clear=False)
    assert asked == (Mode.ACTIVE, datetime(2030, 1, 1, 17, tzinfo=UTC))


def test_override_cleared_asks_for_nothing_else() -> None:
    assert wanted(None, None, None, clear=True) is None


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"mode": Mode.ACTIVE}, "expected a mode with either --for or --until"),
        ({"mode": Mode.ACTIVE, "span": "2d", "until": "2030-01-01T00:00:00Z"}, "either --for or --until"),
        ({"span": "2d"}, "expected a mode with either --for or --until"),
        ({"mode": Mode.ACTIVE, "clear": True}, "expected --clear alone"),
        ({"span": "2d", "clear": True}, "expected --clear alone"),
        ({"mode": Mode.ACTIVE, "span": "2 days"}, "expected a span such as 90m, 12h, 2d or 1w, found '2 days'"),
        ({"mode": Mode.ACTIVE, "span": "0d"}, "expected a span"),
        ({"mode": Mode.ACTIVE, "span": "-1d"}, "expected a span"),
        ({"mode": Mode.ACTIVE, "span": "99999999w"}, "expected a span"),
        ({"mode": Mode.ACTIVE, "until": "2030-01-01"}, "expected an instant with its offset"),
        ({"mode": Mode.ACTIVE, "until": "soon"}, "expected an instant with its offset"),
    ],
)
def test_override_that_is_not_understood_is_refused(asked: dict[str, Any], words: str) -> None:
    given: dict[str, Any] = {"mode": None, "span": None, "until": None, "clear": False, **asked}
    with pytest.raises(ConfigurationError, match=words):
        wanted(given["mode"], given["span"], given["until"], clear=given["clear"])
