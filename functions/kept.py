"""The clients that were used last: made once from what they are made of, closed when they fall out.

Unlike ``lru_cache``, which drops a client with its sockets open. One that falls out while a tick still uses it goes
on to work: it opens connections anew.
"""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import ParamSpec, Protocol, TypeVar


class Closable(Protocol):
    def close(self) -> None: ...


P = ParamSpec("P")
C = TypeVar("C", bound=Closable)


def kept(limit: int) -> Callable[[Callable[P, C]], Callable[P, C]]:
    """Keep the ``limit`` clients that were asked for last; arguments are hashable."""

    def decorate(make: Callable[P, C]) -> Callable[P, C]:
        clients: OrderedDict[Hashable, C] = OrderedDict()
        lock = Lock()

        @wraps(make)
        def get(*args: P.args, **kwargs: P.kwargs) -> C:
            parts = (args, tuple(sorted(kwargs.items())))
            with lock:
                if parts in clients:
                    clients.move_to_end(parts)
                    return clients[parts]
            made = make(*args, **kwargs)
            with lock:
                client = clients.setdefault(parts, made)
                clients.move_to_end(parts)
                dropped = [clients.popitem(last=False)[1] for _ in range(len(clients) - limit)]
            if client is not made:  # another thread made the same meanwhile
                dropped.append(made)
            for each in dropped:
                each.close()
            return client

        return get

    return decorate
