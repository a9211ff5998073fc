"""What ``make dev`` serves: the functions of ``deploy/main.py``, on the clock of the local paper broker.

A recorded day passes as fast as it is played, and everything agrees on what day it is. Nothing that is deployed can be
told to do so: this file stands in the place of ``deploy/main.py`` on this machine alone.
"""

import json
from datetime import UTC, datetime
from urllib.request import Request, urlopen

from functions import bootstrap
from functions.main import *  # noqa: F403

_ANSWER_SECONDS = 10.0


class BrokerClock:
    """``Clock`` of the server that stands for Alpaca."""

    def now(self) -> datetime:
        alpaca = bootstrap.settings().alpaca
        key, secret = alpaca.key.get_secret_value(), alpaca.secret.get_secret_value()
        asked = Request(f"{alpaca.url}/v2/clock", headers={"APCA-API-KEY-ID": key, "APCA-API-SECRET-KEY": secret})
        with urlopen(asked, timeout=_ANSWER_SECONDS) as answer:
            return datetime.fromisoformat(json.load(answer)["timestamp"]).astimezone(UTC)


bootstrap.clock = BrokerClock
