"""How many alerts go out: the same one once in a while, and so many an hour."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from backend.domain.alert import Alert, Severity
from backend.domain.errors import ConfigurationError

WITHHELD = "alerts_withheld"
_HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationLimit:
    """The same alert goes out once in ``repeat_minutes``, and at most ``hourly`` different ones in any hour."""

    repeat_minutes: int = 60
    hourly: int = 20

    def __post_init__(self) -> None:
        if self.repeat_minutes < 0 or self.hourly < 1:
            raise ConfigurationError(
                f"notifications: expected repeat_minutes of at least 0 and hourly of at least 1, found "
                f"{self.repeat_minutes} and {self.hourly}; raise them"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationHistory:
    """What went out: the last time of each alert, the times within the last hour, and what waits to be summed up.

    ``withheld`` counts by kind what the hourly limit has kept back since that was last said, at ``said_at``.
    ``repeated`` counts by alert how often it was raised since it last went out.
    """

    last_sent: Mapping[tuple[str, str, str, str], datetime] = field(default_factory=dict)
    sent: tuple[datetime, ...] = ()
    withheld: Mapping[str, int] = field(default_factory=dict)
    said_at: datetime | None = None
    repeated: Mapping[tuple[str, str, str, str], int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """What is to be sent now, and the history once it is."""

    alerts: tuple[Alert, ...]
    history: NotificationHistory


def admitted(
    alerts: Sequence[Alert], history: NotificationHistory, limit: NotificationLimit, *, tenant_id: str, now: datetime
) -> Admitted:
    """Choose from alerts, in their order, what goes out.

    Nothing is lost in silence: an alert that goes out again says how often it was raised meanwhile, and the next one
    that goes out says how many others the hourly limit has kept back. Where none goes out, a line of its own says so,
    once an hour. Without alerts, that line alone may be due.
    """
    repeat = timedelta(minutes=limit.repeat_minutes)
    last_sent = {key: at for key, at in history.last_sent.items() if now - at < repeat}
    sent = [at for at in history.sent if now - at < _HOUR]
    withheld, repeated = Counter(history.withheld), Counter(history.repeated)
    chosen: list[Alert] = []
    for alert in alerts:
        if alert.key in last_sent:
            repeated[alert.key] += 1
            continue
        if len(sent) >= limit.hourly:
            withheld[alert.kind] += 1
            continue
        chosen.append(_with_counts(alert, repeated.pop(alert.key, 0), withheld))
        withheld.clear()
        last_sent[alert.key] = now
        sent.append(now)
    said_at = history.said_at
    if withheld and (said_at is None or now - said_at >= _HOUR):
        chosen.append(_summed_up(withheld, limit, tenant_id, now))
        withheld, said_at = Counter(), now
    after = NotificationHistory(
        last_sent=last_sent, sent=tuple(sent), withheld=dict(withheld), said_at=said_at, repeated=dict(repeated)
    )
    return Admitted(alerts=tuple(chosen), history=after)


def history_of(alerts: Iterable[Alert], limit: NotificationLimit, *, tenant_id: str) -> NotificationHistory:
    """Derive the history from the alerts that are stored: nothing else must be remembered between two ticks."""
    history = NotificationHistory()
    for at, group in groupby(sorted(alerts, key=lambda each: (_counted_at(each), each.rank)), key=_counted_at):
        together = list(group)
        history = admitted(together, history, limit, tenant_id=tenant_id, now=at).history
        again = Counter({each.key: each.repeats for each in together if each.repeats})
        history = replace(history, repeated=dict(Counter(history.repeated) + again))
    return history


def _counted_at(alert: Alert) -> datetime:
    return alert.told_at or alert.at


def _with_counts(alert: Alert, repeats: int, withheld: Mapping[str, int]) -> Alert:
    """Append what was not said before to the message of what goes out now."""
    notes = []
    if repeats:
        notes.append(f"raised {repeats} more {'time' if repeats == 1 else 'times'} since it last went out")
    if withheld:
        notes.append(f"{sum(withheld.values())} other withheld before it: {_kinds(withheld)}")
    return replace(alert, message=f"{alert.message} ({'; '.join(notes)})") if notes else alert


def _summed_up(withheld: Mapping[str, int], limit: NotificationLimit, tenant_id: str, now: datetime) -> Alert:
    count = sum(withheld.values())
    return Alert(
        tenant_id=tenant_id,
        kind=WITHHELD,
        severity=Severity.WARNING,
        message=f"{count} more {'alert was' if count == 1 else 'alerts were'} withheld, beyond {limit.hourly} an hour: "
        f"{_kinds(withheld)}; all of them are in the store: maestro alerts",
        at=now,
    )


def _kinds(withheld: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {kind.replace('_', ' ')}" for kind, count in sorted(withheld.items()))
