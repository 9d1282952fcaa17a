"""The page and its answers, as an ASGI application.

Everything lies below a path with a secret, so that other pages in the browser cannot call it. The host of
each request is checked, because a foreign name can be bound to this machine, and the origin of each answer.
"""

from __future__ import annotations

import json
import math
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from affekt.core.errors import AffektError, MediaError
from affekt.project.folder import Project
from affekt.project.ratings.page.media import medium_of
from affekt.project.ratings.page.queue import Queue
from affekt.report.colors.labels import LabelColors
from affekt.report.colors.scheme import scheme_css

# Keys of labels in their order; r, s and u are those of the page.
KEYS = "1234567890qwetyiopadfghjklzxcvbnm"
_FOLDER = Path(__file__).parent
_LARGEST = 4096  # bytes of an answer
_LONGEST_S = 86400.0
_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}


@dataclass
class Rating:
    """A rater at work in one process.

    Attributes:
        secret: In the path of each address.
        answered: Items in the order of their answers since the start, for undo.
    """

    project: Project
    queue: Queue
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24))
    answered: list[str] = field(default_factory=list)

    def state(self, connection: Any, item: str | None = None) -> dict[str, Any]:
        """What the page shows next: the item that most needs a rating, or the named one."""
        shown = self.queue.next_item(connection) if item is None else self.queue.item(connection, item)
        progress = self.queue.progress(connection)
        found: dict[str, Any] = {**progress._asdict(), "can_undo": bool(self.answered), "item": None}
        if shown is not None:
            found["item"] = {
                "id": shown.id,
                "title": shown.title,
                "kind": shown.kind,
                "address": f"media?path={quote(str(shown.path), safe='')}",
            }
        return found


def make_app(rating: Rating) -> Starlette:
    """The application; it answers to the host names of this machine only."""
    below = f"/{rating.secret}"
    return Starlette(
        routes=[
            Route(f"{below}/", _page(rating)),
            Route(f"{below}/page.css", _style(rating)),
            Route(f"{below}/page.js", lambda request: FileResponse(_FOLDER / "page.js")),
            Route(f"{below}/media", _media(rating)),
            Route(f"{below}/next", _next(rating)),
            Route(f"{below}/answer", _answer(rating), methods=["POST"]),
        ],
        middleware=[
            Middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost"], www_redirect=False),
            Middleware(_Headers),
        ],
        exception_handlers={AffektError: _refused},
    )


class _Headers:
    """Headers that keep other pages out, on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(_HEADERS)
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)


def _refused(request: Request, error: Exception) -> Response:
    status = 404 if isinstance(error, MediaError) else 409
    return JSONResponse({"error": str(error)}, status_code=status)


def _page(rating: Rating) -> Callable[[Request], Response]:
    labels = rating.project.settings.label_set
    keys = [KEYS[place] if place < len(KEYS) else "" for place in range(len(labels))]
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined)
    text = environment.get_template("page.html.jinja").render(
        title=rating.project.settings.title,
        rater=rating.queue.rater,
        round=rating.queue.round,
        labels=list(zip(labels.names, keys, strict=True)),
    )
    return lambda request: Response(text, media_type="text/html")


def _style(rating: Rating) -> Callable[[Request], Response]:
    labels = rating.project.settings.label_set
    colors = LabelColors(labels.names)
    rules = [f"#l{place} {{ --own: {value} }}" for place, value in enumerate(colors.css.values())]
    sheet = (_FOLDER / "page.css").read_text("utf-8")
    text = "\n".join([scheme_css(), colors.style, sheet, *rules])
    return lambda request: Response(text, media_type="text/css")


def _media(rating: Rating) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        with rating.project.database() as connection:
            file, kind = medium_of(rating.project, connection, request.query_params.get("path", ""))
        return FileResponse(file, media_type=kind)

    return respond


def _next(rating: Rating) -> Callable[[Request], Response]:
    def respond(request: Request) -> Response:
        with rating.project.database() as connection:
            return JSONResponse(rating.state(connection))

    return respond


def _answer(rating: Rating) -> Callable[[Request], Any]:
    async def respond(request: Request) -> Response:
        # Browsers state the origin of each POST; one from another page is refused.
        if request.headers.get("origin") != f"http://{request.headers.get('host')}":
            return JSONResponse({"error": "the request is of another page"}, status_code=403)
        if int(request.headers.get("content-length") or _LARGEST + 1) > _LARGEST:
            return JSONResponse({"error": "the answer is too long"}, status_code=413)
        try:
            values = json.loads(await request.body())
            if not isinstance(values, dict):
                raise ValueError("not an object")
            what, item = str(values["what"]), str(values.get("item", ""))
            label = rating.project.settings.label_of(str(values.get("label", "")))
            seconds = float(values.get("seconds", math.nan))
        except (ValueError, KeyError, TypeError, RecursionError):
            return JSONResponse({"error": "the answer cannot be read"}, status_code=400)
        return await run_in_threadpool(_take, rating, what, item, label, seconds)

    return respond


def _take(rating: Rating, what: str, item: str, label: str | None, seconds: float) -> Response:
    shown = None
    with rating.project.database() as connection:
        if what == "rate" and label is not None:
            measured = round(seconds, 2) if 0 <= seconds <= _LONGEST_S else None
            rating.queue.rate(connection, item, label, measured)
            rating.answered.append(item)
        elif what == "skip":
            rating.queue.skip(connection, item)
            rating.answered.append(item)
        elif what == "undo" and rating.answered:
            shown = rating.answered.pop()
            rating.queue.take_back(connection, shown)
        elif what == "again":
            rating.queue.show_skipped_again(connection)
        else:
            return JSONResponse({"error": f"{what!r} is no answer here"}, status_code=400)
        return JSONResponse(rating.state(connection, shown))
