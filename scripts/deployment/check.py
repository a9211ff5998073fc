"""What one check of a deployment says."""

from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One line of the report: what was found, and what to do about it; ``details`` are told below the table."""

    name: str
    status: Status
    found: str
    remedy: str = ""
    details: tuple[str, ...] = ()


def passed(name: str, found: str, details: tuple[str, ...] = ()) -> Check:
    return Check(name=name, status=Status.OK, found=found, details=details)


def failed(name: str, found: str, remedy: str, details: tuple[str, ...] = ()) -> Check:
    return Check(name=name, status=Status.FAILED, found=found, remedy=remedy, details=details)
