"""Secrets go in and never come out; their key is renewed while everything goes on."""

import pytest
from click.testing import CliRunner

from config.database import db, transaction
from monitoring import credentials, device_tests, devices
from monitoring.credentials import Keyring
from monitoring.devices import NewDevice
from monitoring.errors import CredentialUnreadable
from monitoring.probes.logins import SnmpCommunity, SnmpUser, SshLogin
from portal import keys
from portal.cli import commands
from portal.rounds import rewrapping
from rental.models import Role
from tests import build
from tests.monitoring.policy_world import free_port
from tests.portal.conftest import signed_in, token_of

HALF_A_KEY = """-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
-----END OPENSSH PRIVATE KEY-----
"""
SECRETS = ("secret-community", "secret-auth-1", "secret-priv-1", "secret-password", "secret-enable")
FORMS = (
    {"kind": "snmp_v2c", "name": "V2", "community": "secret-community"},
    {"kind": "snmp_v3", "name": "V3", "user": "poll", "auth": "sha256", "privacy": "aes256",
     "auth_password": "secret-auth-1", "privacy_password": "secret-priv-1"},
    {"kind": "ssh", "name": "SSH", "user": "audit", "password": "secret-password",
     "enable_password": "secret-enable"},
)  # fmt: skip


@pytest.fixture
def operator(service, person):
    """Somebody who keeps credentials."""
    return signed_in(service, person(role=Role.OPERATOR))


def send(client, to, **fields):
    """Post a form with the session's token."""
    return client.post(to, data={**fields, "csrf_token": token_of(client)})


def opened(service, name):
    """What stands in the row, opened as a worker would."""
    db.session.expire_all()
    return credentials.open_(credentials.find(name), keys.keyring(service.extensions["settings"]))


def test_each_kind_is_sealed_and_replaced(service, operator):
    for form in FORMS:
        assert send(operator, "/devices/credentials", **form).status_code == 302
    assert opened(service, "V2") == SnmpCommunity("secret-community")
    assert opened(service, "V3") == SnmpUser(
        "poll", "sha256", "secret-auth-1", "aes256", "secret-priv-1"
    )
    assert opened(service, "SSH").enable_password == "secret-enable"
    where = f"/devices/credentials/{credentials.find('SSH').id}"
    assert send(operator, where, user="root", password="another").status_code == 302
    assert opened(service, "SSH") == SshLogin("root", "another")


@pytest.mark.parametrize(
    ("form", "said"),
    [
        (FORMS[0] | {"community": ""}, "A secret is missing"),
        (FORMS[0] | {"name": ""}, "1 to 80 characters"),
        (FORMS[1] | {"user": ""}, "which user"),
        (FORMS[1] | {"auth_password": "short"}, "8 characters or more"),
        (FORMS[1] | {"auth_password": ""}, "only signed messages"),
        (FORMS[2] | {"password": ""}, "A secret is missing"),
    ],
)
def test_what_is_refused_comes_back_without_its_secrets(operator, form, said):
    refused = send(operator, "/devices/credentials?lang=en", **form)
    page = refused.get_data(as_text=True)
    assert refused.status_code == 422
    assert said in page
    assert not any(secret in page for secret in SECRETS)


def test_no_secret_leaves(service, operator, capfd, caplog):
    for form in FORMS:
        send(operator, "/devices/credentials", **form)
        send(operator, "/devices/credentials", **form)  # refused: the name is taken
    with transaction():
        device = devices.add(
            NewDevice(
                "SW-1", "127.0.0.1", build.a_site(), snmp_port=free_port(), ssh_port=free_port(),
                snmp_credential=credentials.find("V3"), ssh_credential=credentials.find("SSH"),
            )
        )  # fmt: skip
    send(operator, f"/devices/{device.id}/tests")
    device_tests.run_waiting(device.site_id, keys.keyring(service.extensions["settings"]))
    seen = [
        operator.get(page).get_data(as_text=True)
        for page in (
            "/devices", f"/devices/{device.id}", f"/devices/{device.id}/edit",
            f"/devices/{device.id}/tests/{device_tests.latest(device).id}",
            "/devices/credentials", f"/devices/credentials/{credentials.find('V2').id}",
            f"/devices/credentials/{credentials.find('V3').id}",
            f"/devices/credentials/{credentials.find('SSH').id}",
        )
    ]  # fmt: skip
    # Everything a dump of the database holds, jobs and their arguments too, and every log line.
    tables = db.session.scalars(
        db.text("SELECT quote_ident(tablename) FROM pg_tables WHERE schemaname = 'public'")
    ).all()
    for table in tables:
        seen += db.session.scalars(db.text(f"SELECT row_to_json(t)::text FROM {table} t")).all()
    seen += [*capfd.readouterr(), caplog.text, *(str(vars(r)) for r in caplog.records)]
    assert "procrastinate_jobs" in tables
    for secret in SECRETS:
        for found in (secret, secret.encode().hex()):
            assert not [text for text in seen if found in text]


def test_a_credential_in_use_says_where_and_is_not_removed(service, operator):
    send(operator, "/devices/credentials", **FORMS[0])
    row = credentials.find("V2")
    where = f"/devices/credentials/{row.id}"
    with transaction():
        devices.add(NewDevice("SW-1", "192.0.2.1", build.a_site(), snmp_credential=row))
    assert "SW-1" in operator.get(where).get_data(as_text=True)
    refused = send(operator, f"{where}/remove?lang=en")
    assert refused.status_code == 409
    assert "SW-1" in refused.get_data(as_text=True)
    with transaction():
        devices.retire(devices.find("SW-1"), by=None)
        devices.find("SW-1").snmp_credential = None
    assert send(operator, f"{where}/remove").status_code == 302
    assert credentials.find("V2") is None


@pytest.fixture
def settings(service, tmp_path):
    """An installation with a data folder of its own."""
    return service.extensions["settings"].model_copy(update={"data": tmp_path})


def test_a_new_key_keeps_the_old_one_until_all_is_sealed_anew(service, settings):
    first = keys.keyring(settings)
    with transaction():
        for name in ("a", "b"):
            credentials.add(name, SnmpCommunity(name), first)
    ring = keys.renew(settings)
    assert ring.key_id != first.key_id
    assert credentials.open_(credentials.find("a"), ring) == SnmpCommunity("a")
    assert (settings.data / keys.OLDER_CREDENTIAL_KEYS).stat().st_mode & 0o077 == 0
    assert rewrapping.work(ring).count == 2
    keys.forget_older(settings)
    db.session.expire_all()
    assert credentials.open_(credentials.find("b"), keys.keyring(settings)) == SnmpCommunity("b")
    with pytest.raises(CredentialUnreadable):
        credentials.open_(credentials.find("b"), first)


def test_a_key_renewed_twice_still_opens_what_the_first_sealed(service, settings):
    with transaction():
        credentials.add("a", SnmpCommunity("a"), keys.keyring(settings))
    keys.renew(settings)
    ring = keys.renew(settings)
    assert credentials.open_(credentials.find("a"), ring) == SnmpCommunity("a")


def test_the_page_shows_how_far_the_rotation_is_and_what_no_key_opens(service, operator):
    ring = keys.keyring(service.extensions["settings"])
    with transaction():
        credentials.add("mine", SnmpCommunity("a"), ring)
        credentials.add("lost", SnmpCommunity("a"), Keyring(bytes(32)))
    page = operator.get("/devices/credentials?lang=en").get_data(as_text=True)
    assert "1 of 2 sealed with it" in page
    assert "No key here opens: lost" in page
    lost = operator.get(f"/devices/credentials/{credentials.find('lost').id}?lang=en")
    assert "not a wrong password" in lost.get_data(as_text=True)
    assert send(operator, "/devices/credentials/rewrap").status_code == 302


def test_leaders_do_not_see_credentials(service, person):
    director = signed_in(service, person(role=Role.DIRECTOR))
    assert director.get("/devices/credentials").status_code == 403


def test_the_command_makes_a_key_seals_anew_and_forgets_the_old_one(service, settings, monkeypatch):
    with transaction():
        credentials.add("a", SnmpCommunity("secret-community"), keys.keyring(settings))
    monkeypatch.setenv("DATABASE_URL", settings.database_url)
    wanted = ["rotate-key", "--new", "--forget-old", "--data", str(settings.data)]
    done = CliRunner().invoke(commands, wanted)
    assert done.exit_code == 0, done.output
    assert "Wrapped anew: 1." in done.output
    assert "secret-community" not in done.output
    assert not (settings.data / keys.OLDER_CREDENTIAL_KEYS).exists()
    db.session.rollback()
    db.session.expire_all()
    opened_again = credentials.open_(credentials.find("a"), keys.keyring(settings))
    assert opened_again == SnmpCommunity("secret-community")


@pytest.mark.parametrize("key", ["not a key", HALF_A_KEY])
def test_a_private_key_that_no_worker_can_read_is_refused_and_not_shown(service, operator, key):
    form = {"kind": "ssh", "name": "SSH", "user": "audit", "private_key": key}
    refused = send(operator, "/devices/credentials", **form)
    assert refused.status_code == 422
    assert "Không đọc được khóa riêng" in refused.text
    assert key not in refused.text
    assert credentials.find("SSH") is None
