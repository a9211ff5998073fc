"""Watch, from outside, which order requests begin although an operator has halted trading."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from tests.chaos.channel import Hit, Posted, TradingCommitted, Turn, Witnessed

SENT_WITHIN = timedelta(seconds=2)  # after a halt a tick that is sending may go on for as long, by its own clock
_BEFORE = datetime.min.replace(tzinfo=UTC)


class Halting:
    """``late`` are the ids of orders whose request began too long after a halt.

    The moment of a halt is taken by the clock of each process that is under way, which stands still meanwhile. One that
    begins after the halt sees it, so it may send nothing at all.
    """

    def __init__(self) -> None:
        self.late: list[str] = []
        self._is_halted: bool | None = False
        self._clocks: dict[int, datetime] = {}
        self._halted_at: dict[int, datetime] = {}
        self._commanding: set[int] = set()

    @property
    def is_known(self) -> bool:
        return self._is_halted is not None

    def begin(self, now: datetime, processes: Mapping[int, bool]) -> None:
        """Take up processes that begin now, by number; the value says whether one commands."""
        self._clocks = dict.fromkeys(processes, now)
        self._halted_at = dict.fromkeys(processes, _BEFORE) if self._is_halted else {}
        self._commanding = {number for number, is_commanding in processes.items() if is_commanding}

    def learn(self, committed: TradingCommitted) -> None:
        operator = committed.fields["restrictions"].get("operator", {})
        is_halted = operator.get("state") == "HALTED"
        if not is_halted:
            self._halted_at = {}
        elif self._is_halted is False:
            self._halted_at = dict(self._clocks)
        self._is_halted = is_halted

    def hear(self, process: int, message: Witnessed) -> None:
        match message:
            case Turn():
                self._clocks[process] = message.at
            case TradingCommitted():
                self.learn(message)
            case Hit() if process in self._commanding and not message.kind.startswith("store"):
                # It ends here, and may have committed just before, where nobody sees it.
                self._is_halted, self._halted_at = None, {}
            case Posted():
                halted_at = self._halted_at.get(process)
                if halted_at is not None and message.at - halted_at > SENT_WITHIN:
                    self.late.append(message.client_order_id)
