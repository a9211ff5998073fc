"""Options that choose days: the first and the last one."""

from datetime import date, datetime
from typing import Annotated

import typer

from backend.domain.errors import ConfigurationError

FirstDay = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], metavar="DAY", help="First day to look at.")
]
LastDay = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], metavar="DAY", help="Last day to look at.")
]


def span(first: datetime | None, last: datetime | None) -> tuple[date, date]:
    """Return both days; one that was not given lies beyond all days.

    Raises
    ------
    ConfigurationError
        The first is after the last.
    """
    start, end = first.date() if first else date.min, last.date() if last else date.max
    if start > end:
        raise ConfigurationError(
            f"--from {start}: expected a day not after --to, found --to {end}; swap the two or leave one out"
        )
    return start, end
