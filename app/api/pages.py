"""The pages for people: the front page and the API's documentation, without any outside host."""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, FastAPI
from fastapi.openapi.docs import get_redoc_html, get_swagger_ui_html
from starlette.requests import Request
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Receive, Scope, Send

ASSETS_URL = "/docs-assets"
ASSETS = Path(fastapi_offline.__file__).parent / "static"
WEB = Path(__file__).parent.parent / "web"
#: ReDoc would fetch its maker's logo; the browser is told to fetch nothing from elsewhere.
POLICY = {
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


def install_pages(app: FastAPI) -> None:
    """Add `/`, `/docs` and `/redoc` to an application that was made without FastAPI's own pages."""
    router = APIRouter(include_in_schema=False)

    @router.get("/")
    async def front() -> HTMLResponse:
        return HTMLResponse((WEB / "index.html").read_text(), headers=POLICY)

    @router.get("/docs")
    async def docs(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_swagger_ui_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=f"{app.title} API",
            swagger_js_url=f"{root}{ASSETS_URL}/swagger-ui-bundle.js",
            swagger_css_url=f"{root}{ASSETS_URL}/swagger-ui.css",
            swagger_favicon_url=f"{root}{ASSETS_URL}/favicon.png",
        )
        page.headers.update(POLICY)
        return page

    @router.get("/redoc")
    async def redoc(request: Request) -> HTMLResponse:
        root = request.scope.get("root_path", "")
        page = get_redoc_html(
            openapi_url=f"{root}{app.openapi_url}",
            title=f"{app.title} API",
            redoc_js_url=f"{root}{ASSETS_URL}/redoc.standalone.js",
            redoc_favicon_url=f"{root}{ASSETS_URL}/favicon.png",
            with_google_fonts=False,
        )
        page.headers.update(POLICY)
        return page

    app.include_router(router)
    app.mount(ASSETS_URL, WholeFiles(directory=ASSETS), name="docs-assets")
