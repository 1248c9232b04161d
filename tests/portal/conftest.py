"""The whole service on a real database, and visitors who speak to it."""

import contextvars
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

from config.database import db, transaction
from config.settings import Settings
from portal import passwords, tokens
from portal.app import create_app
from rental.models import Member
from tests.build import a_member
from tests.conftest import wipe

PASSWORD = "một mật khẩu đủ dài"
# Once: hashing is slow on purpose.
PASSWORD_HASH = passwords.hash_password(PASSWORD)


class Browser(FlaskClient):
    """A visitor whose requests share nothing with the test's own application context."""

    def open(self, *args: Any, **kwargs: Any) -> Any:
        """Send the request as a server would: with a context of its own."""
        return contextvars.Context().run(super().open, *args, **kwargs)


@pytest.fixture(scope="session")
def built(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The assembled service; its data folder holds the keys only."""
    data = tmp_path_factory.mktemp("portal")
    app = create_app(Settings(database_url=database_url, data=data))
    app.test_client_class = Browser
    return app


@pytest.fixture
def service(built: Flask, database_url: str) -> Iterator[Flask]:
    """The service inside an application context, on an empty database that is wiped after."""
    with built.app_context():
        yield built
        db.session.rollback()
        db.session.remove()
    wipe(database_url)


@pytest.fixture
def visitor(service: Flask) -> FlaskClient:
    """Somebody who has not signed in."""
    return service.test_client()


@pytest.fixture
def person(service: Flask) -> Callable[..., Member]:
    """Makes a member who can sign in, committed: `person(role=Role.DESK)`."""

    def make(**over: object) -> Member:
        with transaction():
            return a_member(**{"password_hash": PASSWORD_HASH, **over})

    return make


@pytest.fixture
def bearer(service: Flask) -> Callable[[Member], dict[str, str]]:
    """The header of a fresh token of a member."""

    def make(member: Member) -> dict[str, str]:
        with transaction():
            plain = tokens.issue(member)
        return {"Authorization": f"Bearer {plain}"}

    return make


def csrf_of(client: FlaskClient, page: str = "/sign-in") -> str:
    """The CSRF token of a page with a form."""
    text = client.get(page).get_data(as_text=True)
    found = re.search(r'<input[^>]*name="csrf_token"[^>]*value="([^"]+)"', text)
    assert found, text
    return found[1]


def token_of(client: FlaskClient) -> str:
    """A CSRF token for the session the client holds, as any form of a page would bear it."""
    with client.session_transaction() as session:
        raw = session.setdefault("csrf_token", "raw word of the session")
    signer = URLSafeTimedSerializer(client.application.secret_key, salt="wtf-csrf-token")
    return signer.dumps(raw)


def signed_in(service: Flask, member: Member, password: str = PASSWORD) -> FlaskClient:
    """A browser in which the member has signed in."""
    client = service.test_client()
    answer = client.post(
        "/sign-in",
        data={"email": member.email, "password": password, "csrf_token": csrf_of(client)},
    )
    assert answer.status_code == 302, answer.get_data(as_text=True)
    return client
