from __future__ import annotations

import asyncio
import hashlib
import io
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx2
import numpy as np
import pytest
from PIL import Image

from app.client import (
    Answer,
    AsyncClient,
    Client,
    ImageProblem,
    InvalidRequest,
    ServiceProblem,
    TransportFailure,
    Unauthorised,
)
from tests.e2e.server import ROOT, Server, serving
from tests.ports import closed_port
from tests.strokes import DIGITS, draw, encode

BLANK = encode(np.full((50, 50), 255, np.uint8))


def test_an_image_may_be_bytes_a_path_or_a_file(server: Server, tmp_path: Path) -> None:
    data = encode(draw("7"))
    path = tmp_path / "seven.png"
    path.write_bytes(data)
    with path.open("rb") as file:
        answers = [server.inkling.recognise(image) for image in (data, bytearray(data), path, str(path), file)]
    assert {answer.label for answer in answers} == {"7"}
    assert len(set(answers)) == 1


def test_options_reach_the_service(server: Server) -> None:
    image = encode(draw("7"))
    answer = server.inkling.recognise(image, "char", top_k=2, allow="1L", polarity="dark_on_light", explain=True)
    assert (answer.model, len(answer.candidates)) == ("char", 2)
    assert {candidate.label for candidate in answer.candidates} == {"1", "L"}
    assert answer.explanation
    assert answer.explanation.polarity == "dark_on_light"
    assert answer.explanation.alone
    assert Image.open(io.BytesIO(answer.explanation.model_input)).size == (28, 28)
    assert server.inkling.recognise(image).explanation is None


def test_several_characters_are_told(server: Server) -> None:
    answer = server.inkling.recognise(encode(np.hstack([draw("1"), draw("1")])), explain=True)
    assert answer.uncertain
    assert answer.explanation
    assert not answer.explanation.alone


def test_many_images_are_answered_in_order_each_on_its_own(server: Server) -> None:
    digits = DIGITS * 14  # more than two batches
    images = [encode(draw(digit, width=0.1)) for digit in digits]
    images[70:70] = [b"", b"junk", BLANK]
    results = list(server.inkling.recognise_many(images))
    problems = [result.code for result in results if isinstance(result, ServiceProblem)]
    assert problems == ["empty-file", "unsupported-image", "no-ink"]
    assert "".join(result.label for result in results if isinstance(result, Answer)) == digits
    assert all(isinstance(result, ImageProblem) for result in results[70:73])


def test_many_images_are_read_as_they_are_needed(server: Server) -> None:
    read = 0

    def images() -> Iterator[bytes]:
        nonlocal read
        for _ in range(20):
            read += 1
            yield encode(draw("7"))

    results = server.inkling.recognise_many(images(), batch_files=4)
    assert isinstance(next(results), Answer)
    assert read <= 5
    assert len(list(results)) == 19


def test_no_images_are_no_call() -> None:
    with closed_port() as port, Client(f"http://127.0.0.1:{port}") as nobody:
        assert list(nobody.recognise_many([])) == []


def test_problems_are_errors_with_the_id_that_the_log_has(server: Server) -> None:
    with pytest.raises(ImageProblem) as raised:
        server.inkling.recognise(BLANK)
    problem = raised.value
    assert (problem.code, problem.status) == ("no-ink", 422)
    assert "Nothing is written" in str(problem)
    server.wait_for_log(problem.request_id)


@pytest.mark.parametrize(("task", "options"), [("digit", {"top_k": 11}), ("digit", {"allow": "X"}), ("kanji", {})])
def test_what_the_service_does_not_know_is_an_invalid_request(
    server: Server, task: str, options: dict[str, object]
) -> None:
    with pytest.raises(InvalidRequest):
        server.inkling.recognise(encode(draw("7")), task, **options)


def test_a_task_is_never_another_address(server: Server) -> None:
    with pytest.raises(InvalidRequest) as raised:
        server.inkling.recognise(encode(draw("7")), "digit?top_k=1")
    assert raised.value.code == "not-found"


def test_models_are_typed(server: Server) -> None:
    models = {model.name: model for model in server.inkling.models()}
    assert set(models) == {"digit", "char"}
    assert models["char"].classes["C"] == ("C", "c")
    assert models["digit"].input_shape == (28, 28, 1)
    assert models["digit"].metrics[0].accuracy > 0.99


def test_a_file_that_is_not_there_or_not_binary_is_said_before_anything_is_sent(tmp_path: Path) -> None:
    with closed_port() as port, Client(f"http://127.0.0.1:{port}") as nobody:
        with pytest.raises(FileNotFoundError):
            nobody.recognise(tmp_path / "missing.png")
        with pytest.raises(TypeError, match="binary"):
            nobody.recognise(io.StringIO("text"))
        with pytest.raises(TypeError, match="int"):
            nobody.recognise(7)


def test_a_service_that_is_not_there_is_a_transport_failure_and_not_ready() -> None:
    waits: list[float] = []
    with closed_port() as port, Client(f"http://127.0.0.1:{port}", sleep=waits.append) as nobody:
        assert nobody.ready() is False
        assert waits == []
        with pytest.raises(TransportFailure, match=r"127\.0\.0\.1"):
            nobody.models()
    assert len(waits) == 3


def test_the_async_client_gives_the_same_answers(server: Server) -> None:
    images = [encode(draw(digit, width=0.1)) for digit in DIGITS] + [BLANK]

    async def ask() -> None:
        async with AsyncClient(server.url) as inkling:
            assert await inkling.ready()
            assert await inkling.models() == server.inkling.models()
            answers = await asyncio.gather(*(inkling.recognise(image, top_k=1) for image in images[:-1]))
            assert "".join(answer.label for answer in answers) == DIGITS
            assert all(len(answer.candidates) == 1 for answer in answers)
            *good, blank = [result async for result in inkling.recognise_many(images, batch_files=4)]
            assert "".join(answer.label for answer in good) == DIGITS
            assert isinstance(blank, ImageProblem)
            with pytest.raises(ImageProblem):
                await inkling.recognise(b"junk")
        with closed_port() as port:
            async with AsyncClient(f"http://127.0.0.1:{port}") as nobody:
                assert not await nobody.ready()

    asyncio.run(ask())


def test_a_key_opens_a_service_that_wants_one() -> None:
    keys = ("sesame", "sésam öffne dich")
    digests = ",".join(hashlib.sha256(key.encode()).hexdigest() for key in keys)
    with serving(runtime="litert", api_keys=digests) as locked:
        with pytest.raises(Unauthorised):
            locked.inkling.models()
        for key in keys:
            with Client(locked.url, api_key=f"{key}\n") as inkling:
                assert inkling.recognise(encode(draw("7"))).label == "7"


def test_an_image_that_the_service_takes_in_no_batch_costs_no_other_its_answer() -> None:
    images = [encode(draw("7")), bytes(200_000), encode(draw("1"))]
    with serving(runtime="litert", max_upload_bytes=20_000, max_batch_bytes=20_000) as small:
        with pytest.raises(ImageProblem):
            list(small.inkling.recognise_many(images))
        seven, large, one = small.inkling.recognise_many(images, batch_bytes=20_000)
    assert isinstance(seven, Answer)
    assert isinstance(large, ImageProblem)
    assert isinstance(one, Answer)
    assert (seven.label, large.code, one.label) == ("7", "upload-too-large", "1")


def test_readmes_program_takes_any_problem_of_an_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {
        "label": "7",
        "confidence": 1,
        "uncertain": False,
        "candidates": [],
        "model": {"name": "m", "version": "1"},
    }
    defect = {"title": "t", "status": 500, "detail": "A defect.", "instance": "i", "code": "internal-error"}

    def handle(request: httpx2.Request) -> httpx2.Response:
        many = request.url.path.endswith("/batch")
        return httpx2.Response(200, json={"results": [answer, {"problem": defect}]} if many else answer)

    for name in ("app/web/sample.png", "1.png", "2.png"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("app.client.Client", partial(Client, transport=httpx2.MockTransport(handle)))
    (program,) = re.findall(r"^```python\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S)
    exec(program, {})
    assert capsys.readouterr().out.splitlines() == ["7", "('7', 1.0)", "A defect."]
