"""The JSON Schema of a settings file, for editors that complete and check while one writes."""

from typing import Any

from pydantic import BaseModel

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema(model: type[BaseModel], title: str) -> dict[str, Any]:
    """Return the schema; a key's unit joins its description, its other names are deprecated properties."""
    schema = model.model_json_schema(mode="validation")
    for part in (schema, *schema.get("$defs", {}).values()):
        properties = part.get("properties", {})
        for name, spec in list(properties.items()):
            said = spec.pop("maestro", {})
            if said.get("unit"):
                spec["description"] = f"{spec['description']} ({said['unit']})"
            for alias in said.get("aliases", ()):
                properties[alias] = {**spec, "deprecated": True, "description": f"another name of {name}"}
            if spec.get("type") == "array" and spec.get("items") == {"type": "string"}:
                # a list of names may be written as one text, separated by commas
                properties[name] = {**_about(spec), "anyOf": [{"type": "string"}, _shape(spec)]}
    return {"$schema": DIALECT, "title": title, **{key: value for key, value in schema.items() if key != "title"}}


_ABOUT = ("title", "description", "default", "deprecated")


def _about(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: spec[key] for key in _ABOUT if key in spec}


def _shape(spec: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in spec.items() if key not in _ABOUT}
