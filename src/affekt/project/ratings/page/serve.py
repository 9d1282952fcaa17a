"""Serve the page on this machine until it is stopped."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress

from affekt.core.errors import UsageError, require
from affekt.project.folder import Project
from affekt.project.ratings.page.queue import Progress, Queue

HOST = "127.0.0.1"
_LONGEST_NAME = 100  # characters of a rater
_GRACE_S = 1  # for requests under way, such as a video, when the server stops


def serve(
    project: Project, rater: str, *, round: int = 1, port: int = 0, on_ready: Callable[[str], None]
) -> Progress:
    """Serve the page for one rater; it ends by SIGINT (Ctrl-C) or SIGTERM.

    Args:
        round: The round of the ratings.
        port: 0 for a free one.
        on_ready: Called with the address of the page.

    Returns:
        How far the rater is at the end.

    Raises:
        UsageError: The name cannot be used, no item has a medium, or the port is in use.
        MissingExtra: Starlette or uvicorn is not installed.
    """
    require("starlette", extra="serve", needed_by="the page to rate clips")
    require("uvicorn", extra="serve", needed_by="the page to rate clips")
    import uvicorn

    from affekt.project.ratings.page.app import Rating, make_app

    rater = rater.strip()
    if not rater or not rater.isprintable() or len(rater) > _LONGEST_NAME:
        raise UsageError(f"{rater[:40]!r} is not a name of a rater")
    queue = Queue(rater, round)
    with project.database() as connection:
        if not queue.progress(connection).items:
            raise UsageError(
                f"no item of {project.path} has a video, sound or picture: `affekt project import "
                f"{project.path} --media FOLDER`"
            )
    rating = Rating(project, queue)
    try:
        bound = socket.create_server((HOST, port))
    except OSError as error:
        raise UsageError(f"port {port} cannot be used: {error.strerror or error}") from None
    with bound:
        config = uvicorn.Config(
            make_app(rating),
            log_level="warning",
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=_GRACE_S,
        )
        on_ready(f"http://{HOST}:{bound.getsockname()[1]}/{rating.secret}/")
        with suppress(KeyboardInterrupt):  # the usual end of a server
            uvicorn.Server(config).run(sockets=[bound])
    with project.database() as connection:
        return queue.progress(connection)
