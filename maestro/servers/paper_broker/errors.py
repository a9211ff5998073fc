"""What the paper broker raises: faulty configuration for people, refusals for clients.

ConfigurationError
├── PaperBrokerConfigError   an option is out of range
└── FaultSpecError           a fault that does not follow the grammar
MarketDataError
└── PriceFileError           the price file is missing, empty or corrupt
MaestroError
└── Refusal                  an HTTP answer of 400 to 499 with Alpaca's code and message
"""

from backend.domain.errors import ConfigurationError, MaestroError, MarketDataError


class PaperBrokerConfigError(ConfigurationError):
    pass


class FaultSpecError(ConfigurationError):
    pass


class PriceFileError(MarketDataError):
    pass


class Refusal(MaestroError):
    """A request that Alpaca would answer with an error.

    Parameters
    ----------
    status : HTTP status
    code : Alpaca's error code; None where Alpaca sends a message alone
    message : Alpaca's text
    details : further fields of the answer, such as ``buying_power``
    """

    def __init__(self, status: int, code: int | None, message: str, **details: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.details = details

    def to_document(self) -> dict[str, object]:
        code = {} if self.code is None else {"code": self.code}
        return {**code, "message": self.message, **self.details}


def invalid(message: str) -> Refusal:
    """Answer 422 for a request whose fields are wrong."""
    return Refusal(422, 40010001, message)


def unprocessable(message: str) -> Refusal:
    """Answer 422 for a well-formed request that the market's rules forbid."""
    return Refusal(422, 42210000, message)


def not_found(message: str) -> Refusal:
    return Refusal(404, 40410000, message)


def forbidden(message: str, **details: str) -> Refusal:
    """Answer 403 for an order the account cannot carry."""
    return Refusal(403, 40310000, message, **details)
