"""The assembled service: headers, languages, keys, logs, and what machines ask."""

import json
import logging
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from config import logs
from config.database import db
from config.settings import BadSettings, Settings
from portal import keys
from portal.app import create_app
from tests.portal.conftest import Browser, signed_in


@pytest.fixture
def variant(service, tmp_path):
    """A second service on the same database with other settings."""

    def make(**over):
        own = service.extensions["settings"]
        app = create_app(own.model_copy(update=over))
        app.test_client_class = Browser
        return app.test_client()

    yield make
    create_app(service.extensions["settings"])  # the logs as they were


def test_without_a_database_the_start_is_refused_by_name(tmp_path):
    with pytest.raises(BadSettings, match="DATABASE_URL"):
        create_app(Settings(data=tmp_path, database_url=None))


def test_pages_let_a_browser_load_our_own_files_and_nothing_else(visitor):
    headers = visitor.get("/sign-in").headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "no-store"
    assert "Strict-Transport-Security" not in headers


def test_where_tls_stands_in_front_cookies_and_browsers_keep_to_it(variant):
    answer = variant(secure_cookies=True).get("/sign-in")
    assert "Secure" in answer.headers["Set-Cookie"]
    assert "max-age=" in answer.headers["Strict-Transport-Security"]


@pytest.mark.parametrize(
    ("proxies", "seen"),
    [
        (0, False),  # nobody in front: the header is a claim
        (1, True),
    ],
)
def test_forwarded_addresses_are_believed_only_from_our_proxies(variant, proxies, seen):
    client = variant(proxies=proxies)
    told = client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert (told.status_code == 403) is seen


def test_vietnamese_first_and_english_on_request(visitor):
    assert 'lang="vi"' in visitor.get("/sign-in").get_data(as_text=True)
    assert 'lang="en"' in visitor.get("/sign-in?lang=en").get_data(as_text=True)
    assert 'lang="en"' in visitor.get("/sign-in").get_data(as_text=True)  # remembered
    assert 'lang="en"' in visitor.get("/sign-in?lang=tlh").get_data(as_text=True)


def test_a_member_reads_the_language_it_prefers(service, person):
    client = signed_in(service, person(locale="en"))
    assert 'lang="en"' in client.get("/").get_data(as_text=True)


def test_the_service_says_that_it_lives_and_that_it_can_work(visitor):
    assert visitor.get("/healthz").json == {"status": "ok"}
    assert visitor.get("/readyz").json == {"status": "ready", "database": "current"}


def test_without_its_database_it_lives_but_cannot_work(variant):
    client = variant(database_url="postgresql+psycopg://nobody:pw@127.0.0.1:1/x")
    assert client.get("/healthz").status_code == 200
    ready = client.get("/readyz")
    assert ready.status_code == 503
    assert "pw" not in ready.get_data(as_text=True)
    told = client.get("/api/v1/resources", headers={"Authorization": "Bearer mc_" + "x" * 43})
    assert told.status_code == 503
    assert "127.0.0.1" not in told.get_data(as_text=True)


def test_an_older_database_is_not_ready(service, visitor):
    with db.engine.begin() as link:
        was = link.scalar(sa.text("SELECT version_num FROM alembic_version"))
        link.execute(sa.text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        assert visitor.get("/readyz").status_code == 503
    finally:
        with db.engine.begin() as link:
            link.execute(sa.text("UPDATE alembic_version SET version_num = :was"), {"was": was})


def test_measurements_are_for_loopback_or_for_the_token(visitor, variant):
    assert visitor.get("/metrics").content_type.startswith("text/plain; version=0.0.4")
    assert visitor.get("/prometheus/targets").json == []
    away = {"REMOTE_ADDR": "203.0.113.7"}
    assert visitor.get("/metrics", environ_base=away).status_code == 403
    token = Settings(metrics_token="scrape-me", database_url="postgresql://x/y").metrics_token
    guarded = variant(metrics_token=token)
    assert guarded.get("/metrics").status_code == 401
    with_token = {"Authorization": "Bearer scrape-me"}
    assert guarded.get("/metrics", headers=with_token, environ_base=away).status_code == 200


def test_openmetrics_is_given_to_who_asks_for_it(visitor):
    told = visitor.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert told.content_type.startswith("application/openmetrics-text")
    assert told.get_data(as_text=True).endswith("# EOF\n")


def test_a_body_that_is_too_large_is_refused_before_it_is_read(visitor):
    told = visitor.post("/sign-in", data={"email": "x" * 1_000_001})
    assert told.status_code == 413


def test_forty_processes_that_start_at_once_agree_on_one_key(tmp_path):
    settings = Settings(data=tmp_path / "new", database_url="postgresql://x/y")
    with ThreadPoolExecutor(20) as pool:
        made = set(pool.map(lambda _turn: keys.secret_key(settings), range(40)))
    assert len(made) == 1
    (kept,) = (tmp_path / "new").iterdir()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_key_that_others_can_read_stops_the_start(tmp_path):
    settings = Settings(data=tmp_path, database_url="postgresql://x/y")
    keys.keyring(settings)
    (tmp_path / keys.CREDENTIAL_KEY).chmod(0o644)
    with pytest.raises(keys.BadKey, match="chmod 600"):
        keys.keyring(settings)


@pytest.mark.parametrize("given", ["not base64!", "c2hvcnQ", "x" * 44])
def test_a_credential_key_of_another_length_is_refused(tmp_path, given):
    settings = Settings(data=tmp_path, database_url="postgresql://x/y", credential_key=given)
    with pytest.raises(keys.BadKey):
        keys.keyring(settings)


@pytest.mark.parametrize(
    ("facts", "secret"),
    [
        ({"password": "hunter2"}, "hunter2"),
        ({"headers": {"Authorization": "Bearer abcdefgh12345"}}, "abcdefgh12345"),
        ({"problem": "postgresql://lan:hunter2@db/x is down"}, "hunter2"),
        ({"note": "sent Bearer mc_0123456789012345678901234567890"}, "mc_0123"),
        ({"community": "press"}, "press"),
        ({"list": [{"api_key": "hunter2"}]}, "hunter2"),
    ],
)
def test_logs_hide_what_is_named_or_shaped_like_a_secret(capsys, service, facts, secret):
    logs.configure("INFO", "json")
    logs.get("tests").info("something", **facts)
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert json.loads(line)["event"] == "something"
    assert secret not in line


def test_the_logs_of_libraries_have_the_same_shape(capsys, service):
    logs.configure("INFO", "json")
    logging.getLogger("another.module").warning("at %s", "postgresql://a:hunter2@b/c")
    line = json.loads(capsys.readouterr().err.strip().splitlines()[-1])
    assert line["logger"] == "another.module"
    assert line["event"] == "at postgresql://a:***@b/c"


def test_a_traceback_is_logged_without_the_values_of_variables(capsys, service):
    logs.configure("INFO", "json")
    hidden = "a local secret"
    try:
        raise ValueError(len(hidden))
    except ValueError:
        logs.get("tests").exception("failed")
    line = capsys.readouterr().err.strip().splitlines()[-1]
    assert json.loads(line)["exception"][0]["exc_type"] == "ValueError"
    assert hidden not in line
