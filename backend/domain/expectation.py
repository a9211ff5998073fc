"""What a configured value must be, or an error that names it."""

from backend.domain.errors import ConfigurationError


def expect(condition: bool, key: str, expected: str, found: object) -> None:
    """Refuse a configuration.

    Raises
    ------
    ConfigurationError
        The condition does not hold.
    """
    if not condition:
        raise ConfigurationError(f"{key}: expected {expected}, found {found}; correct the configuration")
