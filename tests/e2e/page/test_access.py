"""The page for everyone: accessible in every state, by keyboard alone, in light and dark, and closed to strangers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.e2e.page.browser import DESKTOP, PHONE, Visit, visiting
from tests.e2e.server import Server
from tests.strokes import STROKES, draw, encode

#: Target size is WCAG 2.2's, and off in axe unless asked for.
AXE_OPTIONS = {"rules": {"target-size": {"enabled": True}}}
FOCUSED = "() => document.activeElement.id || document.activeElement.getAttribute('aria-label')"


def with_an_answer(visit: Visit) -> None:
    visit.choose("Characters")
    visit.draw(STROKES["L"])
    visit.answer()


def with_a_problem(visit: Visit) -> None:
    visit.drop({"notes.txt": b"hello"})
    visit.problem()


def with_many(visit: Visit) -> None:
    visit.drop({"seven.png": encode(draw("7")), "notes.txt": b"hello"})
    expect(visit.page.locator("#summary")).to_have_text("2 pictures, 1 could not be read")


def with_the_camera(visit: Visit) -> None:
    visit.page.click("#photograph")
    expect(visit.page.locator("#capture")).to_be_enabled()


def with_the_key_asked_for(visit: Visit) -> None:
    visit.page.evaluate("() => document.querySelector('#key-dialog').showModal()")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [PHONE, DESKTOP], ids=["phone", "desktop"])
@pytest.mark.parametrize(
    "reach",
    [lambda visit: None, with_an_answer, with_a_problem, with_many, with_the_camera, with_the_key_asked_for],
    ids=["empty", "answer", "problem", "many", "camera", "key"],
)
def test_axe_finds_nothing(
    browser: Browser, server: Server, scheme: str, size: tuple[int, int], reach: Callable[[Visit], None]
) -> None:
    with visiting(browser, f"http://127.0.0.1:{server.port}", size=size, scheme=scheme) as visit:
        reach(visit)
        found = Axe().run(visit.page, options=AXE_OPTIONS)
        assert found.response["violations"] == [], found.generate_report()
        assert visit.page.evaluate("() => document.documentElement.scrollWidth") <= size[0]


def tab_to(page: Page, name: str) -> None:
    """Press Tab until this has the focus, which must be visible at every stop."""
    for _ in range(40):
        page.keyboard.press("Tab")
        outline = page.evaluate(
            """() => {
                const focused = document.activeElement;
                const shown = focused.matches('input[type=radio]') ? focused.nextElementSibling : focused;
                return getComputedStyle(shown).outlineStyle;
            }"""
        )
        focused = page.evaluate(FOCUSED)
        assert outline != "none", focused
        if focused == name:
            return
    raise AssertionError(f"{name} cannot be reached")


def test_the_keyboard_is_enough(visit: Visit) -> None:
    page = visit.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the page"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_label("Characters")).to_be_checked()
    tab_to(page, "Write A")
    page.keyboard.press("Enter")
    assert visit.answer() == "A"
    page.keyboard.press("Control+z")
    visit.settled("read")
    page.keyboard.press("Shift+Tab")
    tab_to(page, "Write k")
    page.keyboard.press("Space")
    assert visit.answer() == "K/k"
    page.evaluate("() => document.activeElement.blur()")
    page.locator("#main").focus()
    tab_to(page, "clear")
    page.keyboard.press("Enter")
    visit.settled("empty")
    tab_to(page, "choose")
    with page.expect_file_chooser():
        page.keyboard.press("Enter")


def test_the_skip_link_stays_in_the_view(visit: Visit) -> None:
    visit.page.get_by_role("link", name="Read many").click()
    skip = visit.page.get_by_role("link", name="Skip to the page")
    skip.focus()
    skip.press("Enter")
    expect(visit.page.get_by_role("button", name="Choose pictures")).to_be_visible()


def test_light_and_dark_follow_the_system_until_one_is_chosen(visit: Visit) -> None:
    page = visit.page
    shade = "() => getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(shade)
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate(shade)
    assert dark != light
    toggle = page.get_by_role("button", name="Dark colours")
    expect(toggle).to_have_attribute("aria-pressed", "true")
    toggle.click()
    assert page.evaluate(shade) == light
    page.reload()
    assert page.evaluate(shade) == light
    expect(toggle).to_have_attribute("aria-pressed", "false")


def test_a_browser_that_keeps_nothing_has_a_working_page(visit: Visit) -> None:
    visit.page.add_init_script(
        """for (const name of ['localStorage', 'sessionStorage'])
            Object.defineProperty(window, name, {get() { throw new DOMException('', 'SecurityError'); }});"""
    )
    visit.page.reload()
    visit.page.get_by_role("button", name="Dark colours").click()
    expect(visit.page.get_by_role("button", name="Dark colours")).to_have_attribute("aria-pressed", "true")
    visit.draw(STROKES["7"])
    assert visit.answer() == "7"
    assert visit.complaints == []


def test_a_whole_visit_asks_no_other_host_and_breaks_no_policy(visit: Visit) -> None:
    for reach in (with_an_answer, with_the_camera):
        reach(visit)
    visit.page.click("#capture")
    expect(visit.page.locator("#camera")).not_to_be_visible()  # or what is dropped meets the photo on its way
    with_many(visit)
    visit.open("/docs")
    visit.page.get_by_role("link", name="Draw one and see it read").wait_for()
    assert visit.foreign_requests() == []
    # A picture that is refused is an error to the browser's console too.
    assert [text for text in visit.complaints if "Failed to load resource" not in text] == []


def test_scripts_that_are_slipped_in_do_not_run(visit: Visit) -> None:
    visit.page.evaluate(
        """() => {
            const script = document.createElement('script');
            script.textContent = 'window.slipped = true';
            document.body.append(script);
            const picture = document.createElement('div');
            picture.innerHTML = '<img src=x onerror="window.slipped = true">';
            document.body.append(picture);
        }"""
    )
    expect(visit.page.locator("body > div > img")).to_have_count(1)
    assert visit.page.evaluate("() => window.slipped") is None
    assert any("Content Security Policy" in text for text in visit.complaints)


def test_a_file_name_is_text(visit: Visit) -> None:
    visit.drop({"<img src=x onerror=alert(1)>.png": encode(draw("7")), "b.png": encode(draw("7"))})
    expect(visit.page.locator("#rows .file-name").first).to_have_text("<img src=x onerror=alert(1)>.png")
