"""The allow statements of ``firestore.rules``, read by a parser of exactly the subset that they are written in.

    rules_version = '2'; service cloud.firestore { block }
    block     = { function | match | allow }
    function  = "function" name "(" names ")" "{" let and return statements "}"
    match     = "match" path "{" block "}"       a segment is a name, {name} or {name=**}
    allow     = "allow" operations [ ":" "if" expression ] ";"

Whatever else there is fails. Expressions are not read, only found the end of.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from backend.domain.errors import ConfigurationError

ROOT = ("databases", "*", "documents")
ANY, REST = "*", "**"  # one segment, and any number of them
_OPERATIONS = {
    "read": ("get", "list"),
    "write": ("create", "update", "delete"),
    **{name: (name,) for name in ("get", "list", "create", "update", "delete")},
}
_TEXT = r"'[^'\n]*'|\"[^\"\n]*\""
_COMMENT = re.compile(rf"({_TEXT})|//[^\n]*")
_HEAD = re.compile(r"\s*rules_version\s*=\s*'2'\s*;\s*service\s+cloud\.firestore\s*\{")
_FUNCTION = re.compile(rf"\s*function\s+\w+\s*\([\w\s,]*\)\s*\{{(?:[^{{}}'\"]|{_TEXT})*\}}")
_MATCH = re.compile(r"\s*match\s+((?:/(?:[\w~.-]+|\{\w+(?:=\*\*)?\}))+)\s*\{")
_ALLOW = re.compile(rf"\s*allow\s+([a-z]+(?:\s*,\s*[a-z]+)*)\s*(?::\s*if\b((?:[^;{{}}'\"]|{_TEXT})+))?;")
_END = re.compile(r"\s*\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One allow statement: ``path`` below the documents' root, "*" for a name and "**" for any number of them."""

    path: tuple[str, ...]
    operations: frozenset[str]
    condition: str
    line: int

    @property
    def is_denial(self) -> bool:
        return self.condition == "false"


def statements(rules: str) -> list[Statement]:
    """Read the allow statements, from top to bottom.

    Raises
    ------
    ConfigurationError
        Something stands there that this parser does not know.
    """
    text = _COMMENT.sub(lambda found: found[1] or "", rules)
    head = _HEAD.match(text)
    if head is None:
        raise _unknown(text, 0, "rules_version = '2'; service cloud.firestore {")
    found: list[Statement] = []
    end = _block(text, head.end(), (), found)
    if text[end:].strip():
        raise _unknown(text, end, "the end")
    return [_below_root(each) for each in found]


def _block(text: str, at: int, path: tuple[str, ...], found: list[Statement]) -> int:
    """Read what stands between two braces; return where it ends."""
    while True:
        if end := _END.match(text, at):
            return end.end()
        if function := _FUNCTION.match(text, at):
            at = function.end()
        elif match := _MATCH.match(text, at):
            at = _block(text, match.end(), (*path, *_segments(match[1])), found)
        elif allow := _ALLOW.match(text, at):
            condition = " ".join((allow[2] or "true").split())
            operations = frozenset(_operations(text, allow))
            found.append(
                Statement(path=path, operations=operations, condition=condition, line=_line(text, allow.end()))
            )
            at = allow.end()
        else:
            raise _unknown(text, at, "function, match, allow or }")


def _segments(path: str) -> Iterator[str]:
    for segment in path[1:].split("/"):
        yield (REST if segment.endswith("=**}") else ANY) if segment.startswith("{") else segment


def _operations(text: str, allow: re.Match[str]) -> Iterator[str]:
    for name in re.split(r"\s*,\s*", allow[1]):
        if name not in _OPERATIONS:
            raise _unknown(text, allow.start(1), f"one of {', '.join(_OPERATIONS)}")
        yield from _OPERATIONS[name]


def _below_root(statement: Statement) -> Statement:
    if statement.path[: len(ROOT)] != ROOT:
        raise ConfigurationError(
            f"firestore.rules line {statement.line}: expected it within match /databases/{{database}}/documents, "
            f"found /{'/'.join(statement.path)}; move it there"
        )
    return replace(statement, path=statement.path[len(ROOT) :])


def _unknown(text: str, at: int, expected: str) -> ConfigurationError:
    rest = text[at:].lstrip()
    found = rest.splitlines()[0].strip() if rest else "the end"
    line = _line(text, len(text) - len(rest))
    return ConfigurationError(
        f"firestore.rules line {line}: expected {expected}, found {found[:80]!r}; write it in what the parser knows, "
        "or teach the parser"
    )


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
