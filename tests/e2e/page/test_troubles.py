"""What goes wrong is said in a sentence, and mended where it can be."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from playwright.sync_api import Browser, Route, expect

from app.api import problems
from app.api.problems import Kind
from tests.e2e.page.browser import PHONE, Visit, visiting
from tests.e2e.server import Server, serving
from tests.strokes import STROKES, draw, encode

#: All but what only an operator is told.
KINDS = [kind for kind in vars(problems).values() if isinstance(kind, Kind) and kind is not problems.MODEL_REFUSED]
MEANINGLESS = "The answer made no sense."


def refusal(kind: Kind, **headers: str) -> dict[str, object]:
    """Return what Playwright needs to answer with a problem."""
    body = {"code": kind.code, "status": kind.status, "detail": "Detail.", "instance": "abc"}
    return {"status": int(kind.status), "json": body, "headers": headers}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_every_code_is_a_sentence_of_its_own(visit: Visit, kind: Kind) -> None:
    visit.page.route("**/predict/**", lambda route: route.fulfill(**refusal(kind)))
    visit.draw(STROKES["1"])
    sentence = visit.problem()
    assert sentence != MEANINGLESS
    assert sentence.endswith(".")
    assert kind.code not in sentence
    assert visit.page.locator("#problem-note").inner_text().endswith(".")
    expect(visit.page.locator("#spoken")).to_contain_text(sentence)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("notes.txt", b"hello", "no picture that Inkling can read"),
        ("empty.png", b"", "file is empty"),
        ("cut.png", encode(draw("7", (400, 400)))[:700], "damaged"),
        ("blank.png", encode(draw("1", paper=200, ink=200)), "No character was found"),
    ],
)
def test_what_cannot_be_read_is_said_of_real_answers(visit: Visit, name: str, data: bytes, words: str) -> None:
    visit.drop({name: data})
    assert words in visit.problem()


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("photo.heic", b"\0\0\0\x18ftypheic" + bytes(40), "HEIC"),
        ("noise.png", encode(np.random.default_rng(0).integers(0, 256, (200, 200), np.uint8)), "all noise"),
    ],
)
def test_the_services_own_words_say_what_is_the_matter_with_a_picture(
    visit: Visit, name: str, data: bytes, words: str
) -> None:
    visit.drop({name: data})
    visit.problem()
    expect(visit.page.locator("#problem-note")).to_contain_text(words)


def test_without_a_connection_the_drawing_is_kept_and_can_be_tried_again(visit: Visit) -> None:
    visit.page.route("**/predict/**", lambda route: route.abort("connectionrefused"))
    visit.draw(STROKES["7"])
    assert visit.problem() == "The service cannot be reached."
    visit.page.unroute("**/predict/**")
    visit.page.click("#again")
    assert visit.answer() == "7"


def test_an_answer_that_is_not_the_services_is_said_to_be_none(visit: Visit) -> None:
    visit.page.route("**/predict/**", lambda route: route.fulfill(body="<h1>Welcome to the hotel's network</h1>"))
    visit.draw(STROKES["7"])
    assert visit.problem() == MEANINGLESS


@pytest.mark.parametrize("refusals", [1, 2])
def test_a_full_service_is_asked_once_more_after_the_time_it_names(visit: Visit, refusals: int) -> None:
    asked: list[Route] = []

    def full(route: Route) -> None:
        asked.append(route)
        if len(asked) <= refusals:
            route.fulfill(**refusal(problems.OVERLOADED, **{"Retry-After": "1"}))
        else:
            route.continue_()

    visit.page.route("**/predict/**", full)
    visit.drop({"seven.png": encode(draw("7"))})
    expect(visit.page.locator("#problem-note")).to_have_text("Trying again in 1 s.")
    if refusals == 1:
        assert visit.answer() == "7"
    else:
        assert visit.problem() == "Inkling has its hands full."
    assert len(asked) == 2


def test_the_wait_for_a_full_service_is_told_to_everyone(browser: Browser, server: Server) -> None:
    with visiting(browser, f"http://127.0.0.1:{server.port}", size=PHONE) as visit:
        visit.drop({"seven.png": encode(draw("7"))})
        assert visit.answer() == "7"
        full = refusal(problems.OVERLOADED, **{"Retry-After": "15"})
        visit.page.route("**/predict/**", lambda route: route.fulfill(**full))
        visit.choose("Characters")
        expect(visit.page.locator("#gist")).to_have_text("Inkling is busy.")
        expect(visit.page.locator("#spoken")).to_have_text("Inkling is busy. Trying again in 15 s.")


def test_a_batch_that_was_refused_goes_on_where_it_stopped(visit: Visit) -> None:
    visit.page.route("**/batch?**", lambda route: route.abort())
    visit.drop({"seven.png": encode(draw("7")), "three.png": encode(draw("3"))})
    expect(visit.page.locator("#batch-problem-text")).to_contain_text("cannot be reached")
    visit.page.unroute("**/batch?**")
    visit.page.click("#batch-again")
    expect(visit.page.locator("#rows .row-answer")).to_have_text(["7", "3"])
    expect(visit.page.locator("#batch-problem")).to_be_hidden()


@pytest.mark.parametrize("right", ["open sesame", "сезам \u2013 откройся"])
def test_a_key_is_asked_for_where_one_is_needed_and_kept_for_the_tab(browser: Browser, right: str) -> None:
    digest = hashlib.sha256(right.encode()).hexdigest()
    with (
        serving(api_keys=digest, runtime="litert") as guarded,
        visiting(browser, f"http://127.0.0.1:{guarded.port}") as visit,
    ):
        visit.draw(STROKES["7"])
        assert visit.problem() == "This service asks for an API key."
        # The second fits into no header.
        for key in ("wrong", "wro\x01ng", "неверно", f" {right} "):
            visit.page.get_by_role("button", name="Enter API key").click()
            visit.page.get_by_role("textbox", name="API key").fill(key)
            visit.page.keyboard.press("Enter")
            if right not in key:
                expect(visit.page.locator("#problem")).to_have_text("This API key is not accepted.")
        assert visit.answer() == "7"
        visit.page.reload()
        visit.draw(STROKES["3"])
        assert visit.answer() == "3"
        assert visit.page.evaluate("() => Object.values(localStorage).join()") == ""
