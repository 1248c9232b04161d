"""Vietnamese first, English second: which of them a visitor reads."""

from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from flask_babel import Babel, get_locale, get_translations

from portal.access import current_member_or_none

LANGUAGES = ("vi", "en")
COOKIE = "lang"
YEAR = 31_536_000


def chosen() -> str:
    """What was asked for on this device, else what the member prefers, else the house's own."""
    house: str = current_app.config["BABEL_DEFAULT_LOCALE"]
    if not has_request_context():
        return house
    for wish in (request.args.get("lang"), request.cookies.get(COOKIE)):
        if wish in LANGUAGES:
            return wish
    member = current_member_or_none()
    return member.locale if member is not None and member.locale in LANGUAGES else house


def _remember(answer: Response) -> Response:
    """Keep a language chosen with `?lang=` for the next pages, but with nothing a cache keeps.

    The language of a paper that is fetched is that paper's alone.
    """
    if answer.cache_control.public or answer.mimetype != "text/html":
        return answer
    wish = request.args.get("lang")
    if wish in LANGUAGES and wish != request.cookies.get(COOKIE):
        answer.set_cookie(
            COOKIE,
            wish,
            max_age=YEAR,
            httponly=True,
            samesite="Lax",
            secure=current_app.config["SESSION_COOKIE_SECURE"],
        )
    return answer


def register(app: Flask, *, locale: str, zone: str) -> None:
    """Bind Flask-Babel."""
    app.config.update(BABEL_DEFAULT_LOCALE=locale)
    Babel(app, default_locale=locale, default_timezone=zone, locale_selector=chosen)
    app.after_request(_remember)
    app.jinja_env.globals["get_locale"] = get_locale
    # Flask-Babel looks the catalogue up for every word, and a page has hundreds.
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        gettext=lambda words: _catalogue().ugettext(words),
        ngettext=lambda one, many, count: _catalogue().ungettext(one, many, count),
        newstyle=True,
        pgettext=lambda context, words: _catalogue().upgettext(context, words),
        npgettext=lambda context, one, many, count: _catalogue().unpgettext(
            context, one, many, count
        ),
    )


def _catalogue() -> Any:
    """The translations of this request, looked up once."""
    found = g.get("catalogue_of_words")
    if found is None:
        found = g.catalogue_of_words = get_translations()
    return found
