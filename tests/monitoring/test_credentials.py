"""Credentials are sealed, bound to their row, and rotated without being entered again."""

import base64
import os

import pytest

from config.database import db, transaction
from monitoring import credentials, devices
from monitoring.credentials import Keyring
from monitoring.devices import NewDevice
from monitoring.errors import BadLogin, CredentialExists, CredentialInUse, CredentialUnreadable
from monitoring.models import CredentialKind
from monitoring.probes.logins import SnmpCommunity, SnmpUser, SshLogin
from portal.rounds import rewrapping
from tests import build

KEY, OTHER = bytes(range(32)), bytes(range(1, 33))
LOGINS = [
    SnmpCommunity("demo-secret"),
    SnmpUser("reader", auth_password="demo-secret", privacy_password="demo-secret-2"),
    SshLogin("operator", password="demo-secret", enable_password="demo-secret-3"),
]


@pytest.mark.parametrize("login", LOGINS, ids=lambda login: type(login).__name__)
def test_a_login_comes_back_as_it_was_and_is_not_in_the_row(house, login):
    with transaction():
        row_id = credentials.add("core", login, Keyring(KEY)).id
    db.session.expire_all()
    row = credentials.get(row_id)
    assert credentials.open_(row, Keyring(KEY)) == login
    assert b"demo-secret" not in row.sealed + row.wrapped_key
    assert "demo-secret" not in repr(row) + repr(login) + repr(Keyring(KEY))
    assert KEY.hex() not in repr(Keyring(KEY))


def test_a_ciphertext_copied_into_another_row_does_not_open(house):
    keyring = Keyring(KEY)
    with transaction():
        mine = credentials.add("mine", SnmpCommunity("one"), keyring)
        theirs = credentials.add("theirs", SnmpCommunity("two"), keyring)
        theirs.sealed, theirs.wrapped_key = mine.sealed, mine.wrapped_key
    with pytest.raises(CredentialUnreadable, match="theirs"):
        credentials.open_(theirs, keyring)


def test_a_ciphertext_does_not_open_under_another_kind(house):
    with transaction():
        row = credentials.add("core", SnmpCommunity("one"), Keyring(KEY))
        row.kind = CredentialKind.SSH
    with pytest.raises(CredentialUnreadable):
        credentials.open_(row, Keyring(KEY))


def test_another_key_does_not_open_it_and_the_refusal_names_the_key(house):
    with transaction():
        row = credentials.add("core", SnmpCommunity("one"), Keyring(KEY))
    with pytest.raises(CredentialUnreadable, match=credentials.key_id(KEY)):
        credentials.open_(row, Keyring(OTHER))


def test_rotation_wraps_every_row_with_the_new_key_and_leaves_the_login(house):
    with transaction():
        rows = [credentials.add(f"c{i}", login, Keyring(KEY)) for i, login in enumerate(LOGINS)]
    sealed = [row.sealed for row in rows]
    ring = Keyring(OTHER, older=(KEY,))
    beyond = 0
    while step := credentials.rewrap_next(ring, beyond=beyond):
        assert step.is_done
        beyond = step.row_id
        with transaction():
            db.session.flush()
    assert credentials.sealed_with() == {ring.key_id: 3}
    assert [credentials.open_(row, Keyring(OTHER)) for row in rows] == LOGINS
    assert [row.sealed for row in rows] == sealed


def test_a_name_is_given_once(house):
    with transaction():
        row = credentials.add("core", SnmpCommunity("one"), Keyring(KEY))
        with pytest.raises(CredentialExists):
            credentials.add("core", SnmpCommunity("two"), Keyring(KEY))
        with pytest.raises(BadLogin):
            credentials.replace(row, SshLogin("x", "y"), Keyring(KEY))
        credentials.replace(row, SnmpCommunity("three"), Keyring(KEY))
    assert credentials.open_(row, Keyring(KEY)) == SnmpCommunity("three")


def test_a_keyring_reads_base64_and_refuses_short_keys():
    key = os.urandom(32)
    text = base64.urlsafe_b64encode(key).decode()
    assert Keyring.from_text(text).current == key
    assert Keyring.from_text(text.rstrip("="), text).older == (key,)
    for wrong in ("c2hvcnQ=", "not base64!"):
        with pytest.raises(BadLogin):
            Keyring.from_text(wrong)


def test_a_rotation_that_is_killed_goes_on_and_names_what_no_key_opens(house):
    with transaction():
        for name in ("a", "b", "c"):
            credentials.add(name, SnmpCommunity(name), Keyring(KEY))
        credentials.add("lost", SnmpCommunity("x"), Keyring(bytes(32)))
    ring = Keyring(OTHER, older=(KEY,))
    with transaction():
        assert credentials.rewrap_next(ring).is_done
    # Killed within a row: nothing of it stays.
    credentials.rewrap_next(ring)
    db.session.rollback()
    assert credentials.sealed_with()[ring.key_id] == 1
    opened = credentials.open_(credentials.find("b"), ring)
    assert opened == SnmpCommunity("b")
    done = rewrapping.work(ring)
    assert (done.count, done.locked) == (2, ["lost"])
    assert rewrapping.work(ring).count == 0


def test_a_credential_in_use_is_not_removed(house):
    with transaction():
        row = credentials.add("core", SnmpCommunity("one"), Keyring(KEY))
        free = credentials.add("free", SnmpCommunity("one"), Keyring(KEY))
        devices.add(NewDevice("SW-1", "192.0.2.1", build.a_site(), snmp_credential=row))
        with pytest.raises(CredentialInUse, match="SW-1"):
            credentials.remove(row, by=None)
        credentials.remove(free, by=None)
    assert credentials.find("free") is None
