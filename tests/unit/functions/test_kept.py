"""Clients that are kept: made once, bounded, closed when they fall out."""

from collections.abc import Callable
from threading import Barrier, Thread

from functions.kept import kept


class Client:
    def __init__(self, name: str) -> None:
        self.name = name
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def maker(limit: int) -> tuple[Callable[[str], Client], list[Client]]:
    made: list[Client] = []

    @kept(limit)
    def client(name: str) -> Client:
        made.append(Client(name))
        return made[-1]

    return client, made


def test_kept_client_is_made_once() -> None:
    client, made = maker(2)
    assert client("a") is client("a")
    assert len(made) == 1


def test_kept_clients_beyond_the_limit_are_closed_the_least_used_first() -> None:
    client, made = maker(2)
    for name in ("a", "b", "a", "c"):
        client(name)
    assert [(each.name, each.closed) for each in made] == [("a", 0), ("b", 1), ("c", 0)]
    assert client("a") is made[0]
    assert client("b") is not made[1]


def test_kept_client_that_two_threads_make_at_once_is_one_and_the_other_is_closed() -> None:
    both, made, found = Barrier(2), [], []

    @kept(2)
    def client(name: str) -> Client:
        both.wait(timeout=10)
        made.append(Client(name))
        return made[-1]

    threads = [Thread(target=lambda: found.append(client("a"))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0] is found[1]
    assert sorted(each.closed for each in made) == [0, 1]
    assert found[0].closed == 0
