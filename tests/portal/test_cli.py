"""The command line: what each command says and how it exits."""

import json
import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from config import clock
from config.database import db, transaction
from config.settings import Settings, variable
from monitoring import credentials, partitions
from monitoring.credentials import Keyring
from monitoring.probes.logins import SnmpCommunity
from portal import jobs, keys, passwords, tokens
from portal.access import TABLE, UnknownVerbError, as_markdown, may
from portal.cli import COMMANDS, commands
from portal.cli.devices import split_address
from rental.models import Role, Unit
from tests.build import a_unit
from tests.monitoring.agents import READING_KEYS

HOME = Path(__file__).parents[2]
REFERENCE = HOME / "docs" / "reference"


@pytest.fixture
def media_center(service):
    """Runs a command as a shell would, on the test's database; text in, result out."""
    settings = service.extensions["settings"]
    environment = {
        **os.environ,
        "DATABASE_URL": jobs.libpq_url(settings),
        "MEDIA_CENTER_DATA": str(settings.data),
    }

    def call(*arguments, stdin=b"", **more):
        return subprocess.run(
            [sys.executable, "-W", "ignore", "-m", "portal.cli", *map(str, arguments)],
            input=stdin,
            capture_output=True,
            env={**environment, **more},
            check=False,
            cwd=HOME,
        )

    return call


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_and_stands_in_the_reference(name):
    told = CliRunner().invoke(commands, [name, "--help"])
    assert told.exit_code == 0
    assert len(told.output.splitlines()) > 3
    reference = (REFERENCE / "commands.md").read_text()
    assert f"`media-center {name}" in reference
    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", told.output.split("Options:", 1)[1]):
        assert f"`{option}" in reference or option == "--help", f"{name} {option}"


@pytest.mark.parametrize("field", Settings.model_fields)
def test_every_setting_stands_in_the_reference(field):
    row = f"| `{variable(field)}` |"
    described = Settings.model_fields[field].description
    lines = [
        line
        for line in (REFERENCE / "settings.md").read_text().splitlines()
        if line.startswith(row)
    ]
    assert len(lines) == 1
    assert described in lines[0]


def test_the_table_of_access_is_printed_in_the_reference():
    assert (REFERENCE / "access.md").read_text() == as_markdown()


def test_every_role_may_do_something_and_every_verb_has_somebody():
    assert all(TABLE.values())
    assert set(Role) == frozenset().union(*TABLE.values())


def test_a_verb_that_is_not_in_the_table_stops_the_start():
    with pytest.raises(UnknownVerbError):
        may("do what nobody wrote down")


def test_a_token_is_printed_once_and_speaks_for_its_member(service, person, media_center):
    member = person(email="lan@example.com")
    made = media_center("token", "Lan@example.com")
    assert made.returncode == 0, made.stderr
    assert tokens.member_for(f"Bearer {made.stdout.decode().strip()}") == member


def test_a_password_is_read_from_standard_input_and_opens_the_door(service, person, media_center):
    member = person(email="lan@example.com")
    refused = media_center("password", "lan@example.com", stdin=b"short\n")
    assert refused.returncode == 1
    assert b"10 characters" in refused.stderr
    done = media_center("password", "lan@example.com", stdin="mật khẩu đủ dài\n".encode())
    assert done.returncode == 0, done.stderr
    db.session.rollback()
    db.session.refresh(member)
    assert passwords.verify(member.password_hash, "mật khẩu đủ dài")


def test_a_credential_is_read_from_standard_input_and_sealed(service, media_center):
    sealed = media_center("credential", "Switches", "ssh", "--user", "audit", stdin=b"s3cret-pw\n")
    assert sealed.returncode == 0, sealed.stderr
    assert b"s3cret-pw" not in sealed.stdout + sealed.stderr
    with service.app_context():
        kept = credentials.find("Switches")
        login = credentials.open_(kept, keys.keyring(service.extensions["settings"]))
        assert (login.username, login.password) == ("audit", "s3cret-pw")
        assert b"s3cret-pw" not in kept.sealed
    v3 = media_center(
        "credential", "Core", "snmp-v3", "--user", "poll", stdin=b"auth-pass\npriv-pass\n"
    )
    assert v3.returncode == 0, v3.stderr
    refused = media_center("credential", "Core", "ssh", "--user", "x", stdin=b"another-pw\n")
    assert refused.returncode == 1
    assert b"kind" in refused.stderr


def test_a_token_for_nobody_is_refused_in_a_sentence(media_center):
    refused = media_center("token", "nobody@example.com")
    assert refused.returncode == 1
    assert b"nobody@example.com" in refused.stderr
    assert b"Traceback" not in refused.stderr


def test_a_wrong_variable_is_named_and_its_value_is_not(media_center):
    refused = media_center("upgrade", MEDIA_CENTER_PROXIES="many", DATABASE_URL="mysql://a:pw@b/c")
    assert refused.returncode == 1
    assert b"MEDIA_CENTER_PROXIES" in refused.stderr
    assert b"DATABASE_URL" in refused.stderr
    assert b"pw" not in refused.stderr


def test_a_database_that_does_not_answer_is_told_in_a_sentence(media_center):
    refused = media_center("upgrade", DATABASE_URL="postgresql://nobody:pw@127.0.0.1:1/x")
    assert refused.returncode == 1
    assert b"Traceback" not in refused.stderr
    assert b"pw" not in refused.stderr


def test_an_import_is_all_or_nothing(service, media_center, tmp_path):
    good, bad = tmp_path / "good.yml", tmp_path / "bad.yml"
    good.write_text("units:\n  - slug: bao-moi\n    name: Báo Mới\n")
    bad.write_text("units:\n  - slug: bao-cu\n    name: Báo Cũ\n  - slug: bao-hong\n")
    refused = media_center("import", bad)
    assert refused.returncode == 1
    assert b"line 4" in refused.stderr
    assert db.session.query(Unit).count() == 0
    assert media_center("import", good).returncode == 0
    db.session.rollback()
    assert db.session.query(Unit).one().slug == "bao-moi"


def test_a_backup_is_restored_as_it_was(service, person, media_center, tmp_path):
    person(email="lan@example.com", unit=a_unit(name="Báo Tuổi Trẻ"))
    file = tmp_path / "centre.backup"
    assert media_center("backup", file).returncode == 0
    assert file.stat().st_mode & 0o077 == 0
    assert media_center("backup", file).returncode == 1  # never over another backup
    db.session.execute(db.text("UPDATE unit SET name = 'lost'"))
    db.session.commit()
    refused = media_center("restore", file)
    assert refused.returncode == 1
    assert b"--replace" in refused.stderr
    done = media_center("restore", file, "--replace")
    assert done.returncode == 0, done.stderr
    db.session.rollback()
    assert db.session.query(Unit).one().name == "Báo Tuổi Trẻ"


def test_a_backup_that_breaks_off_replaces_nothing(service, person, media_center, tmp_path):
    person(email="lan@example.com", unit=a_unit(name="Báo Tuổi Trẻ"))
    file, cut = tmp_path / "centre.backup", tmp_path / "cut.backup"
    assert media_center("backup", file).returncode == 0
    whole = file.read_bytes()
    db.session.rollback()
    for length in (len(whole) // 2, len(whole) - 2000):
        cut.write_bytes(whole[:length])
        assert media_center("restore", cut, "--replace").returncode == 1
        assert db.session.query(Unit).one().name == "Báo Tuổi Trẻ"
        # Nobody may look on while the next one takes its locks.
        db.session.rollback()


def test_partitions_made_after_the_backup_go_with_what_is_replaced(
    service, person, media_center, tmp_path
):
    person(email="lan@example.com", unit=a_unit(name="Báo Tuổi Trẻ"))
    file = tmp_path / "centre.backup"
    assert media_center("backup", file).returncode == 0
    made = partitions.make_ahead(partitions.READINGS, clock.now())
    assert made
    done = media_center("restore", file, "--replace")
    assert done.returncode == 0, done.stderr
    db.session.rollback()
    assert partitions.of(partitions.READINGS) == []
    assert partitions.make_ahead(partitions.READINGS, clock.now()) == made
    partitions.drop_before(partitions.READINGS, clock.now() + timedelta(days=900))


def test_what_is_no_backup_is_not_restored(media_center, tmp_path):
    (tmp_path / "notes.txt").write_text("notes")
    refused = media_center("restore", tmp_path / "notes.txt", "--replace")
    assert refused.returncode == 1
    assert b"not a backup" in refused.stderr


def test_the_doctor_says_what_is_missing(media_center):
    told = media_center("doctor")
    lines = told.stdout.decode().splitlines()
    assert told.returncode == 1
    assert any(line.startswith("ok") and "PostgreSQL" in line for line in lines)
    assert any(line.startswith("BAD") and "worker" in line for line in lines)


def without_database_url(data):
    return {"DATABASE_URL": "", "MEDIA_CENTER_DATA": str(data)}


def test_the_doctor_misses_the_key_of_a_restored_database(service, media_center, tmp_path):
    with transaction():
        credentials.add("switches", SnmpCommunity("demo"), Keyring(b"k" * 32))
    told = media_center("doctor", MEDIA_CENTER_DATA=str(tmp_path))
    assert told.returncode == 1
    [line] = [line for line in told.stdout.decode().splitlines() if " keys: " in line]
    assert line.startswith("BAD")
    assert "switches" in line


def test_a_new_data_folder_gets_its_tables_with_the_first_import(media_center, tmp_path):
    file = tmp_path / "units.yml"
    file.write_text("units:\n  - slug: bao-moi\n    name: Báo Mới\n")
    environment = without_database_url(tmp_path / "new")
    done = media_center("import", file, **environment)
    assert done.returncode == 0, done.stderr
    assert b"1 added" in done.stdout
    assert media_center("poll-once", **environment).returncode == 0


def test_a_mistyped_data_folder_is_no_empty_backup(media_center, tmp_path):
    refused = media_center("backup", tmp_path / "b", **without_database_url(tmp_path / "typo"))
    assert refused.returncode == 1
    assert b"holds nothing" in refused.stderr
    assert not (tmp_path / "b").exists()


def test_a_backup_into_a_folder_that_does_not_exist_is_refused_in_a_sentence(
    service, media_center, tmp_path
):
    refused = media_center("backup", tmp_path / "nowhere" / "b")
    assert refused.returncode == 1
    assert b"Traceback" not in refused.stderr


def test_polling_once_says_what_it_did(media_center):
    told = media_center("poll-once")
    assert told.returncode == 0, told.stderr
    assert b"0 devices asked" in told.stdout


def test_a_silent_device_is_told_in_the_shape_of_the_contract(media_center):
    told = media_center("probe", "127.0.0.1:1", "--timeout", "0.2", "--json")
    assert told.returncode == 1
    document = json.loads(told.stdout)
    assert document["reachable"] is False
    assert set(document) == READING_KEYS


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("192.0.2.1", ("192.0.2.1", 161)),
        ("192.0.2.1:1161", ("192.0.2.1", 1161)),
        ("[2001:db8::1]:1161", ("2001:db8::1", 1161)),
        ("2001:db8::1", ("2001:db8::1", 161)),
        ("switch.example", ("switch.example", 161)),
    ],
)
def test_an_address_may_bear_a_port(typed, meant):
    assert split_address(typed) == meant


@pytest.mark.parametrize("typed", [":161", "192.0.2.1:x", "192.0.2.1:0", "192.0.2.1:99999"])
def test_an_address_that_is_none_is_refused(media_center, typed):
    assert media_center("probe", typed).returncode == 1


CONFIG = b"hostname SW1\nsnmp-server community topsecret RW\n"


def test_an_audit_exits_with_1_and_shows_no_secret(media_center, tmp_path):
    file = tmp_path / "sw1.cfg"
    file.write_bytes(CONFIG)
    told = media_center("audit", "--config", file, "--platform", "cisco_ios", "--json")
    assert told.returncode == 1
    results = {finding["result"] for finding in json.loads(told.stdout)["findings"]}
    assert "fail" in results
    assert b"topsecret" not in told.stdout


def test_an_audit_of_an_unknown_platform_names_the_known_ones(media_center, tmp_path):
    (tmp_path / "x.cfg").write_bytes(CONFIG)
    told = media_center("audit", "--config", tmp_path / "x.cfg", "--platform", "vax")
    assert told.returncode == 1
    assert b"cisco_ios" in told.stderr


def test_redaction_keeps_the_lines_and_takes_the_secret(media_center):
    told = media_center("redact", "--platform", "cisco_ios", stdin=CONFIG)
    assert told.returncode == 0
    assert b"topsecret" not in told.stdout
    assert told.stdout.count(b"\n") == CONFIG.count(b"\n")
    assert media_center("redact", "--platform", "cisco_ios", stdin=b"\xff\xfe").returncode == 1


@pytest.mark.parametrize("command", ["probe", "audit", "redact"])
def test_what_needs_no_database_does_not_load_one(command):
    loaded = subprocess.run(
        [sys.executable, "-W", "ignore", "-X", "importtime", "-m", "portal.cli", command, "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=HOME,
    ).stderr
    assert not re.search(r"\b(flask|sqlalchemy|psycopg)\b", loaded)
