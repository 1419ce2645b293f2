"""The pages for people: the front page and the API's documentation, without any outside host."""

import hashlib
from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

ASSETS_URL = "/docs-assets"
ASSETS = Path(fastapi_offline.__file__).parent / "static"
WEB = Path(__file__).parent.parent / "web"
MEDIA_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
}
#: The front page runs its own modules and talks to its own service. Pictures are also the visitor's own (blob:) and
#: what the network saw (data:).
FRONT_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
        "media-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    # Checked at every visit, so that a page never runs with another version's modules.
    "Cache-Control": "no-cache",
}
#: Swagger UI and ReDoc bring styles and scripts in their page. ReDoc would fetch its maker's logo; the browser is told
#: to fetch nothing from elsewhere.
DOCS_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; "
        "img-src 'self' data:; worker-src 'self' blob:; frame-ancestors 'none'"
    )
}


class WholeFiles(StaticFiles):
    """Static files without ranges, whose errors would not be problem documents. The largest has 1.5 MB."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope.get("headers", ()) if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)


def front_file(path: Path, request: Request) -> Response:
    """Return a file of the front page, or that the browser's copy is still good."""
    content = path.read_bytes()
    # Of the contents: builders of container images round the times of files.
    etag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {**FRONT_HEADERS, "ETag": etag}
    known = {tag.strip().removeprefix("W/") for tag in request.headers.get("If-None-Match", "").split(",")}
    if known & {etag, "*"}:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=MEDIA_TYPES[path.suffix], headers=headers)


def install_pages(app: FastAPI) -> None:
    """Add `/`, `/docs` and `/redoc` to an application that was made without FastAPI's own pages."""
    router = APIRouter(include_in_schema=False)
    files = {path.name: path for path in WEB.iterdir() if path.suffix in MEDIA_TYPES}

    @router.get("/")
    def front(request: Request) -> Response:
        return front_file(files["index.html"], request)

    @router.get("/web/{name}")
    def web(name: str, request: Request) -> Response:
        if name not in files:
            raise HTTPException(404)
        return front_file(files[name], request)

    @router.get("/docs")
    async def docs(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=f"{app.title} API",
            swagger_js_url=f"{root}{ASSETS_URL}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{ASSETS_URL}/swagger-ui.css",
            swagger_favicon_url=f"{root}{ASSETS_URL}/favicon.png",
        )
        page.headers.update(DOCS_HEADERS)
        return page

    @router.get("/redoc")
    async def redoc(request: Request) -> Response:
        root = request.scope.get("root_path", "")
        page = get_redoc_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=f"{app.title} API",
            redoc_js_url=f"{root}{ASSETS_URL}/redoc.standalone.js",
            redoc_favicon_url=f"{root}{ASSETS_URL}/favicon.png",
            with_google_fonts=False,
        )
        page.headers.update(DOCS_HEADERS)
        return page

    app.include_router(router)
    app.mount(ASSETS_URL, WholeFiles(directory=ASSETS), name="docs-assets")
