from __future__ import annotations

import pytest
from starlette.testclient import TestClient

from tests.strokes import draw, encode

SEVEN = encode(draw("7"))
CALLS = pytest.mark.parametrize(("path", "part"), [("/predict/digit", "file"), ("/predict/digit/batch", "files")])
#: Each parameter with a value that is taken.
PARAMETERS = {"top_k": "2", "polarity": "auto", "allow": "7", "explain": "true"}


@CALLS
def test_a_parameter_that_there_is_not_is_refused_and_the_others_are_named(
    client: TestClient, path: str, part: str
) -> None:
    for query in ("topk=5", "alow=7", "top_k=2&alow=", "TOP_K=5", "alow"):
        reply = client.post(f"{path}?{query}", files={part: SEVEN})
        assert (reply.status_code, reply.json()["code"]) == (422, "invalid-parameter")
        assert "There is no parameter" in reply.json()["detail"]
    assert client.post(f"{path}?topk=5", files={part: SEVEN}).json()["detail"] == (
        f"There is no parameter 'topk'; there are {', '.join(PARAMETERS)}."
    )


@CALLS
def test_every_parameter_that_is_described_is_known(client: TestClient, path: str, part: str) -> None:
    described = client.get("/openapi.json").json()["paths"][path]["post"]["parameters"]
    assert {item["name"] for item in described} == PARAMETERS.keys()
    assert client.post(path, params=PARAMETERS, files={part: SEVEN}).status_code == 200


@pytest.mark.parametrize("name", ["x" * 10_000, "\x1b[31m", "a\nb\u202e", "%ff%fe", "\0"])
def test_what_a_client_made_up_is_neither_long_nor_drives_a_terminal(client: TestClient, name: str) -> None:
    reply = client.post("/predict/digit", params={name: "1"}, files={"file": SEVEN})
    assert reply.status_code == 422
    detail = reply.json()["detail"]
    assert detail.isprintable()
    assert len(detail) < 500


@CALLS
@pytest.mark.parametrize("name", PARAMETERS)
def test_an_option_in_the_form_is_sent_to_the_query(client: TestClient, path: str, part: str, name: str) -> None:
    reply = client.post(path, data={name: PARAMETERS[name]}, files={part: SEVEN})
    assert (reply.status_code, reply.json()["code"]) == (400, "malformed-upload")
    assert f"belong in the query: ?{name}=" in reply.json()["detail"]


@CALLS
def test_a_field_that_is_no_option_is_let_be(client: TestClient, path: str, part: str) -> None:
    assert client.post(path, data={"csrf": "x"}, files={part: SEVEN}).status_code == 200


@CALLS
def test_a_parameter_is_given_once(client: TestClient, path: str, part: str) -> None:
    reply = client.post(f"{path}?allow=7&allow=1", files={part: SEVEN})
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid-parameter")
    assert reply.json()["detail"] == "'allow' was given more than once."


@CALLS
@pytest.mark.parametrize("name", ["image", "file", "files"])
def test_a_file_under_another_name_is_refused_and_not_passed_over(
    client: TestClient, path: str, part: str, name: str
) -> None:
    reply = client.post(path, files=[(part, SEVEN), (name, SEVEN)])
    if name == part:
        assert reply.json().get("code") == ("too-many-files" if part == "file" else None)
    else:
        assert (reply.status_code, reply.json()["code"]) == (400, "malformed-upload")
        assert f"as '{name}', but the form's parts with files are named '{part}'" in reply.json()["detail"]
