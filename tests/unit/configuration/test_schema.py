"""The JSON Schema that editors check a settings file by."""

from typing import Any

import jsonschema
import pytest
import yaml

from backend.configuration.schema import json_schema
from backend.settings import Settings
from tests.unit.configuration.test_document import SEED


@pytest.fixture(scope="module")
def validator() -> Any:
    schema = json_schema(Settings, "maestro.yaml")
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_schema_takes_the_seed(validator: Any) -> None:
    assert list(validator.iter_errors({"orchestrator": yaml.safe_load(SEED)})) == []


@pytest.mark.parametrize(
    ("document", "place"),
    [
        ({"orchestrator": {"alocation": {}}}, "orchestrator"),
        ({"orchestrator": {"allocation": {"max_allocation": 25}}}, "orchestrator.allocation.max_allocation"),
        ({"orchestrator": {"allocation": {"method": "risk_party"}}}, "orchestrator.allocation.method"),
        ({"orchestrator": {"strategies": [{"type": "RSIStrategy"}]}}, "orchestrator.strategies.0"),
        ({"store": "mongo"}, "store"),
    ],
)
def test_schema_refuses_what_the_settings_refuse(validator: Any, document: dict[str, Any], place: str) -> None:
    errors = list(validator.iter_errors(document))
    assert [".".join(map(str, error.absolute_path)) for error in errors] == [place]


def test_schema_knows_other_names_and_units(validator: Any) -> None:
    assert list(validator.iter_errors({"orchestrator": {"risk": {"max_drawdown": 0.1}}})) == []
    risk = validator.schema["$defs"]["RiskSettings"]["properties"]
    assert risk["max_drawdown"]["deprecated"]
    assert risk["recovery_minutes"]["description"].endswith("(minutes)")
    assert list(validator.iter_errors({"symbols": "AAPL,MSFT"})) == []
