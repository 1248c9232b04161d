"""Every refusal and accident gets one clear answer, as a page or as problem JSON."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from flask import Blueprint, Flask
from flask import session as browser_session
from pydantic import BaseModel

from config.database import db, transaction
from config.errors import Conflict, Invalid, NotAllowed, NotFound, Unreachable
from config.settings import Settings
from portal import idempotency
from portal.access import may
from portal.api.calls import read_body
from portal.app import create_app
from portal.models import FirstAnswer
from rental.models import Role, Site
from tests.portal.conftest import Browser, signed_in, token_of

STRICT = {"Accept": "application/json"}
trouble = Blueprint("trouble", __name__)


class Named(BaseModel):
    slug: str
    count: int = 1


@trouble.get("/trouble/<kind>")
@trouble.get("/api/v1/trouble/<kind>")
def refuse(kind: str) -> str:
    raise {
        "conflict": Conflict("The hall is taken.", conflicts=[{"resource": "H100"}]),
        "invalid": Invalid("The end is before the start."),
        "not-allowed": NotAllowed(),
        "not-found": NotFound(),
        "unreachable": Unreachable(),
        "accident": RuntimeError("secret detail of the inside"),
    }[kind]


@trouble.get("/api/v1/sql/<path:statement>")
def sql(statement: str) -> str:
    db.session.execute(sa.text(statement))
    return ""


@trouble.post("/api/v1/sites")
@may("see the catalogue")
@idempotency.once
def add_site() -> tuple[dict[str, object], int]:
    wanted = read_body(Named)
    db.session.add(Site(slug=wanted.slug, name=wanted.slug))
    db.session.flush()
    if wanted.count > 9:
        raise Invalid("Too many.")
    return {"slug": wanted.slug, "count": wanted.count}, 201


@trouble.post("/trouble/form")
@may("confirm bookings")
def only_the_desk() -> str:
    browser_session["touched"] = True
    return "done"


@pytest.fixture(scope="session")
def built(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> Flask:
    data = tmp_path_factory.mktemp("trouble")
    app = create_app(Settings(database_url=database_url, data=data))
    app.register_blueprint(trouble)
    app.test_client_class = Browser
    return app


@pytest.mark.parametrize(
    ("kind", "status", "name"),
    [
        ("conflict", 409, "conflict"),
        ("invalid", 422, "invalid"),
        ("not-allowed", 403, "not-allowed"),
        ("not-found", 404, "not-found"),
        ("unreachable", 503, "unreachable"),
        ("accident", 500, "accident"),
    ],
)
def test_the_families_answer_programs_and_people_alike(visitor, kind, status, name):
    told = visitor.get(f"/api/v1/trouble/{kind}")
    assert (told.status_code, told.mimetype) == (status, "application/problem+json")
    assert told.json["type"] == f"/problems/{name}"
    assert told.json["status"] == status
    assert told.json["title"]
    assert told.json["detail"]
    assert told.json["request_id"] == told.headers["X-Request-ID"]
    shown = visitor.get(f"/trouble/{kind}")
    assert (shown.status_code, shown.mimetype) == (status, "text/html")
    assert visitor.get(f"/trouble/{kind}", headers=STRICT).mimetype == "application/problem+json"


def test_a_conflict_names_what_clashes(visitor):
    assert visitor.get("/api/v1/trouble/conflict").json["conflicts"] == [{"resource": "H100"}]


def test_an_accident_tells_its_id_and_nothing_of_the_inside(visitor, capsys):
    told = visitor.get("/api/v1/trouble/accident", headers={"X-Request-ID": "edge-12345678"})
    assert told.json["request_id"] == "edge-12345678"
    assert "secret detail" not in told.get_data(as_text=True)
    assert told.headers["Content-Security-Policy"]


@pytest.mark.parametrize(
    "given", ["short", "a b c d e f g h", "x" * 65, "<script>alert(1)</script>"]
)
def test_a_request_id_that_does_not_look_like_one_is_replaced(visitor, given):
    told = visitor.get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert told != given
    assert len(told) == 32


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("23P01", 409),  # the period is taken
        ("23505", 409),  # the name is taken
        ("40P01", 409),  # deadlock: try again
        ("40001", 409),  # serialisation: try again
        ("55P03", 409),  # waited too long for a lock
        ("22001", 422),  # too long
        ("23514", 422),  # a CHECK said no
        ("XX000", 500),  # the database itself is in trouble
    ],
)
def test_what_the_database_refuses_is_told_in_our_words(visitor, code, status):
    statement = f"DO $$ BEGIN RAISE EXCEPTION 'inside' USING ERRCODE = '{code}'; END $$"
    told = visitor.get(f"/api/v1/sql/{statement}")
    assert told.status_code == status
    assert "inside" not in told.get_data(as_text=True)
    assert (status == 409) == ("conflicts" in told.json)


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b'{"slug": "x"', "application/json", 400),  # cut off
        (b"", "application/json", 400),  # nothing
        (b"[1]", "application/json", 400),  # no object
        (b'{"slug": "x"}', "text/plain", 400),  # not said to be JSON
        ('{"slug": "x"}'.encode("utf-16"), "application/json", 400),
        (b'{"slug": "x", "count": NaN}', "application/json", 422),
        (b"[" * 100_000, "application/json", 400),  # deep enough to fell a parser
        (b'{"slug": 1}', "application/json", 422),
        (b'{"slug": "x", "count": "many"}', "application/json", 422),
        (b'{"slug": "a\\u0000b"}', "application/json", 422),  # no text of PostgreSQL
        (b'{"slug": "\\ud800"}', "application/json", 400),  # half a character
        (b'{"slug": "' + b"x" * 100 + b'"}', "application/json", 422),  # too long to keep
        (b'{"slug": "' + b"x" * 1_000_000 + b'"}', "application/json", 413),
    ],
)
def test_a_bad_body_is_answered_and_nothing_is_half_written(
    service, person, bearer, body, kind, status
):
    headers = bearer(person())
    told = service.test_client().post(
        "/api/v1/sites", data=body, content_type=kind, headers=headers
    )
    assert told.status_code == status, told.get_data(as_text=True)
    assert told.mimetype == "application/problem+json"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Site)) == 0


def test_a_wrong_field_is_named_and_its_value_is_not_repeated(visitor, person, bearer):
    told = visitor.post(
        "/api/v1/sites", json={"slug": "x", "count": "a secret"}, headers=bearer(person())
    )
    assert told.json["errors"][0]["field"] == "count"
    assert "a secret" not in told.get_data(as_text=True)


def test_a_stranger_is_sent_to_the_sign_in_and_a_program_is_told_401(visitor):
    assert visitor.post("/api/v1/sites", json={"slug": "x"}).status_code == 401
    wrong = visitor.post(
        "/api/v1/sites", json={"slug": "x"}, headers={"Authorization": "Bearer mc_" + "x" * 43}
    )
    assert wrong.status_code == 401
    assert wrong.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_token_is_not_rescued_by_a_cookie(service, person):
    client = signed_in(service, person())
    headers = {"Authorization": "Bearer mc_" + "x" * 43}
    assert client.post("/api/v1/sites", json={"slug": "x"}, headers=headers).status_code == 401


def test_a_cookie_on_the_api_needs_the_csrf_token_too(service, person):
    client = signed_in(service, person())
    assert client.post("/api/v1/sites", json={"slug": "x"}).status_code == 400
    headers = {"X-CSRFToken": token_of(client)}
    assert client.post("/api/v1/sites", json={"slug": "x"}, headers=headers).status_code == 201


def test_a_form_asks_for_the_role_and_for_the_csrf_token(service, person):
    desk, member = signed_in(service, person(role=Role.DESK)), signed_in(service, person())
    assert desk.post("/trouble/form").status_code == 400
    assert desk.post("/trouble/form", data={"csrf_token": token_of(desk)}).status_code == 200
    assert member.post("/trouble/form", data={"csrf_token": token_of(member)}).status_code == 403


def test_unknown_addresses_and_methods_are_told_so(visitor):
    assert visitor.get("/api/v1/nothing").json["status"] == 404
    wrong = visitor.delete("/api/v1/trouble/invalid")
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["Allow"]


def test_a_repeat_with_the_same_key_gets_the_first_answer(service, visitor, person, bearer):
    headers = {**bearer(person()), "Idempotency-Key": "9b2f"}
    first = visitor.post("/api/v1/sites", json={"slug": "hue", "count": 2}, headers=headers)
    again = visitor.post("/api/v1/sites", json={"slug": "hue", "count": 2}, headers=headers)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json == again.json
    assert again.headers["Idempotent-Replayed"] == "true"
    assert db.session.scalar(sa.select(sa.func.count()).select_from(Site)) == 1


def test_the_same_key_for_another_body_is_refused(visitor, person, bearer):
    headers = {**bearer(person()), "Idempotency-Key": "9b2f"}
    assert visitor.post("/api/v1/sites", json={"slug": "a"}, headers=headers).status_code == 201
    told = visitor.post("/api/v1/sites", json={"slug": "b"}, headers=headers)
    assert told.status_code == 422
    assert told.json["type"] == "/problems/key-used-differently"


def test_the_same_key_of_another_member_is_another_key(visitor, person, bearer):
    for slug in ("a", "b"):
        headers = {**bearer(person()), "Idempotency-Key": "9b2f"}
        assert (
            visitor.post("/api/v1/sites", json={"slug": slug}, headers=headers).status_code == 201
        )


def test_a_refused_request_leaves_its_key_free(service, visitor, person, bearer):
    headers = {**bearer(person()), "Idempotency-Key": "9b2f"}
    bad = visitor.post("/api/v1/sites", json={"slug": "a", "count": 10}, headers=headers)
    assert bad.status_code == 422
    assert db.session.scalar(sa.select(sa.func.count()).select_from(FirstAnswer)) == 0
    assert visitor.post("/api/v1/sites", json={"slug": "a"}, headers=headers).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "x" * 201, "khóa"])
def test_a_key_that_is_no_key_is_refused(visitor, person, bearer, key):
    headers = {**bearer(person()), "Idempotency-Key": key.encode("utf-8").decode("latin-1")}
    assert visitor.post("/api/v1/sites", json={"slug": "a"}, headers=headers).status_code == 422


def test_twenty_repeats_at_once_do_the_thing_once(service, person, bearer):
    headers = {**bearer(person()), "Idempotency-Key": "race"}

    def send(_turn: int) -> tuple[int, str]:
        answer = service.test_client().post("/api/v1/sites", json={"slug": "hue"}, headers=headers)
        return answer.status_code, json.dumps(answer.json)

    with ThreadPoolExecutor(10) as pool:
        answers = set(pool.map(send, range(20)))
    assert answers == {(201, '{"slug": "hue", "count": 1}')}
    with transaction():
        assert db.session.scalar(sa.select(sa.func.count()).select_from(Site)) == 1
