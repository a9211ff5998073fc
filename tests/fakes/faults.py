"""Stop the process before or after one chosen call, the way a killed worker does."""

from typing import Any


class Killed(BaseException):
    """Not an Exception, so that no handler of ours can survive it."""


class Countdown:
    """Lets ``calls`` calls through, then kills once, before or after the call that follows."""

    def __init__(self, calls: int, *, after: bool) -> None:
        self.left = calls
        self.after = after
        self.has_struck = False

    def strike(self) -> bool:
        if self.has_struck:
            return False
        self.left -= 1
        self.has_struck = self.left < 0
        return self.has_struck


class Mortal:
    """Wraps a part of the cycle; every public method counts."""

    def __init__(self, inner: Any, countdown: Countdown) -> None:
        self._inner = inner
        self._countdown = countdown

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            strikes = self._countdown.strike()
            if strikes and not self._countdown.after:
                raise Killed(f"before {name}")
            answer = value(*args, **kwargs)
            if strikes:
                raise Killed(f"after {name}")
            return answer

        return call
