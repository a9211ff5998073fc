"""Which files make up a bot's configuration."""

from collections.abc import Sequence
from pathlib import Path

from backend.domain.errors import ConfigurationError

_FOLDERS = (".", "config")
_CONFIGURATIONS = ("multi_market_config", "trading_bot_config", "bot_config", "*bot*_config", "genebot")
_BESIDE = ("accounts.yaml", "accounts.yml", ".env")
_YAML = (".yaml", ".yml")


def found_files(root: Path) -> tuple[Path, ...]:
    """Find the files that genebot reads below a folder, each once: configurations first, then accounts and variables.

    Raises
    ------
    ConfigurationError
        There is no configuration.
    """
    patterns = [f"{folder}/{name}{suffix}" for folder in _FOLDERS for name in _CONFIGURATIONS for suffix in _YAML]
    configurations = _unique([path for pattern in patterns for path in sorted(root.glob(pattern))])
    if not configurations:
        raise ConfigurationError(
            f"expected a configuration such as config/trading_bot_config.yaml below {root.absolute()}, found none; "
            "name it with --config"
        )
    return _unique([*configurations, *(path for folder in _FOLDERS for path in beside(root / folder))])


def named_files(configurations: Sequence[Path]) -> tuple[Path, ...]:
    """Return configurations that were named, with accounts and variables beside each, and above a folder ``config``."""
    own = [path.parent for path in configurations]
    above = [folder.parent for folder in own if folder.name == "config"]
    return _unique([*configurations, *(path for folder in (*own, *above) for path in beside(folder))])


def beside(folder: Path) -> tuple[Path, ...]:
    """Return accounts and variables that lie in a folder."""
    return tuple(path for name in _BESIDE if (path := folder / name).is_file())


def _unique(paths: Sequence[Path]) -> tuple[Path, ...]:
    return tuple({path.absolute(): path for path in reversed(paths)}.values())[::-1]
