"""One id for a request, in its answer and in every log line it causes."""

import re
import time
import uuid

import structlog
from flask import Flask, Response, g, request

from config import logs

HEADER = "X-Request-ID"
_SHAPE = re.compile(r"[A-Za-z0-9._-]{8,64}")
# Asked many times a minute by machines that keep their own records.
_QUIET = {"healthz", "readyz", "metrics", "targets", "static"}

log = logs.get("portal.requests")


def fitting(given: str | None) -> str:
    """The id a proxy gave, if it looks like one, else a new one."""
    return given if given and _SHAPE.fullmatch(given) else uuid.uuid4().hex


def _shown_path() -> str:
    """The path for the log; where it bears a token, the rule instead."""
    if "token" in (request.view_args or {}):
        return str(request.url_rule)
    return request.path


def register(app: Flask) -> None:
    """Give each request its id and one log line."""

    @app.before_request
    def begin() -> None:
        g.request_id = fitting(request.headers.get(HEADER))
        g.began = time.perf_counter()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    @app.after_request
    def end(answer: Response) -> Response:
        answer.headers[HEADER] = g.get("request_id", "")
        if request.endpoint in _QUIET and answer.status_code < 400:
            return answer
        log.info(
            "request",
            method=request.method,
            path=_shown_path(),
            status=answer.status_code,
            milliseconds=round((time.perf_counter() - g.get("began", 0)) * 1000, 1),
            member_id=g.get("member_id"),
        )
        return answer
