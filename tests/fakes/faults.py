"""Get in between calls: stop the process there, the way a killed worker does, do something else, or count them."""

from collections import Counter
from collections.abc import Callable
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


class Meanwhile:
    """Wraps a part of the cycle; does something else, once, before or after the first call of one method."""

    def __init__(self, inner: Any, method: str, action: Callable[[], Any], *, after: bool = False) -> None:
        self._inner = inner
        self._method = method
        self._action: Callable[[], Any] | None = action
        self._after = after

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        if name != self._method or self._action is None:
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            action, self._action = self._action, None
            assert action is not None
            if not self._after:
                action()
            answer = value(*args, **kwargs)
            if self._after:
                action()
            return answer

        return call


class Counted:
    """Wraps a store and counts the calls of each method."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner
        self.calls: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self.calls[name] += 1
            return value(*args, **kwargs)

        return call
