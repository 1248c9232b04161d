"""Configurations are read over SSH, kept sealed where they differ in meaning, and wrapped anew."""

import threading
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from config import clock
from config.database import db, transaction
from monitoring import config_backups, config_versions, hostkeys
from monitoring.config_backups import Done
from monitoring.config_versions import Text
from monitoring.models import ConfigRound, ConfigSource, ConfigVersion, Device, Platform
from monitoring.probes import configurations, ssh
from monitoring.probes.configurations import Configurations
from monitoring.probes.logins import SshLogin
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import PinnedKey, SshTarget
from portal.demo.running_config import RunningConfig
from portal.demo.ssh_switch import SshSwitch
from tests.monitoring.policy_world import KEYRING, a_switch, an_sshd, with_login

NOW = clock.now().replace(microsecond=0)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
TEXT = "!\nhostname press\nenable secret 9 $9$aaaa$s3cr3tHash\nline vty 0 4\n login\nend\n"


def approved(switch: SshSwitch, **over: object) -> Device:
    """The simulated switch as a device whose key is approved."""
    device = with_login(
        a_switch(platform=Platform.CISCO_IOS, ssh_port=switch.port, **over),
        SshLogin(switch.username, switch.password),
    )
    hostkeys.approve(device, switch.public_key, by=None)
    return device


def kept(source: ConfigSource = ConfigSource.RUNNING) -> list[ConfigVersion]:
    db.session.expire_all()
    query = sa.select(ConfigVersion).where(ConfigVersion.source == source)
    return list(db.session.scalars(query.order_by(ConfigVersion.device_id, ConfigVersion.number)))


def record(device: Device, running: str, startup: str | None = None, at=NOW) -> bool:
    return config_backups.record(device.id, Configurations(running, startup), at, KEYRING)


def test_a_switch_is_backed_up_and_a_version_made_only_where_it_differs(house):
    with SshSwitch() as switch:
        device = approved(switch)
        site_id = device.site_id
        db.session.commit()
        assert config_backups.collect_site(site_id, KEYRING) == Done(asked=1, new=1)
        # Not again before its hour is over, unless somebody wants it now.
        assert config_backups.collect_site(site_id, KEYRING) == Done()
        with transaction():
            config_backups.ask_now(device)
        assert config_backups.collect_site(site_id, KEYRING) == Done(asked=1)
        switch.running.edit("hostname edge")
        with transaction():
            config_backups.ask_now(device)
        assert config_backups.collect_site(site_id, KEYRING) == Done(asked=1, new=1)
    first, second = kept()
    assert (first.number, second.number) == (1, 2)
    assert (second.added, second.removed) == (1, 1)
    assert "hostname edge" in config_versions.opened(second, KEYRING).text
    # What it starts with is still the old one.
    assert len(kept(ConfigSource.STARTUP)) == 1
    state = config_backups.round_of(device.id)
    assert state is not None
    assert state.unsaved_lines == 2
    assert state.failure is None


def test_a_site_of_several_devices_is_asked_at_once_and_one_dead_one_stops_nobody(house):
    with SshSwitch() as one, SshSwitch() as other:
        first = approved(one)
        second = approved(other, site=first.site, resource=None)
        dead = with_login(a_switch(site=first.site, resource=None, ssh_port=1), SshLogin("a", "b"))
        hostkeys.approve(dead, one.public_key, by=None)
        stranger = with_login(
            a_switch(site=first.site, resource=None, ssh_port=one.port), SshLogin("a", "b")
        )
        site_id = first.site_id
        db.session.commit()
        assert config_backups.collect_site(site_id, KEYRING) == Done(asked=4, failed=2, new=2)
    assert {one.device_id for one in kept()} == {first.id, second.id}
    assert "nothing listens" in (config_backups.round_of(dead.id).failure or "")
    assert "nobody has approved" in (config_backups.round_of(stranger.id).failure or "")


def test_a_real_sshd_that_shows_another_key_is_asked_nothing(house, tmp_path: Path):
    with an_sshd(tmp_path) as server:
        server.start()
        device = with_login(a_switch(ssh_port=server.port), server.login)
        with SshSwitch() as other:
            hostkeys.approve(device, other.public_key, by=None)
        site_id = device.site_id
        db.session.commit()
        # Its key is not the approved one: nothing is asked of it.
        assert config_backups.collect_site(site_id, KEYRING).failed == 1
        assert "not the approved key" in (config_backups.round_of(device.id).failure or "")
    assert kept() == []


# What a network device says in a shell, on a terminal of the machine's own sshd.
SHELL = """\
#!/bin/sh
printf 'press#'
while read -r line; do
  case "$line" in
    "show running-config"*) cat {folder}/running ;;
    "show startup-config"*) cat {folder}/startup ;;
    terminal*) ;;
    *) echo "% Invalid input detected at '^' marker." ;;
  esac
  printf 'press#'
done
"""


def test_a_real_sshd_is_backed_up_over_a_terminal(house, tmp_path: Path):
    with an_sshd(tmp_path) as server:
        shell = tmp_path / "shell"
        shell.write_text(SHELL.format(folder=tmp_path))
        shell.chmod(0o755)
        (tmp_path / "running").write_text(TEXT)
        (tmp_path / "startup").write_text(TEXT.replace(" login\n", ""))
        server.start(ForceCommand=str(shell))
        device = with_login(a_switch(ssh_port=server.port), server.login)
        key = ssh.read_host_key("127.0.0.1", server.port)
        assert isinstance(key, PinnedKey)
        hostkeys.approve(device, f"{key.algorithm} {key.key}", by=None)
        site_id = device.site_id
        db.session.commit()
        assert config_backups.collect_site(site_id, KEYRING) == Done(asked=1, new=1)
    (version,) = kept()
    assert config_versions.opened(version, KEYRING).text == TEXT
    state = config_backups.round_of(device.id)
    assert state is not None
    assert state.unsaved_lines == 1


class Cut(RunningConfig):
    @property
    def text(self) -> str:
        return super().text.removesuffix("end\n")


def test_a_configuration_that_was_cut_is_no_version():
    with SshSwitch() as switch:
        target = SshTarget(
            "127.0.0.1",
            SshLogin(switch.username, switch.password),
            PinnedKey(*switch.public_key.split()),
            platform="cisco_ios",
            port=switch.port,
            seconds=20.0,
        )
        whole = configurations.read(target)
        assert isinstance(whole, Configurations)
        assert whole.startup is not None
        assert Text.of("cisco_ios", whole.running).says_the_same(
            Text.of("cisco_ios", whole.startup)
        )
        # What is cut is unknown, and never told as saved or unsaved.
        switch.startup = switch.startup.removesuffix("end\n")
        cut = configurations.read(target)
        assert isinstance(cut, Configurations)
        assert cut.startup is None
        switch.running = Cut(switch.config)
        answer = configurations.read(target)
    assert isinstance(answer, Failure)
    assert answer.kind is FailureKind.PARTIAL


@pytest.mark.parametrize(
    ("comment", "who"),
    [
        ("! Last configuration change at 10:11:12 ICT Tue Mar 5 2024 by netops", "netops"),
        ("! Last configuration change at 10:11:12 ICT Tue Mar 5 2024", None),
        ("! no word of it", None),
        ("## Last commit: 2024-03-05 10:11:12 ICT by <b>x</b>", "<b>x</b>"),
    ],
)
def test_who_changed_it_is_kept_where_the_platform_tells(house, comment: str, who: str | None):
    device = a_switch()
    assert record(device, f"{comment}\n{TEXT}")
    # The comment alone makes no version.
    assert not record(device, f"! Last configuration change at 1 by x\n{TEXT}", at=NOW + HOUR)
    (version,) = kept()
    assert version.changed_by == who
    assert version.seen_at == NOW + HOUR


def test_two_collectors_at_once_make_one_version(house: Flask):
    device_id = a_switch().id
    db.session.commit()
    ready, news = threading.Barrier(2), []

    def collector() -> None:
        with house.app_context():
            ready.wait()
            with transaction():
                told = Configurations(TEXT, TEXT)
                news.append(config_backups.record(device_id, told, clock.now(), KEYRING))

    threads = [threading.Thread(target=collector) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(news) == [False, True]
    assert [one.number for one in kept()] == [1]
    assert len(kept(ConfigSource.STARTUP)) == 1


def test_two_workers_of_one_site_ask_its_devices_once(house: Flask):
    with SshSwitch() as switch:
        site_id = approved(switch).site_id
        db.session.commit()
        done: list[Done] = []

        def worker() -> None:
            with house.app_context():
                done.append(config_backups.collect_site(site_id, KEYRING))

        threads = [threading.Thread(target=worker) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    # The second found the lock taken, or came when nothing was due any more.
    assert sorted(one.asked for one in done) == [0, 1]
    assert len(kept()) == 1


def test_twenty_thousand_lines_are_kept_and_opened(house):
    device = a_switch()
    ports = "".join(f"interface Gi{n}\n description n\n shutdown\n!\n" for n in range(5000))
    assert record(device, f"{ports}end\n")
    assert record(device, f"{ports}end\n".replace("interface Gi77\n", "interface Te77\n"), at=NOW)
    first, second = kept()
    assert first.lines == 20_001
    assert (second.added, second.removed) == (3, 3)
    assert config_versions.opened(first, KEYRING).text == f"{ports}end\n"


@pytest.mark.parametrize(
    ("startup", "unsaved"),
    [
        (TEXT, 0),
        (f"Using 812 out of 524288 bytes\n{TEXT}", 0),
        (TEXT.replace(" login\n", ""), 1),
        # Nothing was ever saved.
        ("", 5),
        # The platform cannot be asked.
        (None, None),
    ],
)
def test_what_is_not_saved_is_counted(house, startup: str | None, unsaved: int | None):
    device = a_switch()
    record(device, TEXT, startup)
    state = config_backups.round_of(device.id)
    assert state is not None
    assert state.unsaved_lines == unsaved


def test_a_failure_keeps_what_was_there_and_is_tried_again_sooner(house):
    device = a_switch()
    record(device, TEXT, TEXT)
    failed = Failure(FailureKind.TIMEOUT, "the host does not answer")
    assert not config_backups.record(device.id, failed, NOW + HOUR, KEYRING)
    state = config_backups.round_of(device.id)
    assert state is not None
    assert state.failure == "the host does not answer"
    assert (state.succeeded_at, state.next_at) == (NOW, NOW + HOUR + config_backups.AGAIN)
    assert (len(kept()), config_backups.record(10**8, failed, NOW, KEYRING)) == (1, False)


def test_a_device_is_late_a_day_after_its_last_backup(house):
    well, failing, new, paused = (
        with_login(a_switch(resource=None), SshLogin("a", "b")) for _ in range(4)
    )
    failed = Failure(FailureKind.TIMEOUT, "x")
    record(well, TEXT, at=NOW - HOUR)
    record(paused, TEXT, at=NOW - 3 * DAY)
    paused.is_enabled = False
    config_backups.record(failing.id, failed, NOW - 2 * DAY, KEYRING)
    config_backups.record(failing.id, failed, NOW - HOUR, KEYRING)
    config_backups.record(new.id, failed, NOW - HOUR, KEYRING)
    assert config_backups.late(NOW) == [failing.name]
    assert well.name in config_backups.late(NOW + DAY)


def test_a_deleted_device_takes_its_versions_with_it(house):
    device = a_switch()
    record(device, TEXT)
    db.session.execute(sa.delete(Device).where(Device.id == device.id))
    assert kept() == []
    assert db.session.scalar(sa.select(sa.func.count()).select_from(ConfigRound)) == 0
