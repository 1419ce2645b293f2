from __future__ import annotations

import re

import pytest
from starlette.testclient import TestClient

from app.api.pages import MEDIA_TYPES, WEB

FILES = sorted(path.name for path in WEB.iterdir() if path.suffix in MEDIA_TYPES)


@pytest.mark.parametrize("page", ["/", "/docs", "/redoc"])
def test_pages_need_no_outside_host(client: TestClient, page: str) -> None:
    reply = client.get(page)
    assert reply.status_code == 200
    assert not re.findall(r'(?:src|href)="https?://', reply.text)
    assert "http" not in reply.headers["content-security-policy"]
    for asset in re.findall(r'(?:src|href)="(/?[^"#]+)"', reply.text):
        assert client.get(asset).status_code == 200, asset


def test_the_front_page_allows_its_own_files_only(client: TestClient) -> None:
    headers = client.get("/").headers
    policy = dict(part.split(" ", 1) for part in headers["content-security-policy"].split("; "))
    assert policy["default-src"] == policy["base-uri"] == policy["form-action"] == policy["frame-ancestors"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "camera=(self)" in headers["permissions-policy"]


def test_the_front_page_holds_no_inline_script_or_style() -> None:
    page = (WEB / "index.html").read_text()
    assert not re.findall(r"<style|\sstyle=|\son\w+=", page)
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page))


@pytest.mark.parametrize("name", FILES)
def test_every_file_is_served_whole_and_revalidated(client: TestClient, name: str) -> None:
    reply = client.get(f"/web/{name}")
    assert reply.content == (WEB / name).read_bytes()
    assert reply.headers["content-type"].split(";")[0] == MEDIA_TYPES[f".{name.rpartition('.')[2]}"]
    assert reply.headers["cache-control"] == "no-cache"
    head = client.head(f"/web/{name}")
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == reply.headers["content-length"]
    again = client.get(f"/web/{name}", headers={"If-None-Match": f'W/"old", {reply.headers["etag"]}'})
    assert (again.status_code, again.content) == (304, b"")
    assert client.get(f"/web/{name}", headers={"If-None-Match": '"old"'}).status_code == 200


def test_every_module_that_is_imported_exists() -> None:
    for name in (name for name in FILES if name.endswith(".js")):
        for imported in re.findall(r'from "\./([^"]+)"', (WEB / name).read_text()):
            assert imported in FILES


@pytest.mark.parametrize("path", ["/web/missing.js", "/web/__pycache__", "/web/..%2fmain.py", "/web/", "/web"])
def test_what_is_no_file_of_the_page_is_a_problem(client: TestClient, path: str) -> None:
    reply = client.get(path)
    assert (reply.status_code, reply.json()["code"]) == (404, "not-found")
    assert reply.headers["content-type"] == "application/problem+json"


def test_the_page_and_the_documentation_link_to_each_other(client: TestClient) -> None:
    assert 'href="docs"' in client.get("/").text
    assert "](./)" in client.get("/openapi.json").json()["info"]["description"]


def test_the_documentation_has_a_picture_to_try_with(client: TestClient) -> None:
    (link,) = re.findall(r"\]\(\./(web/[^)]+)\)", client.get("/openapi.json").json()["info"]["description"])
    reply = client.get(f"/{link}")
    for model in ("digit", "char"):
        assert client.post(f"/predict/{model}", files={"file": reply.content}).json()["label"] == "7"
