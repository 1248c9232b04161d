"""Every refusal and accident becomes one answer: a page for people, problem JSON for programs.

The five families of refusals, HTTP errors, bad bodies and what the database refuses are mapped
here and nowhere else. Problem JSON is RFC 9457; nothing internal is ever in it.
"""

import json
import logging
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from pydantic import ValidationError
from sqlalchemy.exc import DataError, DBAPIError, OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as Answer

from config import logs
from config.database import db
from config.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal, Unreachable
from monitoring.errors import GuestRefused
from portal.access import NotSignedIn
from portal.pages import sentences
from portal.signin import WrongPassword
from portal.throttle import TooManyAttempts
from portal.uploads import TooLarge

log = logs.get(__name__)

STATUS: dict[type[Refusal], int] = {
    NotSignedIn: 401,
    WrongPassword: 401,
    GuestRefused: 401,
    TooManyAttempts: 429,
    TooLarge: 413,
    NotAllowed: 403,
    NotFound: 404,
    Conflict: 409,
    Invalid: 422,
    Unreachable: 503,
}

EXCLUSION_VIOLATION = "23P01"
UNIQUE_VIOLATION = "23505"
CHECK_VIOLATION = "23514"
# Two transactions stood in each other's way; one more try settles it.
TRY_AGAIN = {"40P01", "40001", "55P03"}

FULL = "The period is no longer free; look at the availability and choose another."
RACE = "Somebody changed the same thing at this moment; try again."
EXISTS = "Something of this name exists already; look at the list."
UNSTORABLE = "A value is too long, too large or has characters that cannot be kept; correct it."
ACCIDENT = "Something went wrong on our side. Tell us the request id if it happens again."
NO_DATABASE = "The database does not answer; try again in a moment."
BARE_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>{title}</title>
<h1>{title}</h1><p>{detail}</p><p>Request id: {id}</p></html>
"""


class Malformed(Refusal):
    """The body cannot be read; send valid JSON in UTF-8."""


STATUS[Malformed] = 400


@dataclass(frozen=True, slots=True)
class Problem:
    """What is answered: a status, a sentence, and facts for machines."""

    status: int
    name: str
    detail: str
    details: dict[str, Any] = field(default_factory=dict)
    refusal: Refusal | None = None

    @property
    def title(self) -> str:
        """The words of the status."""
        return HTTPStatus(self.status).phrase

    def spoken(self) -> str:
        """The sentence in the language of the visitor."""
        if self.refusal is not None:
            return sentences.spoken(self.refusal)
        return _(self.detail) if self.detail else ""

    def as_json(self) -> dict[str, Any]:
        """The members of RFC 9457, then ours."""
        return {
            **self.details,
            "type": f"/problems/{self.name}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "request_id": g.get("request_id"),
        }


def _words(name: str) -> str:
    """`ResourceUnavailable` as `resource-unavailable`."""
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in name).lstrip("-")


def of_refusal(refusal: Refusal) -> Problem:
    """The answer to a refusal: the nearest family gives the status."""
    status = next(
        (STATUS[kind] for kind in type(refusal).__mro__ if kind in STATUS),
        422,
    )
    details = dict(refusal.details)
    if status == 409:
        details.setdefault("conflicts", [])
    return Problem(status, _words(type(refusal).__name__), refusal.message, details, refusal)


def of_validation(wrong: ValidationError) -> Problem:
    """Every wrong field with what is expected there; the values are not repeated."""
    errors = [
        {"field": ".".join(map(str, e["loc"])), "message": e["msg"]}
        for e in wrong.errors(include_url=False, include_input=False, include_context=False)
    ]
    sentence = "; ".join(f"{e['field'] or 'body'}: {e['message']}" for e in errors)
    return Problem(422, "invalid", sentence, {"errors": errors})


def of_database(wrong: DBAPIError) -> Problem:
    """What PostgreSQL refused by rule is a conflict; anything else is our accident."""
    state = getattr(wrong.orig, "sqlstate", None)
    if state == EXCLUSION_VIOLATION:
        return Problem(409, "conflict", FULL, {"conflicts": []})
    if state in TRY_AGAIN:
        return Problem(409, "conflict", RACE, {"conflicts": []})
    if state == UNIQUE_VIOLATION:
        return Problem(409, "conflict", EXISTS, {"conflicts": []})
    if isinstance(wrong, DataError) or state == CHECK_VIOLATION:
        return Problem(422, "invalid", UNSTORABLE)
    if isinstance(wrong, OperationalError) and (state is None or state.startswith(("08", "57"))):
        return Problem(503, "unreachable", NO_DATABASE)
    return Problem(500, "accident", ACCIDENT)


def of_http(wrong: HTTPException) -> Problem:
    """Errors of routing and parsing: the sentence is Werkzeug's own, which names no internals."""
    status = wrong.code or 500
    if isinstance(wrong, CSRFError):
        return Problem(
            400, "form-expired", "The form has expired; go back, reload the page and send it again."
        )
    return Problem(status, _words(type(wrong).__name__), wrong.description or "")


def wants_json() -> bool:
    """Whether a program asks: the API always, elsewhere who accepts JSON rather than HTML."""
    if request.path.startswith(("/api/", "/webhooks/", "/metrics", "/prometheus/")):
        return True
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/json", "application/problem+json"], default="text/html"
    )
    return best != "text/html"


def answer(problem: Problem) -> Answer:
    """The problem as a page or as problem JSON."""
    if wants_json():
        shown = Response(
            json.dumps(problem.as_json(), ensure_ascii=False, default=str),
            problem.status,
            mimetype="application/problem+json",
        )
    elif problem.status == 401:
        return redirect(url_for("signin.show", next=_way_back()))
    else:
        shown = Response(_page(problem), problem.status)
    if problem.status == 401:
        shown.headers["WWW-Authenticate"] = 'Bearer realm="media-center"'
    if "retry_after" in problem.details:
        shown.headers["Retry-After"] = str(problem.details["retry_after"])
    shown.headers["Cache-Control"] = "no-store"
    return shown


def _way_back() -> str | None:
    """Where to go after the sign-in: the page asked for, where asking again is harmless."""
    return request.full_path.rstrip("?") if request.method == "GET" else None


def _page(problem: Problem) -> str:
    try:
        return render_template(
            "problem.html",
            problem=problem,
            detail=problem.spoken(),
            request_id=g.get("request_id"),
        )
    except Exception:
        # The page asks the database who looks at it: where that failed too, plain words remain.
        if problem.status < 500:
            raise
        log.warning("problem page failed", exc_info=True)
        return BARE_PAGE.format(
            title=escape(problem.title), detail=escape(problem.detail), id=g.get("request_id")
        )


def _accident(wrong: BaseException) -> Answer:
    db.session.rollback()
    log.error("request failed", exc_info=wrong)
    return answer(Problem(500, "accident", ACCIDENT))


def register(app: Flask) -> None:
    """Map all families; an accident is logged with its traceback and answered with its id."""

    @app.errorhandler(Refusal)
    def refused(refusal: Refusal) -> Answer:
        return answer(of_refusal(refusal))

    @app.errorhandler(ValidationError)
    def invalid(wrong: ValidationError) -> Answer:
        return answer(of_validation(wrong))

    @app.errorhandler(HTTPException)
    def http(wrong: HTTPException) -> Answer:
        # A redirect or a made answer is no problem: pass it on.
        if wrong.response is not None or (wrong.code or 500) < 400:
            return wrong.get_response()
        found = answer(of_http(wrong))
        if allow := dict(wrong.get_headers()).get("Allow"):
            found.headers["Allow"] = allow
        return found

    @app.errorhandler(DBAPIError)
    def database(wrong: DBAPIError) -> Answer:
        db.session.rollback()
        problem = of_database(wrong)
        # A rule of ours should have refused first: what the database refused is worth a look.
        log.log(
            logging.ERROR if problem.status >= 500 else logging.WARNING,
            "database refused",
            exc_info=wrong,
        )
        return answer(problem)

    @app.errorhandler(Exception)
    def accident(wrong: Exception) -> Answer:
        return _accident(wrong)
