from __future__ import annotations

from collections.abc import Iterator

from starlette.testclient import TestClient

#: FastAPI's form bodies and Python's enumerations describe themselves.
WITHOUT_EXAMPLES = {"HTTPValidationError", "ValidationError", "Polarity"}


def fields(document: dict) -> Iterator[tuple[str, dict]]:
    for name, schema in document["components"]["schemas"].items():
        if name not in WITHOUT_EXAMPLES and not name.startswith("Body_"):
            for field, content in schema.get("properties", {}).items():
                # FastAPI reduces a field of a schema of its own to a reference; what it is stands there.
                if "$ref" not in content:
                    yield f"{name}.{field}", content


def test_every_field_has_a_description_and_an_example(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    assert [name for name, content in fields(document) if not content.get("description")] == []
    assert [name for name, content in fields(document) if not content.get("examples")] == []


def test_every_parameter_has_a_description_and_an_example(client: TestClient) -> None:
    for calls in client.get("/openapi.json").json()["paths"].values():
        for call in calls.values():
            assert call["summary"]
            for parameter in call.get("parameters", []):
                assert parameter["schema"].get("examples") or parameter.get("examples"), parameter
                assert parameter.get("description"), parameter


def test_every_problem_has_an_example(client: TestClient) -> None:
    for calls in client.get("/openapi.json").json()["paths"].values():
        for call in calls.values():
            for status, reply in call["responses"].items():
                if status not in {"200", "default"}:
                    assert reply["content"]["application/problem+json"]["examples"], (call["operationId"], status)
