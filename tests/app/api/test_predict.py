from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from PIL import Image
from starlette.testclient import TestClient

from tests.digits import digits
from tests.strokes import DIGITS, draw, encode


def post(client: TestClient, task: str, data: bytes, **query: object) -> dict:
    reply = client.post(f"/predict/{task}", params=query, files={"file": ("name", data)})
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize("character", DIGITS)
def test_drawn_digits_are_read_in_either_polarity(client: TestClient, character: str) -> None:
    for pixels in (draw(character, width=0.1), 255 - draw(character, width=0.1)):
        assert post(client, "digit", encode(pixels))["label"] == character


@pytest.mark.parametrize("character", "2345678TFL")
def test_drawn_characters_are_read(client: TestClient, character: str) -> None:
    assert character in post(client, "char", encode(draw(character, width=0.1)))["candidates"][0]["characters"]


def test_real_handwriting_is_read(client: TestClient) -> None:
    images, labels = digits()
    answers = [post(client, "digit", encode(image))["label"] for image in images]
    assert np.mean(np.array(answers) == labels.astype(str)) >= 0.95  # 1,797 images; measured 0.970


def test_an_answer_follows_the_contract(client: TestClient) -> None:
    answer = post(client, "char", encode(draw("T")), top_k=5)
    assert set(answer) == {"label", "confidence", "uncertain", "candidates", "model"}
    assert len(answer["candidates"]) == 5
    assert answer["label"] == answer["candidates"][0]["label"]
    assert answer["confidence"] == answer["candidates"][0]["confidence"]
    confidences = [candidate["confidence"] for candidate in answer["candidates"]]
    assert confidences == sorted(confidences, reverse=True)
    assert answer["model"]["name"] == "char"
    assert answer["uncertain"] is False


def test_top_k_is_capped_at_the_number_of_classes(client: TestClient) -> None:
    assert len(post(client, "digit", encode(draw("7")), top_k=10)["candidates"]) == 10
    assert len(post(client, "digit", encode(draw("7")), top_k=10, allow="12")["candidates"]) == 2


def test_allow_restricts_and_renormalises(client: TestClient) -> None:
    answer = post(client, "char", encode(draw("0")), allow="oXx")
    assert answer["label"] == "o"
    assert answer["candidates"][0]["characters"] == ["o"]
    assert sum(candidate["confidence"] for candidate in answer["candidates"]) == pytest.approx(1)


def test_explain_shows_what_the_network_saw(client: TestClient) -> None:
    page = np.full((300, 400), 240, np.uint8)
    page[100:200, 250:260] = 10
    explanation = post(client, "digit", encode(page), explain=True)["explanation"]
    assert explanation["polarity"] == "dark_on_light"
    np.testing.assert_allclose(explanation["box"], [250, 100, 260, 200], atol=2)
    kind, _, content = explanation["model_input"].partition(",")
    assert kind == "data:image/png;base64"
    with Image.open(io.BytesIO(base64.b64decode(content))) as seen:
        assert seen.size == (28, 28)
        assert np.asarray(seen).max() == 255


@pytest.mark.parametrize("task", ["digit", "char"])
def test_two_characters_apart_are_uncertain_however_sure_the_network_is(client: TestClient, task: str) -> None:
    one = draw("1", (120, 120))
    for page, alone in ((one, True), (np.hstack([one, one]), False)):
        answer = post(client, task, encode(page), explain=True, allow="1")
        assert answer["confidence"] == 1
        assert answer["explanation"]["alone"] is alone
        assert answer["uncertain"] is not alone


def test_polarity_can_be_overruled(client: TestClient) -> None:
    reply = client.post(
        "/predict/digit", params={"polarity": "light_on_dark"}, files={"file": encode(draw("7", paper=255))}
    )
    assert reply.json()["code"] == "no-ink"


@pytest.mark.parametrize(
    "query",
    ["top_k=0", "top_k=-1", "top_k=11", "top_k=x", "polarity=sideways", "explain=maybe", "allow=", "allow=%E6%BC%A2"],
)
def test_parameters_out_of_range(client: TestClient, query: str) -> None:
    reply = client.post(f"/predict/char?{query}", files={"file": encode(draw("7"))})
    assert (reply.status_code, reply.json()["code"]) == (422, "invalid-parameter")
    assert query.partition("=")[0] in reply.json()["detail"]


def test_a_batch_answers_in_order_and_a_bad_image_costs_its_neighbours_nothing(client: TestClient) -> None:
    parts = [encode(draw("7")), b"junk", encode(draw("4")), b"", encode(np.full((9, 9), 255, np.uint8))]
    reply = client.post("/predict/digit/batch", files=[("files", part) for part in parts])
    assert reply.status_code == 200
    results = reply.json()["results"]
    assert [item.get("label") or item["problem"]["code"] for item in results] == [
        "7", "unsupported-image", "4", "empty-file", "no-ink",
    ]  # fmt: skip
    single = post(client, "digit", parts[0])
    assert results[0]["confidence"] == pytest.approx(single["confidence"], abs=1e-5)


def test_a_batch_has_a_limit(client: TestClient) -> None:
    for count in (9, 1200):
        reply = client.post("/predict/digit/batch", files=[("files", b"x")] * count)
        assert (reply.status_code, reply.json()["code"]) == (413, "too-many-files")


def test_none_of_several_files_is_dropped_in_silence(client: TestClient) -> None:
    both = [("file", encode(draw(character))) for character in "37"]
    reply = client.post("/predict/digit", files=both)
    assert (reply.status_code, reply.json()["code"]) == (413, "too-many-files")
    assert "/predict/digit/batch" in reply.json()["detail"]
