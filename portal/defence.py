"""What browsers are told not to do, and the limits of a request."""

import secrets

from flask import Flask, Response, g, request, session
from flask_wtf.csrf import CSRFProtect

from config.settings import Settings
from portal import cards, uploads
from portal.signin import speaks_by_token
from portal.uploads import TooLarge

# Above it a body is refused with 413; no form or booking of ours comes near.
LARGEST_BODY = 1_000_000
YEAR = 31_536_000

csrf = CSRFProtect()


def nonce() -> str:
    """The word that lets an inline script of this answer run."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return str(g.csp_nonce)


def allow_camera() -> None:
    """Let the page of this answer, and no other, ask for the camera."""
    g.may_use_camera = True


def _policy() -> str:
    """Only our own files, one inline script by nonce, nobody frames us."""
    scripts = "'self'" + (f" 'nonce-{g.csp_nonce}'" if "csp_nonce" in g else "")
    card_page = cards.page_origin()
    forms = "'self'" + (f" {card_page}" if card_page else "")
    return "; ".join(
        (
            "default-src 'self'",
            f"script-src {scripts}",
            "style-src 'self'",
            "img-src 'self' data:",
            "object-src 'none'",
            "base-uri 'none'",
            f"form-action {forms}",
            "frame-ancestors 'none'",
        )
    )


def _cache(answer: Response) -> None:
    """Hashed files for ever; pages never, as they show what one member may see."""
    if request.endpoint == "static":
        hashed = request.path.startswith("/static/dist/") and answer.status_code in (200, 304)
        answer.headers["Cache-Control"] = (
            f"public, max-age={YEAR}, immutable" if hashed else "public, max-age=300"
        )
    else:
        answer.headers.setdefault("Cache-Control", "no-store")


def _check_body_and_form() -> None:
    most = uploads.largest_body() or LARGEST_BODY
    # Also of a body that comes in chunks and does not say how long it is.
    request.max_content_length = most
    if (request.content_length or 0) > most:
        raise TooLarge(
            "What was sent is larger than {megabytes} MB; send a smaller file or less at once.",
            megabytes=most // 1_000_000,
        )
    if request.path.startswith("/webhooks/") or speaks_by_token(request):
        return  # a signature or a token proves the sender; no cookie is believed
    if request.path.startswith("/api/") and "_user_id" not in session:
        return  # nobody to impersonate; the view answers 401
    if request.path.startswith("/api/"):
        # Looking for a CSRF token among the fields would use the body up.
        request.get_data()
    if request.method not in ("GET", "HEAD", "OPTIONS", "TRACE"):
        csrf.protect()


def register(app: Flask, settings: Settings) -> None:
    """Limit bodies, ask for CSRF tokens and send the headers."""
    app.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        WTF_CSRF_CHECK_DEFAULT=False,  # asked for below, where a cookie is believed
        WTF_CSRF_TIME_LIMIT=None,  # as long as the session
        SESSION_COOKIE_NAME="media_center",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.secure_cookies,
    )
    csrf.init_app(app)
    app.before_request(_check_body_and_form)
    app.jinja_env.globals["csp_nonce"] = nonce

    @app.after_request
    def harden(answer: Response) -> Response:
        # A file that a stranger sent comes with a stricter one of its own.
        answer.headers.setdefault("Content-Security-Policy", _policy())
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["X-Frame-Options"] = "DENY"
        answer.headers["Referrer-Policy"] = "same-origin"
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        camera = "(self)" if g.get("may_use_camera") else "()"
        answer.headers["Permissions-Policy"] = f"camera={camera}, microphone=(), geolocation=()"
        if settings.secure_cookies:
            answer.headers["Strict-Transport-Security"] = f"max-age={YEAR}"
        _cache(answer)
        return answer
