"""Signing in and out: by password for the pages, by token for the API.

A session holds the member's id and session epoch, nothing else of value. Raising the epoch ends
every session of the member; twelve idle hours end one, and seven days any.
"""

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Blueprint, Flask, Request, g, redirect, render_template, request, session, url_for
from flask_babel import gettext as _
from flask_login import LoginManager, UserMixin, login_user, logout_user
from werkzeug.wrappers import Response

from config import clock
from config.database import db, transaction
from config.errors import Refusal
from portal import passwords, throttle, tokens
from portal.access import current_member, current_member_or_none
from portal.throttle import Visitor
from rental import units
from rental.models import Member

IDLE = timedelta(hours=12)
# However busy: a cookie that somebody copied does not live for ever.
LONGEST = timedelta(days=7)
# How often the instant of the last page is written back into the cookie.
TOUCH = timedelta(minutes=5)

signing = Blueprint("signin", __name__)


class WrongPassword(Refusal):
    """E-mail or password is wrong; check both and try again."""


class SignedIn(UserMixin):
    """A member as Flask-Login wants to see them."""

    def __init__(self, member: Member) -> None:
        """Wrap the row: the rental floor knows nothing of sessions."""
        self.member = member

    def get_id(self) -> str:
        """What the session keeps: the member's id and epoch."""
        return f"{self.member.id}.{self.member.session_epoch}"


def sign_in(email: str, password: str, address: str) -> Member:
    """The member with this e-mail and password, who is signed in from here on.

    Commits by itself: an attempt counts even where it fails. Raises WrongPassword, or
    TooManyAttempts with `retry_after` seconds.
    """
    visitor = Visitor(email.strip().lower()[:200], address[:45])
    with transaction():
        throttle.admit(visitor)
    member = units.find_member(visitor.email)
    known = member is not None and member.is_active
    if not passwords.verify(member.password_hash if member and known else None, password):
        raise WrongPassword
    assert member is not None  # noqa: S101  # verify(None, …) is never true
    with transaction():
        throttle.forget(visitor)
        member.last_seen_at = clock.now()
        if passwords.is_outdated(member.password_hash or ""):
            member.password_hash = passwords.hash_password(password)
    start_session(member)
    return member


def start_session(member: Member) -> None:
    """Begin a session of the member; what the visitor's session held is dropped."""
    session.clear()
    session["since"] = session["seen"] = int(clock.now().timestamp())
    login_user(SignedIn(member))


def sign_out() -> None:
    """End this session."""
    logout_user()
    session.clear()


def sign_out_everywhere(member: Member) -> None:
    """End every session of the member, on every machine."""
    member.session_epoch = Member.session_epoch + 1
    db.session.flush()


def set_password(member: Member, password: str) -> None:
    """Give the member a new password; every session of the member ends."""
    member.password_hash = passwords.hash_password(password)
    sign_out_everywhere(member)


def _is_over() -> bool:
    """Whether the session slept or lasted too long; touches it where it did not."""
    now = int(clock.now().timestamp())
    seen = session.get("seen", 0)
    if now - seen > IDLE.total_seconds():
        return True
    if now - session.get("since", 0) > LONGEST.total_seconds():
        return True
    if now - seen > TOUCH.total_seconds():
        session["seen"] = now
    return False


def _from_session(kept: str) -> SignedIn | None:
    if speaks_by_token(request):
        return None
    member_id, _dot, epoch = kept.partition(".")
    if not (member_id.isdecimal() and epoch.isdecimal()) or _is_over():
        return None
    member = db.session.get(Member, int(member_id))
    if member is None or not member.is_active or member.session_epoch != int(epoch):
        return None
    g.member_id = member.id
    return SignedIn(member)


def speaks_by_token(asked: Request) -> bool:
    """Whether a token, and not a cookie, says who asks."""
    return asked.path.startswith("/api/") and "Authorization" in asked.headers


def _from_token(asked: Request) -> SignedIn | None:
    if not speaks_by_token(asked):
        return None
    member = tokens.member_for(asked.headers.get("Authorization"))
    if member is None:
        return None
    g.member_id = member.id
    return SignedIn(member)


def inside(target: str | None) -> str | None:
    """The target if it is a path of this service, else None: no redirect leads outside."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return None
    parts = urlsplit(target)
    if parts.scheme or parts.netloc or any(ord(c) < 32 for c in target):
        return None
    return target


@signing.get("/sign-in")
def show() -> Response | str:
    """The sign-in page; who is signed in already goes home."""
    if current_member_or_none() is not None:
        return redirect(inside(request.args.get("next")) or "/")
    return render_template("sign_in.html", next=inside(request.args.get("next")))


@signing.post("/sign-in")
def enter() -> Response | tuple[str, int, dict[str, str]]:
    """Check e-mail and password; a refusal shows the page again and says what to do."""
    target = inside(request.form.get("next"))
    email = request.form.get("email", "")
    try:
        sign_in(email, request.form.get("password", ""), request.remote_addr or "")
    except (WrongPassword, throttle.TooManyAttempts) as refused:
        wait = refused.details.get("retry_after")
        page = render_template(
            "sign_in.html",
            next=target,
            email=email,
            problem=_(refused.template),
            retry_after=wait,
        )
        return page, 429 if wait else 422, {"Retry-After": str(wait)} if wait else {}
    return redirect(target or "/")


@signing.post("/sign-out")
def leave() -> Response:
    """End this session, or with `everywhere` all of them."""
    if request.form.get("everywhere"):
        with transaction():
            sign_out_everywhere(current_member())
    sign_out()
    return redirect(url_for("signin.show"))


def register(app: Flask) -> None:
    """Bind Flask-Login and the two pages to the app."""
    guard = LoginManager()
    guard.session_protection = ""  # the epoch and the idle time protect; addresses do change
    guard.user_loader(_from_session)
    guard.request_loader(_from_token)
    guard.init_app(app)
    app.register_blueprint(signing)
