from __future__ import annotations

import difflib
import json
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from app.api.schemas import Answer
from app.cli.openapi import description
from app.settings import Settings
from tests.e2e.server import ROOT
from tests.models import MODELS

COMMITTED = ROOT / "docs" / "openapi.json"


@pytest.fixture(scope="module")
def served() -> str:
    """The description of a service with every option at its default, whatever the environment says."""
    return description(Settings.model_construct(models_dir=MODELS))


@pytest.fixture(scope="module")
def document(served: str) -> dict:
    return json.loads(served)


def test_the_committed_description_is_the_served_one(served: str) -> None:
    committed = COMMITTED.read_text()
    changed = "\n".join(
        difflib.unified_diff(committed.splitlines(), served.splitlines(), "docs/openapi.json", "served", lineterm="")
    )
    if changed:
        pytest.fail(f"The API has changed. If it was meant to, `make openapi` renews its file:\n{changed}", False)


def test_the_description_is_what_the_service_answers(client: TestClient, document: dict) -> None:
    answered = client.get("/openapi.json").json()
    # This service takes smaller batches, and says so.
    smaller = json.dumps(answered).replace("1 to 8 images", "1 to 64 images").replace('"maxItems": 8', '"maxItems": 64')
    assert json.loads(smaller) == document


def test_each_model_shows_an_answer_of_its_own(document: dict) -> None:
    for model, characters in (("digit", ["0"]), ("char", ["C", "c"])):
        for suffix, key in (("", None), ("/batch", "results")):
            shown = document["paths"][f"/predict/{model}{suffix}"]["post"]["responses"]["200"]["content"]
            example = shown["application/json"]["example"]
            answer = Answer.model_validate(example if key is None else example[key][0])
            assert answer.model.name == model
            assert answer.candidates[0].characters == characters


def calls(document: dict) -> Iterator[tuple[str, dict]]:
    for path, methods in document["paths"].items():
        for method, call in methods.items():
            yield f"{method} {path}", call


def schema_of(document: dict, content: dict) -> dict:
    """Return the schema that a reference names, or the schema itself."""
    name = content.get("$ref", "").removeprefix("#/components/schemas/")
    return document["components"]["schemas"][name] if name else content


def has_example(document: dict, content: dict) -> bool:
    """Return whether a schema has an example, a few words to choose from, or fields that have."""
    schema = schema_of(document, content)
    if content.get("examples") or schema.get("examples") or schema.get("enum"):
        return True
    fields = schema.get("properties", {})
    return bool(fields) and all(has_example(document, field) for field in fields.values())


def is_file(content: dict) -> bool:
    """Return whether a field is an upload: bytes have no example that a page could show."""
    return content.get("items", content).get("format") == "binary"


def undescribed(document: dict) -> list[str]:
    """Return the schemas and fields that lack a description or an example."""
    lacking = []
    for name, schema in document["components"]["schemas"].items():
        # FastAPI makes the schema of a form; its fields say all.
        if not schema.get("description") and not name.startswith("Body_"):
            lacking.append(name)
        for field, content in schema.get("properties", {}).items():
            # pydantic leaves a description out that a reference's target has in the same words.
            if not (content.get("description") or schema_of(document, content).get("description")):
                lacking.append(f"{name}.{field}: description")
            if not has_example(document, content) and not is_file(content):
                lacking.append(f"{name}.{field}: example")
    return lacking


def test_every_schema_and_field_has_a_description_and_an_example(document: dict) -> None:
    assert undescribed(document) == []


def test_every_call_says_what_it_is_for(document: dict) -> None:
    for name, call in calls(document):
        assert call["summary"], name
        assert call["description"], name
        assert call["operationId"], name
        assert call["tags"], name


def test_every_parameter_has_a_description_and_an_example(document: dict) -> None:
    for name, call in calls(document):
        for parameter in call.get("parameters", []):
            assert parameter.get("description"), (name, parameter["name"])
            assert has_example(document, parameter["schema"]) or parameter.get("examples"), (name, parameter["name"])


def test_every_response_has_a_description_and_an_example(document: dict) -> None:
    for name, call in calls(document):
        assert {"200", "500", "default"} <= call["responses"].keys(), name
        for status, response in call["responses"].items():
            # FastAPI's own words, which say nothing.
            assert response["description"] not in {"", "Successful Response"}, (name, status)
            for content in response["content"].values():
                assert content.get("examples") or has_example(document, content["schema"]), (name, status)


def test_the_headers_of_every_response_are_told(document: dict) -> None:
    more = {"401": {"WWW-Authenticate"}, "429": {"Retry-After"}, "503": {"Retry-After"}}
    for name, call in calls(document):
        for status, response in call["responses"].items():
            assert response["headers"].keys() == {"X-Request-ID"} | more.get(status, set()), (name, status)


def test_a_version_is_text_wherever_it_is_told(document: dict) -> None:
    fields = {name: schema.get("properties", {}) for name, schema in document["components"]["schemas"].items()}
    told = {name: own["version"] for name, own in fields.items() if "version" in own}
    assert told.keys() == {"ModelCard", "ModelReference", "ModelSummary"}
    assert {field["type"] for field in told.values()} == {"string"}


def test_what_a_caller_has_to_choose_from_is_told(document: dict) -> None:
    schemas = document["components"]["schemas"]
    assert schemas["Explanation"]["properties"]["polarity"]["enum"] == ["dark_on_light", "light_on_dark"]
    files = schemas["Body_predict_digit_batch"]["properties"]["files"]
    assert (files["minItems"], files["maxItems"]) == (1, 64)


def test_every_problem_has_an_example(document: dict) -> None:
    for name, call in calls(document):
        for status, response in call["responses"].items():
            if status not in {"200", "default"}:
                assert response["content"]["application/problem+json"]["examples"], (name, status)
