"""A settings file that is changed in place: comments, order and quotes stay as they are."""

import os
import re
from collections.abc import Mapping
from io import StringIO
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import YAMLError

from backend.configuration.document import named
from backend.configuration.edits import Edits
from backend.configuration.orchestrator import OrchestratorSettings
from backend.domain.configuration_version import Change, changes
from backend.domain.errors import ConfigurationError
from backend.settings import FILE_VARIABLE, load_settings

BLOCK = "orchestrator"
_INDENTED = re.compile(r"^( *)[^\s#-][^\n]*:\n\1 +- ", re.MULTILINE)  # lists stand deeper than their key


def edit_file(path: Path, edits: Edits, *, is_rehearsal: bool = False) -> tuple[Change, ...]:
    """Change the block ``orchestrator`` of a file, once the result is known to be valid.

    Raises
    ------
    ConfigurationError
        The file cannot be read, or would be no valid configuration; it is left as it is.
    """
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 120
    try:
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text)
    except (OSError, UnicodeDecodeError, YAMLError) as e:
        raise ConfigurationError(f"{path}: expected a readable YAML file, found {type(e).__name__}; correct it") from e
    document = CommentedMap() if document is None else document
    block = document.get(BLOCK) if isinstance(document, CommentedMap) else None
    if not isinstance(document, CommentedMap) or not isinstance(block, CommentedMap | None):
        raise ConfigurationError(f"{path}: expected keys, and a block {BLOCK}, found something else; correct it")
    before = _plain(block or {})
    after = edits.applied(named(before, OrchestratorSettings))
    found = changes(named(before, OrchestratorSettings), after)
    if not found:
        return ()
    document[BLOCK] = _merged(block if block is not None else CommentedMap(), after)
    if _INDENTED.search(text):
        yaml.indent(mapping=2, sequence=4, offset=2)
    changed = StringIO()
    yaml.dump(document, changed)
    draft = path.with_name(f"{path.name}.draft")
    draft.write_text(changed.getvalue(), encoding="utf-8")
    try:
        load_settings({**os.environ, FILE_VARIABLE: str(draft)})
        if not is_rehearsal:
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
    return found


def _merged(block: CommentedMap, values: Mapping[str, Any]) -> CommentedMap:
    """Lay values over a block and keep what did not change, with its comments; other names become ours."""
    for key in [key for key in block if key not in values]:
        del block[key]
    for key, value in values.items():
        below = block.get(key)
        if isinstance(value, Mapping) and isinstance(below, CommentedMap):
            _merged(below, value)
        elif isinstance(value, list) and isinstance(below, list) and len(value) == len(below):
            for i, (item, own) in enumerate(zip(value, below, strict=True)):
                if isinstance(item, Mapping) and isinstance(own, CommentedMap):
                    _merged(own, item)
                elif _plain(own) != item:
                    below[i] = item
        elif key not in block or _plain(below) != value:
            block[key] = value
    return block


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value
