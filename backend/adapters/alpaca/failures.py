"""What a call that failed means to a caller of the trading API."""

from backend.adapters.alpaca.session import CallFailed
from backend.domain.errors import BrokerError, BrokerRefused, BrokerUnavailable


def read_error(request: str, failure: CallFailed) -> BrokerError:
    """Translate a read that failed, after all its repetitions."""
    if failure.is_refusal or failure.status == 403:  # a read can lack no buying power, whatever the code says
        return refused(request, failure)
    return BrokerUnavailable(
        f"{request}: expected an answer from Alpaca, found {failure}; try again later, or check URL and network"
    )


def refused(request: str, failure: CallFailed) -> BrokerRefused:
    return BrokerRefused(
        f"{request}: expected Alpaca to accept the credentials, found {failure}; "
        "check key and secret, and that they belong to this account (paper or live)"
    )
