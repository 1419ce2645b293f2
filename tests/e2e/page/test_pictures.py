"""Pictures that come in from elsewhere: chosen, pasted, dropped, photographed; one by one or as a pile."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Route, expect

from tests.e2e.page.browser import Visit
from tests.e2e.server import ROOT, command, environment
from tests.strokes import DIGITS, STROKES, draw, encode

SEVEN = encode(draw("7"))
PASTE = """bytes => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(bytes)], 'pasted.png', {type: 'image/png'}));
    document.dispatchEvent(new ClipboardEvent('paste', {clipboardData: transfer, bubbles: true}));
}"""


def crops(count: int) -> dict[str, bytes]:
    """Return small pictures of digits, named for what they show."""
    pictures = {digit: encode(draw(digit, (40, 40))) for digit in DIGITS}
    return {f"{index:03}-{index % 10}.png": pictures[str(index % 10)] for index in range(count)}


def finished(visit: Visit, summary: str) -> None:
    """Wait until everything is read."""
    expect(visit.page.locator("#summary")).to_have_text(summary)
    visit.page.wait_for_selector("#view-many[aria-busy=false]")


def rows(visit: Visit) -> list[dict[str, str]]:
    """Return the downloaded CSV."""
    with visit.page.expect_download() as download:
        visit.page.click("#download")
    text = Path(download.value.path()).read_bytes().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_chosen_picture_is_shown_with_its_writing_framed(visit: Visit) -> None:
    with visit.page.expect_file_chooser() as chooser:
        visit.page.click("#choose")
    chooser.value.set_files({"name": "seven.png", "mimeType": "image/png", "buffer": SEVEN})
    assert visit.answer() == "7"
    assert visit.page.get_by_alt_text("Your picture, seven.png").is_visible()
    framed, pad = visit.page.locator("#box").bounding_box(), visit.page.locator("#pad").bounding_box()
    assert framed
    assert pad
    assert pad["x"] < framed["x"] < framed["x"] + framed["width"] < pad["x"] + pad["width"]
    visit.page.click("#clear")
    visit.settled("empty")
    assert not visit.page.locator("#preview").is_visible()


def test_a_reading_that_fails_takes_the_frame_away(visit: Visit) -> None:
    visit.drop({"seven.png": SEVEN})
    assert visit.answer() == "7"
    expect(visit.page.locator("#box")).to_be_visible()
    visit.page.route("**/predict/**", lambda route: route.abort())
    visit.choose("Characters")
    visit.problem()
    expect(visit.page.locator("#box")).to_be_hidden()
    expect(visit.page.locator("#preview")).to_be_visible()
    visit.page.unroute("**/predict/**")
    visit.page.click("#again")
    visit.answer()
    expect(visit.page.locator("#box")).to_be_visible()


def test_a_pasted_picture_is_read(visit: Visit) -> None:
    visit.page.evaluate(PASTE, list(SEVEN))
    assert visit.answer() == "7"


def test_a_dropped_picture_is_read(visit: Visit) -> None:
    visit.drop({"seven.png": SEVEN})
    assert visit.answer() == "7"
    assert not visit.page.locator("#veil").is_visible()


def test_a_format_that_browsers_do_not_show_is_read_nevertheless(visit: Visit) -> None:
    visit.drop({"seven.tiff": encode(draw("7"), "TIFF")})
    assert visit.answer() == "7"
    text = visit.page.locator("#no-preview").inner_text()
    assert "no preview" in text
    visit.page.click("[data-view=many]")
    visit.drop({"seven.tiff": encode(draw("7"), "TIFF"), "seven.png": SEVEN})
    finished(visit, "2 pictures")
    without, shown = visit.page.locator("#rows tr").all()
    expect(without).to_contain_text(text)
    assert without.locator("img").count() == 0
    expect(shown).not_to_contain_text(text)


def test_a_photo_is_taken_with_the_camera(visit: Visit) -> None:
    visit.page.click("#photograph")
    expect(visit.page.locator("#capture")).to_be_enabled()
    with visit.page.expect_response("**/predict/digit?**") as reply:
        visit.page.click("#capture")
    assert reply.value.status in {200, 422}  # the test picture shows no digit; it may be refused as texture
    assert visit.page.get_by_alt_text("Your picture, photo.jpg").is_visible()
    assert visit.page.evaluate("document.querySelector('#video').srcObject") is None


def test_without_a_live_camera_the_phones_own_is_asked(visit: Visit) -> None:
    visit.page.evaluate("() => { Object.defineProperty(navigator, 'mediaDevices', {value: undefined}) }")
    with visit.page.expect_file_chooser() as chooser:
        visit.page.click("#photograph")
    assert chooser.value.element.get_attribute("capture") == "environment"
    chooser.value.set_files({"name": "seven.png", "mimeType": "image/png", "buffer": SEVEN})
    assert visit.answer() == "7"


def test_fifty_dropped_crops_become_a_table_and_a_csv(visit: Visit) -> None:
    files = crops(50)
    visit.drop({**files, "broken.png": b"hello"})
    finished(visit, "51 pictures, 1 could not be read")
    assert visit.page.url.endswith("#many")
    lines = visit.page.locator("#rows tr")
    assert lines.count() == 51
    assert lines.nth(7).locator(".row-answer").inner_text() == "7"
    assert lines.nth(7).locator("img").evaluate("image => image.naturalWidth") == 40
    assert "no picture that Inkling can read" in lines.nth(50).inner_text()
    table = rows(visit)
    assert [line["file"] for line in table] == [*files, "broken.png"]
    assert [line["label"] for line in table[:50]] == [str(index % 10) for index in range(50)]
    assert (table[50]["label"], table[50]["problem"]) == ("", "unsupported-image")
    assert 0 < float(table[7]["confidence_2"]) < float(table[7]["confidence"]) <= 1
    visit.page.get_by_label("Least sure first").check()
    assert "broken.png" in lines.first.inner_text()
    visit.page.click("#empty")
    assert not visit.page.locator("#batch").is_visible()


def test_more_pictures_than_a_call_takes_are_sent_in_several(visit: Visit) -> None:
    visit.drop(crops(70))
    finished(visit, "70 pictures")
    calls = [request for request in visit.requests if request.url.endswith("/predict/digit/batch?top_k=5")]
    assert len(calls) == 2
    visit.choose("Characters")
    finished(visit, "70 pictures")
    expect(visit.page.locator("#rows tr").nth(69).locator(".row-answer")).to_be_visible()
    assert {line["model"] for line in rows(visit)} == {"char"}


def test_changing_the_task_reads_again_only_what_is_in_view(visit: Visit) -> None:
    def asked(path: str) -> int:
        return sum(path in request.url for request in visit.requests)

    visit.drop(crops(2))
    finished(visit, "2 pictures")
    visit.page.click("[data-view=one]")
    visit.draw(STROKES["7"])
    assert visit.answer() == "7"
    visit.choose("Characters")
    expect(visit.page.locator("#model")).to_contain_text("char")
    assert asked("/char/batch") == 0
    visit.page.click("[data-view=many]")
    finished(visit, "2 pictures")
    assert {line["model"] for line in rows(visit)} == {"char"}
    assert asked("/char/batch") == 1
    before = asked("/digit?")
    visit.choose("Digits")
    finished(visit, "2 pictures")
    assert asked("/digit?") == before
    visit.page.click("[data-view=one]")
    expect(visit.page.locator("#model")).to_contain_text("digit")


def test_pictures_that_join_a_pile_out_of_date_are_read_in_one_call_with_it(visit: Visit) -> None:
    visit.drop(crops(2))
    finished(visit, "2 pictures")
    visit.page.click("[data-view=one]")
    visit.choose("Characters")
    visit.drop(crops(3))
    finished(visit, "5 pictures")
    assert [line["model"] for line in rows(visit)] == ["char"] * 5
    assert sum("/char/batch" in request.url for request in visit.requests) == 1


def test_a_service_with_a_lower_limit_gets_smaller_calls(visit: Visit) -> None:
    def limited(route: Route) -> None:
        if (route.request.post_data_buffer or b"").count(b'name="files"') > 5:
            route.fulfill(status=413, body=json.dumps({"code": "too-many-files", "status": 413}))
        else:
            route.continue_()

    visit.page.route("**/batch?**", limited)
    visit.drop(crops(12))
    finished(visit, "12 pictures")
    assert [line["label"] for line in rows(visit)] == [str(index % 10) for index in range(12)]


@pytest.mark.parametrize("task", ["Digits", "Characters"])
def test_the_table_is_the_one_that_the_command_writes(visit: Visit, task: str, tmp_path: Path) -> None:
    visit.choose(task)
    files = {"=1.png": SEVEN, "blank.png": encode(np.full((50, 50), 255, np.uint8)), "two.png": encode(draw("2"))}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    visit.drop(files)
    finished(visit, "3 pictures, 1 could not be read")
    model = {"Digits": "digit", "Characters": "char"}[task]
    ended = subprocess.run(
        command("predict", *files, "--csv", "--top-k", "5", "--model", model),
        cwd=tmp_path,
        env={**environment(), "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
    )
    written, shown = list(csv.DictReader(io.StringIO(ended.stdout))), rows(visit)
    assert list(shown[0]) == list(written[0])
    for left, right in zip(shown, written, strict=True):
        for name in right:
            if name.startswith("confidence") and right[name]:
                assert float(left[name]) == pytest.approx(float(right[name]), abs=1e-4)
            else:
                assert left[name] == right[name], name


@pytest.mark.parametrize("start", ["=1+1", "+1", "-1", "@SUM(A1)", "\tx"])
def test_a_file_name_is_never_a_formula(visit: Visit, start: str) -> None:
    visit.drop({f'{start},"x".png': SEVEN, "seven.png": SEVEN})
    finished(visit, "2 pictures")
    assert rows(visit)[0]["file"] == f'\'{start},"x".png'
