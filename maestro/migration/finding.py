"""What a check of Maestro's settings found."""

from dataclasses import dataclass

from maestro.migration.source import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``is_error`` when the file would not run as it stands; ``place`` is None where it holds for the whole."""

    place: Place | None
    is_error: bool
    text: str
