"""One entry of the chain by itself: its hash, the fields that repeat its body, its inputs, the operator's copy."""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.domain.audit_chain import Finding, FindingKind, Link, StoredEntry
from backend.domain.canonical import digest
from backend.domain.difference import Difference, differences

_SHOWN = 80  # characters of a value
_AROUND = 24  # characters shown before and behind the place at which long texts differ


def body_hash(entry: StoredEntry) -> str | None:
    """Return the hash that an entry must have; None where its body cannot be read."""
    return None if entry.body is None else digest(f"{entry.previous_hash}{entry.body}")


def entry_findings(link: Link, *, has_expired: bool = False) -> Iterator[Finding]:
    """Yield what is wrong with an entry, whatever stands around it; an expired one may lack what belongs to it."""
    entry, actual = link.entry, body_hash(link.entry)
    if link.sequence is None:
        found = shown(entry.stated.get("sequence"))
        yield finding(link, FindingKind.UNREADABLE, "a whole number as its sequence", found)
    if actual is None:
        yield finding(link, FindingKind.UNREADABLE, "a body as it was written", "one that cannot be read")
    elif actual != entry.entry_hash:
        yield finding(link, FindingKind.ALTERED, f"entry_hash {actual}, that of its body", shown(entry.entry_hash))
    if link.implied:
        for each in _first_differences(link.implied, entry.stated):
            expected = f"{each.path} {shown(each.expected)}, as in the body"
            yield finding(link, FindingKind.CONTRADICTION, expected, shown(each.found))
    if not (has_expired and link.lacks_parts):
        yield from _inputs(link)
    if not (has_expired and link.copy is None):
        yield from _copy(link)


def finding(link: Link, kind: FindingKind, expected: str, found: str, *, path: str = "") -> Finding:
    return Finding(kind=kind, sequence=link.sequence, path=path or link.entry.path, expected=expected, found=found)


def shown(value: Any) -> str:
    """Write a value for a finding, its beginning where it is long."""
    text = value if isinstance(value, str) and value else repr(value)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _inputs(link: Link) -> Iterator[Finding]:
    if not link.is_decision:
        return
    if link.inputs is None:
        yield finding(link, FindingKind.INPUTS, "inputs that can be read", link.inputs_problem)
    elif link.implied and digest(link.inputs) != link.inputs_hash:
        expected = f"inputs with the inputs_hash {shown(link.inputs_hash)}"
        yield finding(link, FindingKind.INPUTS, expected, digest(link.inputs))


def _copy(link: Link) -> Iterator[Finding]:
    """Compare the copy with what the body says, so that one altered field is one finding."""
    if not link.copy_path:
        return
    if link.copy is None:
        yield finding(link, FindingKind.COPY, "the operator's copy of it", "none", path=link.copy_path)
        return
    repeated = {**(link.implied or link.copy.stated), "path": link.copy_path}
    expected = {**repeated, **_covered(link.entry)}
    for each in _first_differences(expected, {**link.copy.stated, **_covered(link.copy)}):
        one, other = _apart(each)
        yield finding(link, FindingKind.COPY, f"{each.path} {one}, as in the log", other, path=link.copy_path)


def _covered(entry: StoredEntry) -> dict[str, Any]:
    until = None if entry.delete_after is None else entry.delete_after.isoformat()
    hashed = {"previous_hash": entry.previous_hash, "entry_hash": entry.entry_hash, "body": entry.body}
    return {**hashed, "delete_after": until}


def _first_differences(expected: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[Difference]:
    """Yield the first difference in every field."""
    fields = ""
    for each in differences(expected, found):
        name = each.path.partition(".")[0].partition("[")[0]
        if name != fields:
            yield each
        fields = name


def _apart(difference: Difference) -> tuple[str, str]:
    """Show both sides; of long texts the part around the first character that differs."""
    expected, found = difference.expected, difference.found
    if not (isinstance(expected, str) and isinstance(found, str) and max(len(expected), len(found)) > _SHOWN):
        return shown(expected), shown(found)
    shorter = min(len(expected), len(found))
    at = next((i for i in range(shorter) if expected[i] != found[i]), shorter)
    around = slice(max(at - _AROUND, 0), at + _AROUND)
    return f"…{expected[around]}…", f"…{found[around]}…"
