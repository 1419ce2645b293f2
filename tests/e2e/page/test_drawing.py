"""Drawing on the page: what is drawn is read, at once, and the newest drawing wins."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, CDPSession, Request, Route, expect

from tests.e2e.page.browser import INSET, PHONE, Visit, visiting
from tests.e2e.server import Server
from tests.letters import FONT
from tests.strokes import DIGITS, STROKES

#: Of the 47, drawn out of context: O and 0, or 1 and l, are the same strokes.
LEAST_RIGHT = 40


def test_each_digit_is_read(visit: Visit) -> None:
    answers = {}
    for digit in DIGITS:
        visit.draw(FONT[digit])
        answers[digit] = visit.answer()
        visit.page.click("#clear")
    assert answers == {digit: digit for digit in DIGITS}


def test_nearly_every_character_is_read_and_named_in_both_cases(visit: Visit) -> None:
    visit.choose("Characters")
    answers = {}
    for label, strokes in FONT.items():
        visit.draw(strokes)
        answers[label] = visit.answer()
        visit.page.click("#clear")
    wrong = {label: answer for label, answer in answers.items() if label not in answer.split("/")}
    print(f"{len(FONT) - len(wrong)} of {len(FONT)} are right; not: {wrong}")
    assert len(FONT) - len(wrong) >= LEAST_RIGHT, wrong
    assert answers["S"] == "S/s"


def test_the_choice_between_digits_and_characters_is_kept(visit: Visit) -> None:
    visit.choose("Characters")
    visit.page.reload()
    visit.draw(FONT["S"])
    assert visit.answer() == "S/s"


def test_the_answer_comes_while_the_pen_is_still_down(visit: Visit) -> None:
    area = visit.page.locator("#canvas").bounding_box()
    assert area
    for index, (x, y) in enumerate(STROKES["7"][0]):
        visit.page.mouse.move(area["x"] + x * area["width"], area["y"] + y * area["height"], steps=5)
        if index == 0:
            visit.page.mouse.down()
    assert visit.answer() == "7"
    visit.page.mouse.up()


def test_a_dot_is_nothing_only_once_the_pen_is_lifted(visit: Visit) -> None:
    visit.page.locator("#canvas").hover()
    with visit.page.expect_response("**/predict/**") as reply:
        visit.page.mouse.down()
    assert reply.value.status == 422
    reply.value.finished()
    visit.page.wait_for_selector("#answer[aria-busy=true][data-state=empty]")
    visit.page.mouse.up()
    assert visit.problem() == "No character was found."
    assert visit.page.locator("#problem-note").inner_text() == "What is drawn is no character yet. Write larger."


INKED = """canvas => canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data
    .filter((value, index) => index % 4 == 3 && value > 0).length"""


def test_a_tap_of_the_pen_is_a_dot(visit: Visit) -> None:
    canvas = visit.page.locator("#canvas")
    visit.choose("Characters")
    visit.draw([[(0.5, 0.2)]])
    assert canvas.evaluate(INKED) > 100
    visit.draw([[(0.5, 0.4), (0.5, 0.6), (0.5, 0.8)]])
    assert visit.answer() == "I/i"


def test_everything_that_is_known_about_an_answer_is_shown(visit: Visit) -> None:
    visit.draw(STROKES["3"])
    visit.answer()
    page = visit.page
    assert page.locator("#verdict").inner_text().endswith("% sure")
    assert page.locator("#candidates li").count() == 5
    assert page.locator("#candidates li").first.inner_text().split()[0] == "3"
    assert page.locator("#time").inner_text().endswith("ms round trip")
    assert page.locator("#model").inner_text().startswith("Model digit ")
    assert page.locator("#seen").evaluate("image => [image.naturalWidth, image.naturalHeight]") == [28, 28]
    assert not page.locator("#doubt").is_visible()
    expect(page.locator("#spoken")).to_have_text(re.compile("^Read as 3, "))


def doubt(route: Route) -> None:
    """Let the service's answer through as an uncertain one."""
    reply = route.fetch()
    route.fulfill(response=reply, json={**reply.json(), "uncertain": True})


def test_uncertain_answers_say_so_in_words(visit: Visit) -> None:
    visit.page.route("**/predict/**", doubt)
    visit.draw(STROKES["3"])
    visit.answer()
    assert "not sure" in visit.page.locator("#doubt").inner_text()
    expect(visit.page.locator("#spoken")).to_have_text(re.compile("^Read as 3, .* not sure"))


def test_two_characters_apart_are_said_to_be_two(visit: Visit) -> None:
    for shift in (-0.3, 0.3):
        visit.draw([[(0.5 + shift + (x - 0.5) / 3, 0.5 + (y - 0.5) / 3) for x, y in stroke] for stroke in STROKES["3"]])
    visit.answer()
    assert "more than one" in visit.page.locator("#doubt").inner_text()
    assert visit.page.locator("#meaning").inner_text() == ""
    expect(visit.page.locator("#spoken")).to_have_text(re.compile("^Read as .* more than one"))


def test_uncertain_answers_look_so_on_a_phone(browser: Browser, server: Server) -> None:
    with visiting(browser, f"http://127.0.0.1:{server.port}", size=PHONE) as visit:
        gist, shade = visit.page.locator("#gist"), "gist => getComputedStyle(gist).color"
        visit.draw(STROKES["3"])
        visit.answer()
        sure = gist.evaluate(shade)
        assert gist.locator("b").inner_text() == "3"
        visit.page.route("**/predict/**", doubt)
        visit.choose("Characters")
        expect(gist.locator("b")).to_have_text(re.compile(r"^3.*\?$"))
        assert gist.evaluate(shade) == visit.page.locator("#doubt").evaluate(shade) != sure
        visit.page.click("#clear")
        visit.settled("empty")
        assert gist.inner_text() == ""


def test_undo_redo_and_clear(visit: Visit) -> None:
    page = visit.page
    for button in ("#undo", "#redo", "#clear"):
        assert page.locator(button).is_disabled()
    for stroke in STROKES["4"]:
        visit.draw([stroke])
    assert visit.answer() == "4"
    page.click("#clear")
    visit.settled("empty")
    page.click("#undo")
    assert visit.answer() == "4"
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    visit.settled("empty")
    assert page.locator("#undo").is_disabled()
    page.keyboard.press("Control+Shift+z")
    page.keyboard.press("Control+y")
    assert visit.answer() == "4"


@pytest.mark.parametrize("motion", ["reduce", "no-preference"])
@pytest.mark.parametrize("task", ["Digits", "Characters"])
def test_each_sample_is_read_with_one_click(browser: Browser, server: Server, task: str, motion: str) -> None:
    with visiting(browser, f"http://127.0.0.1:{server.port}", motion=motion) as visit:
        visit.choose(task)
        samples = visit.page.locator("#samples button")
        for index in range(samples.count()):
            name = str(samples.nth(index).get_attribute("aria-label")).removeprefix("Write ")
            samples.nth(index).click()
            expect(visit.page.locator("#label")).to_have_text(re.compile(rf"^(.*/)?{name}(/.*)?$"))
            assert name in visit.answer().split("/")


def test_the_newest_answer_wins(visit: Visit) -> None:
    held: list[Route] = []
    failed: list[Request] = []

    def hold_first(route: Route) -> None:
        if held:
            route.continue_()
        else:
            held.append(route)

    visit.page.on("requestfailed", lambda request: failed.append(request))
    visit.page.route("**/predict/**", hold_first)
    with visit.page.expect_request("**/predict/**"):
        visit.page.get_by_label("Write 7").click()
    visit.page.get_by_label("Write 3").click()
    assert visit.answer() == "3"
    assert failed == [held[0].request]
    late = {"label": "7", "confidence": 1, "uncertain": False, "model": {"name": "digit", "version": "0"}}
    held[0].fulfill(json={**late, "candidates": [{"label": "7", "characters": ["7"], "confidence": 1}]})
    visit.page.evaluate("() => new Promise(requestAnimationFrame)")
    assert visit.answer() == "3"


def test_changing_the_task_reads_the_drawing_again(visit: Visit) -> None:
    visit.draw(FONT["A"])
    assert visit.answer() in set(DIGITS)
    visit.choose("Characters")
    expect(visit.page.locator("#label")).to_have_text("A")


def test_a_finger_draws_on_a_phone_without_scrolling_the_page(browser: Browser, server: Server) -> None:
    with visiting(browser, f"http://127.0.0.1:{server.port}", size=PHONE) as visit:
        device = visit.page.context.new_cdp_session(visit.page)
        visit.page.locator("#canvas").scroll_into_view_if_needed()
        scrolled = visit.page.evaluate("scrollY")
        points = along(visit, [(x / 10, 0.1 + x / 100) for x in range(2, 9)] + [(0.8, 0.2), (0.6, 0.55), (0.4, 0.9)])
        for index, (x, y) in enumerate(points):
            touch = {"type": "touchMove" if index else "touchStart", "touchPoints": [{"x": x, "y": y}]}
            device.send("Input.dispatchTouchEvent", touch)
        device.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
        assert visit.answer() == "7"
        assert visit.page.evaluate("scrollY") == scrolled
        # The card is below the fold; its gist is on the pad.
        assert visit.page.locator("#gist").inner_text().startswith("7")
        assert visit.page.locator("#gist").is_visible()


def test_a_pen_that_is_pressed_harder_writes_wider(visit: Visit) -> None:
    device = visit.page.context.new_cdp_session(visit.page)
    inked = []
    for force in (0.1, 0.9):
        press(device, along(visit, [(0.2, 0.5), (0.5, 0.5), (0.8, 0.5)]), force)
        visit.settled("read")
        inked.append(
            visit.page.evaluate(
                """() => new Promise(resolve => requestAnimationFrame(() => {
                    const canvas = document.querySelector('#canvas');
                    const {data} = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
                    resolve(data.filter((value, index) => index % 4 === 3 && value > 0).length);
                }))"""
            )
        )
        visit.page.click("#clear")
    assert inked[1] > 1.5 * inked[0]


def press(device: CDPSession, points: list[tuple[float, float]], force: float) -> None:
    common = {"pointerType": "pen", "button": "left", "clickCount": 1}
    kinds = ["mousePressed", *["mouseMoved"] * (len(points) - 1)]
    for kind, (x, y) in zip(kinds, points, strict=True):
        event = {"type": kind, "x": x, "y": y, "buttons": 1, "force": force, **common}
        device.send("Input.dispatchMouseEvent", event)
    x, y = points[-1]
    device.send("Input.dispatchMouseEvent", {"type": "mouseReleased", "x": x, "y": y, **common})


def along(visit: Visit, points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return points of the unit square as places on the screen."""
    area = visit.page.locator("#canvas").bounding_box()
    assert area
    inner = 1 - 2 * INSET
    return [
        (area["x"] + (INSET + x * inner) * area["width"], area["y"] + (INSET + y * inner) * area["height"])
        for x, y in points
    ]
