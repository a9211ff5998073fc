"""``maestro intervene override``: put a strategy into a mode for a while, over what its record earns it."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from backend.domain.errors import ConfigurationError
from backend.domain.mode import Mode
from backend.domain.mode_override import ModeOverride
from backend.engine.configuring import Configured
from maestro.cli.chosen_store import ChosenStore
from maestro.cli.intervene_strategies import clear_override
from maestro.cli.intervene_strategies import override as set_override
from maestro.cli.operator import operator

_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}

ModeArgument = Annotated[Mode | None, typer.Argument(help="Mode.", case_sensitive=False)]
ForOption = Annotated[str | None, typer.Option("--for", help="How long, such as 90m, 12h, 2d or 1w.", metavar="SPAN")]
UntilOption = Annotated[
    str | None, typer.Option("--until", help="Until when, such as 2026-03-04T16:00:00-05:00.", metavar="INSTANT")
]
ClearOption = Annotated[bool, typer.Option("--clear", help="End its override now.")]


def wanted(mode: Mode | None, span: str | None, until: str | None, *, clear: bool) -> tuple[Mode, datetime] | None:
    """Read what is asked for; None to clear.

    Raises
    ------
    ConfigurationError
        Both or neither, or an end that cannot be read.
    """
    if clear:
        if mode is not None or span is not None or until is not None:
            raise ConfigurationError("override: expected --clear alone, found a mode or an end with it; give one")
        return None
    if mode is None or (span is None) is (until is None):
        raise ConfigurationError(
            "override: expected a mode with either --for or --until, or --clear, found something else; see --help"
        )
    return mode, _instant(until) if until is not None else datetime.now(UTC) + _span(span or "")


def carry_out(
    target: ChosenStore, strategy: str, asked: tuple[Mode, datetime] | None, *, by: str | None, reason: str
) -> Configured:
    """Store the override, or take it out."""
    if asked is None:
        return clear_override(target, strategy, by=by, reason=reason)
    mode, until = asked
    return set_override(
        target, strategy, ModeOverride(mode=mode, until=until, reason=reason, by=operator(by)), reason=reason
    )


def _span(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9]\d{0,4})([mhdw])", text.strip())
    if found is None:
        raise ConfigurationError(f"--for: expected a span such as 90m, 12h, 2d or 1w, found {text!r}; correct it")
    return timedelta(**{_UNITS[found[2]]: int(found[1])})


def _instant(text: str) -> datetime:
    try:
        found: datetime | None = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise ConfigurationError(
            f"--until: expected an instant with its offset, such as 2026-03-04T16:00:00-05:00, found {text!r}; "
            "correct it"
        )
    return found
