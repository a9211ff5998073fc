"""A bar or a count for work that may take long, on standard error; nothing where that is no terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn


@contextmanager
def progress_of(work: str, *, least: int) -> Iterator[Callable[[int, int], None]]:
    """Yield what is to be told how much is done, and of how much; below ``least`` nothing is shown."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(work, visible=False)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total, visible=total >= least)

        yield advance


@contextmanager
def count_of(work: str, what: str) -> Iterator[Callable[[int], None]]:
    """Yield what is to be told how much is done of work whose end is not known."""
    columns = (TextColumn(f"{{task.description}} {{task.completed:,}} {what}"), TimeElapsedColumn())
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as line:
        task = line.add_task(work, total=None)

        def advance(done: int) -> None:
            line.update(task, completed=done)

        yield advance
