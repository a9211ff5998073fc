"""Who is to be run, and the queues that their work waits in; deployed processes alone have them."""

from typing import TYPE_CHECKING

from functions import clients
from functions.required import project

if TYPE_CHECKING:
    from backend.adapters.firestore_portfolios import FirestorePortfolios
    from backend.domain.dead_letter import DeadLetter
    from backend.engine.dispatching import Dispatcher
    from backend.settings import Settings


def portfolios(settings: "Settings") -> "FirestorePortfolios":
    """Return who is to be run."""
    from backend.adapters.firestore_portfolios import FirestorePortfolios

    return FirestorePortfolios(clients.firestore_client(project(settings)))


def dispatcher(settings: "Settings", *, location: str, function: str, deadline_seconds: int) -> "Dispatcher":
    """Put together the parts that queue tasks for one function."""
    from backend.adapters.cron_schedules import CronSchedules
    from backend.engine.dispatching import Dispatcher

    return Dispatcher(
        portfolios=portfolios(settings),
        schedules=CronSchedules(time_zone=settings.schedule.time_zone),
        calendars=clients.exchange_calendar,
        queue=clients.task_queue(project(settings), location, function, deadline_seconds),
        schedule=settings.schedule.tick,
        calendar=settings.calendar,
    )


def newest_dead_letters(settings: "Settings", limit: int) -> "list[DeadLetter]":
    """Return what was given up of all tenants, the newest first."""
    from backend.adapters.firestore_portfolios import newest_dead_letters as newest

    return newest(clients.firestore_client(project(settings)), limit)
