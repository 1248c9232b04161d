"""Runs an Ansible playbook against one host: a check that tells what would change, or for real.

Ansible is started as a program of its own (ansible-core is not part of the service). The host key
must be the approved one. Of the login a key goes through a pipe to an SSH agent and a password to
the prompt: neither is written to a disk, and what a run leaves is deleted when it ends. No run
outlives its worker (`monitoring.probes.leash`).
"""

import json
import os
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_runner import Runner, RunnerConfig

from config import logs
from monitoring import remedy_reasons
from monitoring.probes import leash, values
from monitoring.probes.private_folders import clear_left, private_folder
from monitoring.probes.ssh import SshTarget
from monitoring.reasons import Reason, because

log = logs.get(__name__)

# What a run needs of our own environment; everything else could be a secret.
KEPT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "TZ")
SECONDS = 180
MOST_CHARACTERS = 100_000
MOST_WORDS = 400
FOLDERS = "remedy-"
# Our own end comes first; this one is for a leash that hangs.
GRACE = 20


@dataclass(frozen=True, slots=True)
class Play:
    """Which playbook, with which variables; `hosts_folder` may hold more of single hosts."""

    playbook: Path
    variables: Mapping[str, Any] = field(default_factory=dict)
    hosts_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """What one task changed, or would: the file, and its text before and after."""

    task: str
    path: str = ""
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class Played:
    """What a run changed, and why it stopped; it ended well where `reason` is None."""

    changes: tuple[Change, ...] = ()
    reason: Reason | None = None
    has_gone_back: bool = False
    is_unreachable: bool = False


@dataclass(frozen=True, slots=True)
class _Terms:
    """With which program, whether only to look, and how many seconds at most."""

    program: str
    is_check: bool
    seconds: int


def program() -> str | None:
    """Where ansible-playbook lies: beside our interpreter, or on the path; None without one."""
    beside = Path(sys.executable).parent / "ansible-playbook"
    return str(beside) if beside.exists() else shutil.which("ansible-playbook")


def run(
    play: Play, target: SshTarget, name: str, *, is_check: bool, seconds: int = SECONDS
) -> Played:
    """Run a playbook on one host, called `name` in its inventory. Never raises for the host."""
    binary = program()
    if binary is None:
        return Played(reason=because(remedy_reasons.NO_ANSIBLE))
    with private_folder(FOLDERS) as private:
        _lay_out(private, play, target, name)
        terms = _Terms(binary, is_check, seconds)
        runner = Runner(config=_configured(private, play, target, terms))
        try:
            runner.run()
        except OSError as wrong:
            return Played(reason=because(remedy_reasons.NOT_RUN, told=wrong))
        return _told(runner, target, seconds)


def clear_left_folders() -> int:
    """Delete what runs of killed workers left on this machine; how many folders there were."""
    return clear_left(FOLDERS)


def _lay_out(private: Path, play: Play, target: SshTarget, name: str) -> None:
    """The inventory of one host and the key it must show."""
    known = private / "known_hosts"
    known.write_text(f"{target.known_host} {target.host_key.algorithm} {target.host_key.key}\n")
    # Nobody else's: neither /etc/ansible nor the home of the user counts.
    (private / "ansible.cfg").write_text("[defaults]\n")
    folder = private / "inventory"
    folder.mkdir()
    host = {
        "ansible_host": target.address,
        "ansible_port": target.port,
        "ansible_user": target.login.username,
        "ansible_ssh_common_args": (
            f"-o UserKnownHostsFile={known} -o GlobalKnownHostsFile=/dev/null"
            " -o StrictHostKeyChecking=yes -o ControlMaster=no -o ControlPath=none"
            " -o UpdateHostKeys=no -F /dev/null"
        ),
        "ansible_python_interpreter": "auto_silent",
    }
    shared = {
        "remedy_action": "apply",
        "remedy_become": target.login.username != "root",
        "remedy_login": "key" if target.login.private_key else "password",
        **play.variables,
    }
    tree = {"all": {"hosts": {name: host}, "vars": shared}}
    (folder / "hosts.json").write_text(json.dumps(tree))
    if play.hosts_folder is not None:
        (folder / "host_vars").symlink_to(play.hosts_folder.resolve())


def _prompts(target: SshTarget) -> tuple[list[str], dict[str, str]]:
    """What Ansible is to ask for, and what is answered to which prompt."""
    login, asks = target.login, []
    passwords: dict[str, str] = {}
    if login.password and not login.private_key:
        asks.append("--ask-pass")
        passwords[r"SSH password:\s*?$"] = login.password
    if login.enable_password and login.username != "root":
        asks.append("--ask-become-pass")
        passwords[r"BECOME password.*:\s*?$"] = login.enable_password
    return asks, passwords


def _configured(private: Path, play: Play, target: SshTarget, terms: _Terms) -> RunnerConfig:
    asks, passwords = _prompts(target)
    key = target.login.private_key
    config = RunnerConfig(
        private_data_dir=str(private),
        playbook=str(play.playbook),
        inventory=str(private / "inventory" / "hosts.json"),
        cmdline=" ".join(["--diff", *["--check"] * terms.is_check, *asks]),
        passwords=passwords,
        ssh_key=key.rstrip() + "\n" if key else None,
        timeout=terms.seconds + GRACE,
        quiet=True,
        suppress_env_files=True,
        envvars={
            "ANSIBLE_CONFIG": str(private / "ansible.cfg"),
            "ANSIBLE_HOME": str(private / "home"),
            "ANSIBLE_LOCAL_TEMP": str(private / "tmp"),
            "ANSIBLE_PIPELINING": "true",
            "ANSIBLE_NOCOLOR": "true",
            "ANSIBLE_TIMEOUT": "15",
            "LC_ALL": "C.UTF-8",
            "PATH": f"{Path(terms.program).parent}:{os.environ.get('PATH', os.defpath)}",
        },
    )
    config.prepare()
    held = [sys.executable, "-I", str(leash.__file__), str(os.getpid()), str(terms.seconds)]
    config.command = [*held, str(private), *config.command]
    ours = set(os.environ) - set(KEPT)
    config.env = {
        key: value
        for key, value in config.env.items()
        if key not in ours or key.startswith(("ANSIBLE_", "RUNNER_", "AWX_", "PYTHONPATH"))
    }
    return config


def _told(runner: Runner, target: SshTarget, seconds: int) -> Played:
    events = list(runner.events)
    unreachable = _results(events, "runner_on_unreachable")
    if runner.status == "timeout" or runner.rc == leash.TIME_IS_OVER:
        return Played(reason=because(remedy_reasons.SLOW, seconds=seconds))
    changes = tuple(change for event in _ok(events) for change in _changes(event))
    if unreachable:
        said = values.printable(_short(str(unreachable[-1].get("msg", "no reason given"))))
        shut_out = because(remedy_reasons.SHUT_OUT, address=target.address, told=said)
        return Played(reason=shut_out, is_unreachable=True)
    if runner.status == "successful":
        return Played(changes)
    failed = [result for event, result in _failures(events)]
    said = _short(str(failed[-1].get("msg", ""))) if failed else _last_words(runner)
    reason = remedy_reasons.of_playbook(values.printable(said))
    return Played(changes, reason, said.startswith("went back"))


def _last_words(runner: Runner) -> str:
    """The end of what Ansible printed where it broke off before any task."""
    return _short(runner.stdout.read()[-MOST_WORDS:])


def _results(events: Iterable[Mapping[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [event["event_data"].get("res", {}) for event in events if event["event"] == kind]


def _ok(events: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The events of tasks, or of each turn of a task that goes round."""
    kinds = {"runner_on_ok", "runner_item_on_ok"}
    return [event for event in events if event["event"] in kinds]


def _failures(
    events: Iterable[Mapping[str, Any]],
) -> list[tuple[Mapping[str, Any], dict[str, Any]]]:
    kinds = {"runner_on_failed", "runner_item_on_failed"}
    return [
        (event, event["event_data"].get("res", {}))
        for event in events
        if event["event"] in kinds and not event["event_data"].get("ignore_errors")
    ]


def _changes(event: Mapping[str, Any]) -> Iterable[Change]:
    told = event["event_data"]
    result = told.get("res", {})
    if not result.get("changed") or "results" in result:
        return
    name = str(told.get("task", ""))
    diffs = result.get("diff") or []
    for diff in [diffs] if isinstance(diffs, Mapping) else diffs:
        before, after = _text(diff.get("before")), _text(diff.get("after"))
        if before != after:
            yield Change(name, _path(diff, result), before, after)


def _path(diff: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    for key in ("path", "dest"):
        if isinstance(result.get(key), str):
            return str(result[key])
    header = str(diff.get("before_header") or diff.get("after_header") or "")
    return re.sub(r" \(.*\)$", "", header)


def _text(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value or "", sort_keys=True, indent=1)
    return text[:MOST_CHARACTERS]


def _short(text: str) -> str:
    return " ".join(text.split())[-MOST_WORDS:]
