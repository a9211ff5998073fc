"""What opens a tenant's account at the broker, and what may be said about it without saying the secret."""

import hmac
from dataclasses import dataclass
from datetime import datetime

from backend.domain.errors import ConfigurationError

_SHOWN_HEAD, _SHOWN_TAIL = 2, 4
_SHORTEST_SHOWN = 3 * (_SHOWN_HEAD + _SHOWN_TAIL)


class Secret:
    """A text that shows itself to nobody who does not ask for it by :meth:`reveal`.

    A field that is merely left out of a dataclass's repr is shown by whatever compares field by field, as pytest does.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> str:
        raise TypeError("expected a secret to stay in its process, found an attempt to write it down; reveal() it")

    def __copy__(self) -> "Secret":
        return self

    def __deepcopy__(self, memo: object) -> "Secret":
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerAccess:
    """Credentials of one account.

    Parameters
    ----------
    key : key id; not secret, yet shown masked only
    secret : secret key
    paper : whether it is a paper account; ``False`` trades real money

    Raises
    ------
    ConfigurationError
        Key or secret is empty, or has a character that no HTTP header can carry as it is: the HTTP client would say
        the whole header in its error.
    """

    key: str
    secret: Secret
    paper: bool

    def __post_init__(self) -> None:
        for name, text in (("key id", self.key), ("secret key", self.secret.reveal())):
            if not text or not all("!" <= character <= "~" for character in text):
                found = f"{len(text)} characters with others among them" if text else "none"
                raise ConfigurationError(
                    f"broker credentials: expected a {name} of letters, digits and signs, without spaces and line "
                    f"breaks, found {found}; copy it anew from the broker"
                )

    @property
    def masked_key(self) -> str:
        """The key id's first and last characters, enough to tell two apart."""
        if len(self.key) < _SHORTEST_SHOWN:
            return f"{self.key[:_SHOWN_HEAD]}…"
        return f"{self.key[:_SHOWN_HEAD]}…{self.key[-_SHOWN_TAIL:]}"

    @property
    def kind(self) -> str:
        return "paper" if self.paper else "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessRecord:
    """Where a tenant's credentials are kept.

    ``version`` counts from 1, ``since`` is when it was stored; both are None where nobody counts.
    """

    place: str
    version: int | None = None
    since: datetime | None = None
