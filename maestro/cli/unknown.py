"""What to say to an identifier that the store does not have."""

from collections.abc import Sequence
from difflib import get_close_matches

from backend.domain.errors import ConfigurationError

NEWEST = 500  # identifiers that a wrong one is compared with


def unknown(argument: str, identifier: str, newest: Sequence[str], *, listed_by: str) -> ConfigurationError:
    """Name the nearest identifiers, those that begin alike first; ``newest`` comes newest first."""
    alike = [known for known in newest if identifier and known.startswith(identifier)][:3]
    near = alike or get_close_matches(identifier, newest, n=3, cutoff=0.8)
    if near:
        hint = f"did you mean {' or '.join(near)}?"
    elif newest:
        hint = f"the newest is {newest[0]}, {listed_by} lists them"
    else:
        hint = "there is none yet: run maestro demo or maestro tick"
    return ConfigurationError(f"{argument}: expected one that the store has, found {identifier!r}; {hint}")
