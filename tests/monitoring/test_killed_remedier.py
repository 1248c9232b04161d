"""A worker killed at any step of a remediation: nothing of it goes on, the next round ends it."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from config.database import db, transaction
from monitoring import remediations, remedying
from monitoring.models import RemediationStatus, Violation, ViolationStatus
from monitoring.policy import Result
from monitoring.probes import leash, private_folders
from monitoring.probes.playbooks import Change
from rental.models import JournalEntry
from tests.monitoring.dead_workers import wait_until_free
from tests.monitoring.policy_world import an_sshd
from tests.monitoring.test_remediation import Host, planned, said, two_people

pytestmark = pytest.mark.usefixtures("house")
HOME = Path(__file__).parents[2]
WORKER = """
import sys
from pathlib import Path
from flask import Flask
from config.database import db
from monitoring import remedying
from monitoring.remedying import Terms
from tests.monitoring.policy_world import KEYRING
app = Flask("worker")
app.config.update(SQLALCHEMY_DATABASE_URI=sys.argv[1])
db.init_app(app)
with app.app_context():
    terms = Terms(may_apply=True, hosts_folder=Path(sys.argv[2]))
    remedying.remedy_site(int(sys.argv[3]), KEYRING, terms)
"""
# What stood in our file before anybody remedied anything.
OLD = "# of the operators\nMaxAuthTries 4\n"
NEW = f"{OLD}PermitRootLogin no\n"
# A program that the host runs on the way; told to, it first kills the worker that has it run.
TRAP = """#!/bin/sh
{before}
case "$*" in {words}) if mv {folder}/armed-{name} {folder}/struck 2>/dev/null; then
  kill -9 -$(cat {folder}/worker)
fi ;; esac
{then}
"""


def until(is_so: Callable[[], bool], otherwise: str) -> None:
    for _ in range(300):
        if is_so():
            return
        time.sleep(0.1)
    pytest.fail(otherwise)


def programs_with(words: str) -> list[str]:
    """The command lines that run now and hold the words."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().decode(errors="replace")
        except OSError:
            continue  # it has ended meanwhile
        if words in line:
            found.append(line)
    return found


class World:
    """A host whose programs kill workers, and the workers."""

    def __init__(self, host: Host) -> None:
        self.host, self.folder = host, host.folder
        self.drop_in = self.folder / "drop" / "00-media-center.conf"
        self.store = self.folder / "store"
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir()

    def start(self, more: str | None = None, *, dead_man: int = 60) -> None:
        """The host, with a line of ours and a rule that it breaks."""
        self.drop_in.write_text(OLD)
        self.drop_in.chmod(0o600)
        self.host.start(more, PermitRootLogin="yes")
        assert self.host.server.process is not None
        programs = self.folder / "bin"
        for name, words in (("grep", "*"), ("cp", "-p\\ before*")):
            real = shutil.which(name)
            self._trap(programs / name, name, then=f'exec {real} "$@"', words=words)
        real = self.host.server.program
        asking = f'exec {real} -f {self.folder}/sshd_config "$@"'
        self._trap(programs / "sshd", "look", then=asking, words="*-T*")
        self._trap(self.folder / "sshd", "written", then=f'exec {real} "$@"', words="-t\\ *")
        again = f"kill -HUP {self.host.server.process.pid}; echo >> {self.folder}/reloads"
        self._trap(self.folder / "reload", "reload", before=again)
        variables = self.host.hosts / f"{self.host.device.name}.yml"
        told = variables.read_text().replace(
            "dead_man_seconds: 30", f"dead_man_seconds: {dead_man}"
        )
        told += f"remedy_sshd: {self.folder}/sshd\nremedy_sshd_reload: {self.folder}/reload\n"
        variables.write_text(told)
        assert self.host.collect()["L01"] is Result.FAIL

    def _trap(
        self, path: Path, name: str, *, before: str = "", then: str = "", words: str = "*"
    ) -> None:
        path.unlink(missing_ok=True)
        path.write_text(
            TRAP.format(name=name, folder=self.folder, before=before, then=then, words=words)
        )
        path.chmod(0o755)

    def approved(self) -> int:
        """A remediation that two people want, as a check and they would have left it."""
        one, other = two_people()
        number = planned(self.host, "L01", one)
        change = Change("Set the options", str(self.drop_in), OLD, NEW)
        with transaction():
            row = remediations.get(number)
            row.artefact, digest = remediations.artefact([change], row.playbook)
            row.digest = digest
            row.move_to(RemediationStatus.CHECKED)
            assert remediations.approve(row, digest=digest, by=other)
        return number

    def kill(self, step: str) -> None:
        """A round of a worker of its own that is killed at a step, with its whole group."""
        (self.folder / f"armed-{step}").touch()
        url = db.engine.url.render_as_string(hide_password=False)
        told = (url, str(self.host.hosts), str(self.host.device.site_id))
        worker = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", WORKER, *told],
            cwd=HOME,
            env={**os.environ, "TMPDIR": str(self.temporary)},
            start_new_session=True,
        )
        (self.folder / "worker").write_text(str(worker.pid))
        assert worker.wait(90) == -signal.SIGKILL, f"it was not killed at {step}"
        assert (self.folder / "struck").exists()
        until(lambda: not programs_with(str(self.temporary)), "what it had started goes on")
        wait_until_free(remedying.REMEDY_LOCK)

    @property
    def reloads(self) -> int:
        path = self.folder / "reloads"
        return len(path.read_text().splitlines()) if path.exists() else 0

    def is_as_before(self) -> None:
        """The file is as it was and loaded, we come in, and no switch is left to fire."""
        self._is_sound()
        assert self.drop_in.read_text() == OLD
        assert self.host.violation("L01").status is ViolationStatus.OPEN
        assert self.host.collect()["L01"] is Result.FAIL

    def is_cured(self) -> None:
        """The option is set, once, and the rule kept."""
        self._is_sound()
        assert self.drop_in.read_text() == NEW
        assert self.host.collect()["L01"] is Result.PASS
        [violation] = db.session.query(Violation).filter_by(rule="L01")
        assert violation.status is ViolationStatus.RESOLVED

    def _is_sound(self) -> None:
        check = [self.host.server.program, "-t", "-f", str(self.folder / "sshd_config")]
        subprocess.run(check, check=True)
        assert list(self.temporary.iterdir()) == [], "a run left what it alone may read"
        assert [path.name for path in self.drop_in.parent.iterdir()] == [self.drop_in.name]
        assert list(self.store.glob("*/armed")) == []


def journal() -> list[str]:
    rows = db.session.query(JournalEntry).filter_by(subject="violation").order_by(JournalEntry.id)
    return [
        row.verb.removeprefix("remediation_") for row in rows if row.verb.startswith("remediation")
    ]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with an_sshd(tmp_path) as server:
        yield World(Host(tmp_path, server))


def test_killed_in_the_first_check_it_is_checked_again(world: World) -> None:
    world.start()
    number = planned(world.host, "L01", two_people()[0])
    world.kill("grep")
    assert remediations.get(number).status is RemediationStatus.PLANNED
    assert world.host.remedy() == {"checked": 1}
    assert world.reloads == 0
    world.is_as_before()
    assert journal() == ["planned"]


def test_killed_in_the_second_check_it_is_applied_once(world: World) -> None:
    world.start()
    number = world.approved()
    world.kill("grep")
    assert remediations.get(number).status is RemediationStatus.APPROVED
    assert world.drop_in.read_text() == OLD
    assert world.host.remedy() == {"verified": 1}
    assert world.reloads == 1
    world.is_cured()
    assert journal() == ["planned", "approved", "begun", "verified"]
    assert said(number) == ""


def test_killed_with_the_file_written_and_not_loaded_it_goes_back(world: World) -> None:
    world.start()
    number = world.approved()
    world.kill("written")
    assert world.drop_in.read_text() == NEW
    assert world.host.remedy() == {"rolled_back": 1}
    world.is_as_before()
    assert "worker that applied it died" in said(number)
    assert "not confirmed on the host" in said(number)
    assert journal() == ["planned", "approved", "begun", "rolled_back"]
    assert world.host.remedy() == {}, "and that is the end of it"


def test_killed_before_anything_was_confirmed_the_host_goes_back_itself(world: World) -> None:
    world.start(dead_man=4)
    number = world.approved()
    world.kill("reload")
    assert world.drop_in.read_text() == NEW
    until(lambda: world.reloads == 2, "the dead man's switch does not fire")
    assert [path.name for path in world.store.glob("*/fired")] == ["fired"]
    assert world.drop_in.read_text() == OLD
    assert remediations.get(number).status is RemediationStatus.APPLYING
    assert world.host.remedy() == {"rolled_back": 1}
    assert "died half way" in said(number)


def test_killed_before_the_device_was_looked_at_the_rule_is_kept(world: World) -> None:
    world.start()
    number = world.approved()
    # It is confirmed by now; the look at the device is the first thing that asks `sshd -T` there.
    world.kill("look")
    assert world.host.remedy() == {"verified": 1}
    assert world.reloads == 1, "nothing is applied twice"
    world.is_cured()
    assert said(number) == "The worker that applied it died half way."
    assert journal() == ["planned", "approved", "begun", "verified"]


def test_killed_as_it_went_back_it_goes_back_all_the_way(world: World) -> None:
    # Set for others too: what is written in our file alone does not cure.
    world.start(more="Match Address 203.0.113.0/24\n PermitRootLogin yes\n" + world.host.more)
    number = world.approved()
    world.kill("cp")
    assert remediations.get(number).status is RemediationStatus.APPLYING
    assert world.host.remedy() == {"rolled_back": 1}
    world.is_as_before()
    assert "L01 is still broken" in said(number)
    assert journal()[-3:] == ["going_back", "going_back", "rolled_back"]


# Starts one in a session of its own, as Ansible does, and waits with it.
SLEEPER = """
import subprocess, sys
subprocess.Popen(["setsid", "sleep", sys.argv[1]]).wait()
"""
HOLDER = """
import os, subprocess, sys
from monitoring.probes import leash
of_whom, *told = sys.argv[1:]
worker = of_whom if of_whom.isdigit() else str(os.getpid())
sys.exit(subprocess.call([sys.executable, leash.__file__, worker, *told]))
"""


def held(folder: Path, seconds: float, of_whom: str = "itself") -> tuple[Any, str]:
    """A worker that holds a program, and the words by which what that has started is known."""
    words = f"98765{folder.stat().st_ino}"
    told = [of_whom, str(seconds), str(folder), sys.executable, "-c", SLEEPER, words]
    return subprocess.Popen([sys.executable, "-c", HOLDER, *told], cwd=HOME), words


def running(words: str) -> int:
    return len(programs_with(f"sleep\0{words}\0"))


@pytest.mark.parametrize("is_killed", [True, False])
def test_nothing_that_a_worker_started_outlives_it_or_its_time(
    tmp_path: Path, *, is_killed: bool
) -> None:
    folder = tmp_path / "private"
    folder.mkdir()
    worker, words = held(folder, 60 if is_killed else 2.0)
    if is_killed:
        until(lambda: running(words) == 1, "it does not start")
        worker.kill()
    else:
        assert worker.wait(30) == leash.TIME_IS_OVER
    worker.wait(10)
    until(lambda: running(words) == 0, "it goes on")
    until(lambda: folder.exists() != is_killed, "who lives clears up itself, for the dead we do")


def test_a_worker_that_is_dead_already_has_nothing_run(tmp_path: Path) -> None:
    worker, words = held(tmp_path, 60, of_whom="1")
    assert worker.wait(30) == leash.WORKER_IS_DEAD
    assert running(words) == 0


KEEPER = """
import sys, time
from monitoring.probes.private_folders import private_folder
with private_folder("kept-") as folder:
    (folder / "secret").touch()
    print(folder, flush=True)
    time.sleep(60)
"""


def test_a_folder_is_cleared_away_only_when_its_worker_is_dead(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where nobody was left to do it at once, as when the machine loses its power."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    keeper = subprocess.Popen(
        [sys.executable, "-c", KEEPER],
        cwd=HOME,
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert keeper.stdout is not None
    folder = Path(keeper.stdout.readline().strip())
    (tmp_path / "kept-not-ours").write_text("a file")
    (tmp_path / "kept-new").mkdir()
    assert private_folders.clear_left("kept-") == 0
    assert (folder / "secret").exists()
    keeper.kill()
    keeper.communicate()
    assert private_folders.clear_left("kept-") == 1
    assert not folder.exists()
    os.utime(tmp_path / "kept-new", (0, 0))
    assert private_folders.clear_left("kept-") == 1
