"""How often one caller may ask of one tenant: a moving minute, counted in this process.

Reading and writing are counted apart, so that a page that reads without end never keeps anybody from a halt. With
several instances the bound is as many times higher.
"""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


class Allowance:
    """What callers have left.

    Parameters
    ----------
    reads_per_minute, writes_per_minute : int
        Requests of one caller to one tenant.
    """

    def __init__(self, *, reads_per_minute: int, writes_per_minute: int) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._reads = RateLimitItemPerMinute(reads_per_minute)
        self._writes = RateLimitItemPerMinute(writes_per_minute)

    def spend(self, tenant_id: str, uid: str, *, is_write: bool) -> int:
        """Take one request off; return 0, or the seconds after which there is one again."""
        item, kind = (self._writes, "write") if is_write else (self._reads, "read")
        if self._limiter.hit(item, kind, tenant_id, uid):
            return 0
        window = self._limiter.get_window_stats(item, kind, tenant_id, uid)
        return max(1, math.ceil(window.reset_time - time.time()))
