"""A named group of settings, whose keys say what they mean, in which unit, and what of the policy they set."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import NoDecode

_NUMBERS = (int, float, Decimal, float | None)


class Block(BaseModel):
    """A named group of settings."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_truth_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        if isinstance(value, bool) and cls.model_fields[info.field_name or ""].annotation in _NUMBERS:
            raise PydanticCustomError("number_expected", "Input should be a number")
        return value


def key(
    default: Any,
    meaning: str,
    *,
    unit: str = "",
    sets: str | tuple[str, ...] = (),
    aliases: tuple[str, ...] = (),
    **limits: Any,
) -> Any:
    """Declare a key.

    Parameters
    ----------
    meaning : one line for the reference and for editors
    unit : what a number counts
    sets : the fields of ``DecisionPolicy`` that the key sets, as dotted paths
    aliases : other names that the key is accepted under
    limits : of pydantic's ``Field``: ``ge``, ``gt``, ``le``, ``lt``, ``min_length``, ``pattern``
    """
    facts: dict[str, Any] = {"unit": unit, "sets": (sets,) if isinstance(sets, str) else sets, "aliases": aliases}
    return Field(default=default, description=meaning, json_schema_extra={"maestro": facts}, **limits)


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


Names = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]  # "AAPL,MSFT" or a list
