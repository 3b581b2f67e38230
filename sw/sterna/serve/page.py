"""The page for people: a chat, and what the device does meanwhile (files of the folder `page`).

It fetches nothing from elsewhere, and its policy lets a browser run nothing but its own files.
"""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

FILES = Path(__file__).with_name("page")
HEADERS = {
    "Content-Security-Policy": "; ".join((
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'",
        "connect-src 'self'", "form-action 'none'", "base-uri 'none'", "frame-ancestors 'none'")),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",  # a newer Sterna has a newer page
}


def routes() -> list[BaseRoute]:
    """The page, and its files."""
    return [Route("/", _page, methods=["GET"]),
            Mount("/page", StaticFiles(directory=FILES))]


async def _page(request: Request) -> Response:
    del request
    return FileResponse(FILES / "index.html", headers=HEADERS)
