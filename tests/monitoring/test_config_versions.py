"""Versions are sealed, bound to their row, wrapped anew, and kept as long as they serve."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from config.database import db
from monitoring import config_backups, config_versions
from monitoring.config_versions import Text
from monitoring.credentials import Keyring
from monitoring.errors import UnknownVersion, VersionUnreadable
from monitoring.models import ConfigSource
from monitoring.probes.configurations import Configurations
from portal.rounds import rewrapping
from tests.monitoring.policy_world import KEYRING, a_switch
from tests.monitoring.test_config_backups import DAY, HOUR, NOW, TEXT, kept, record

CONFIGS = Path(__file__).parent / "configs"


def test_no_secret_is_in_the_row_the_repr_or_the_log(house, capfd):
    device = a_switch()
    text = (CONFIGS / "secrets_ios.cfg").read_text()
    record(device, text, text)
    (version,) = kept()
    (startup,) = kept(ConfigSource.STARTUP)
    db.session.commit()
    both = "SELECT v::text, r::text FROM config_version v JOIN config_round r USING (device_id)"
    everything = db.session.execute(sa.text(both)).all()
    told = Configurations(text, text)
    said = f"{everything} {version!r} {startup!r} {told!r} {Text.of('cisco_ios', text)!r}"
    for sealed in (version.sealed, version.sealed_shown, version.wrapped_key, startup.sealed):
        said += sealed.decode("latin-1")
    assert "s3cr3t" not in said.lower()
    assert "s3cr3t" not in "".join(capfd.readouterr()).lower()
    # Nor in what is shown, which is all that pages have.
    assert "s3cr3t" not in config_versions.shown(version, KEYRING).lower()
    assert "s3cr3t" in config_versions.opened(version, KEYRING).text.lower()


def test_a_weak_secret_cannot_be_guessed_from_the_digest(house):
    one, other = (Text.of("cisco_ios", f"snmp-server community {word} RO\nend\n")
                  for word in ("public", "private"))  # fmt: skip
    assert one.digest == other.digest
    assert not one.says_the_same(other)


@pytest.mark.parametrize("name", ["sealed", "sealed_shown", "wrapped_key", "context"])
def test_a_ciphertext_of_another_row_or_device_does_not_open(house, name: str):
    mine, theirs = a_switch(), a_switch()
    record(mine, TEXT)
    record(theirs, TEXT.replace("press", "hall"))
    first, second = kept()
    assert config_versions.opened(first, KEYRING).text == TEXT
    with pytest.raises(VersionUnreadable, match="sealed with key"):
        config_versions.opened(first, Keyring(b"x" * 32))
    with db.session.no_autoflush:
        setattr(first, name, getattr(second, name))
        open_ = config_versions.shown if name == "sealed_shown" else config_versions.opened
        with pytest.raises(VersionUnreadable, match="altered or moved"):
            open_(first, KEYRING)
    db.session.rollback()


def test_a_lost_key_makes_the_next_backup_a_version_of_its_own(house):
    device = a_switch()
    record(device, TEXT)
    lost = Keyring(b"n" * 32)
    assert config_backups.record(device.id, Configurations(TEXT), NOW + HOUR, lost)
    first, second = kept()
    assert (first.number, second.number) == (1, 2)
    assert second.added is None
    assert config_versions.opened(second, lost).text == TEXT


def test_a_new_key_wraps_the_versions_anew_and_opens_them_alone(house):
    device = a_switch()
    record(device, TEXT, TEXT)
    record(device, TEXT.replace("press", "hall"), at=NOW + HOUR)
    db.session.commit()
    new = b"r" * 32
    done = rewrapping.work(Keyring(new, (KEYRING.current,)))
    assert (done.count, done.locked) == (3, [])
    assert rewrapping.work(Keyring(new)).count == 0
    for version in [*kept(), *kept(ConfigSource.STARTUP)]:
        assert "hostname" in config_versions.opened(version, Keyring(new)).text
        assert "hostname" in config_versions.shown(version, Keyring(new))
    # With neither key nothing is touched, and it is said what stays shut.
    stuck = rewrapping.work(Keyring(b"z" * 32))
    assert (stuck.count, stuck.locked) == (0, [f"{device.name}: 3 configurations"])


@pytest.mark.parametrize(
    ("days", "stay", "why"),
    [
        (["01-05", "01-20", "02-03"], ["01-20", "02-03"], "the last of each month"),
        (["01-05", "01-31"], ["01-31"], "one month of the site"),
        (["06-10", "06-11", "06-12"], ["06-10", "06-11", "06-12"], "younger than 90 days"),
        (["01-05", "01-20", "06-12"], ["01-20", "06-12"], "both"),
    ],
)
def test_old_versions_go_but_for_the_last_of_each_month(days, stay, why):
    now = datetime(2026, 6, 15, tzinfo=UTC)
    begun = [datetime.fromisoformat(f"2026-{day}T16:30Z") for day in days]
    versions = [(at, began, began + HOUR) for at, began in enumerate(begun)]
    gone = config_versions.superfluous(versions, now, 90)
    assert [day for at, day in enumerate(days) if at not in gone] == stay, why


def test_what_was_in_force_lately_and_the_newest_stay_however_old():
    now = datetime(2026, 6, 15, tzinfo=UTC)
    long_ago = datetime(2020, 1, 5, tzinfo=UTC)
    versions = [(1, long_ago, now - DAY), (2, long_ago + DAY, long_ago + 2 * DAY),
                (3, long_ago + 3 * DAY, long_ago + 3 * DAY)]  # fmt: skip
    assert config_versions.superfluous(versions, now, 90) == [2]


def test_sweeping_goes_by_device_and_source(house):
    one, other = a_switch(), a_switch()
    for device in (one, other):
        for at in (datetime(2020, 1, 5, tzinfo=UTC), datetime(2020, 1, 6, tzinfo=UTC), NOW):
            text = TEXT.replace("press", f"h{at:%d%H}")
            record(device, text, text, at=at)
    assert config_versions.sweep(NOW, 90) == 4
    assert [version.number for version in kept()] == [2, 3, 2, 3]
    assert len(kept(ConfigSource.STARTUP)) == 4


def test_an_unknown_number_is_refused(house):
    device = a_switch()
    record(device, TEXT)
    assert config_versions.get(device, 1).number == 1
    for number in (0, 2, 10**12):
        with pytest.raises(UnknownVersion):
            config_versions.get(device, number)
