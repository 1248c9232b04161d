"""What is asked of devices over SSH: here, or apart from everything else where SSH is outdated.

Each call takes what its probe takes and gives what it gives, by whichever way the device needs.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from monitoring.port_blocks import PortSetting
from monitoring.probes import configurations, legacy, linux, ssh, ssh_steps, switching
from monitoring.probes.configurations import Configurations
from monitoring.probes.linux import HostTexts
from monitoring.probes.outcomes import Failure, FailureKind
from monitoring.probes.ssh import PinnedKey, SshTarget
from monitoring.probes.steps import Finding, Stage, Step, Verdict
from monitoring.probes.switched import Switched

R = TypeVar("R")
HOST_KEY_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Call(Generic[R]):
    """A probe that can be carried out apart: its name there, and the shape of its answer."""

    name: str
    function: Callable[..., R | Failure]
    shape: TypeAdapter[R]

    def of(self, target: SshTarget, *given: Any, **named: Any) -> R | Failure:
        """Ask the target the way it needs."""
        if target.is_legacy:
            return self.apart(target.seconds, target, *given, **named)
        return self.function(target, *given, **named)

    def apart(self, seconds: float, *given: Any, **named: Any) -> R | Failure:
        """Ask through the program for legacy SSH; what it answers is believed only in shape."""
        told = legacy.ask(self.name, given, named, seconds)
        if isinstance(told, Failure):
            return told
        try:
            if "failure" in told:
                return _FAILURE.validate_python(told["failure"])
            return self.shape.validate_python(told["answer"])
        except (ValidationError, KeyError, TypeError):
            return Failure(FailureKind.INTERNAL, "the program for legacy SSH answered rubbish")


def _steps(target: SshTarget) -> list[Step]:
    return list(ssh_steps.steps(target))


_FAILURE = TypeAdapter(Failure)
_TEXTS = TypeAdapter(dict[str, str])
_CONFIG = Call("config", ssh.read_config, TypeAdapter(str))
_COMMANDS = Call("commands", ssh.read_commands, _TEXTS)
_HOST_COMMANDS = Call("host_commands", linux.read_commands, _TEXTS)
_HOST = Call("host", linux.read_host, TypeAdapter(HostTexts))
_CONFIGURATIONS = Call("configurations", configurations.read, TypeAdapter(Configurations))
_SWITCH = Call("switch", switching.switch, TypeAdapter(Switched))
_KEY = Call("key", ssh.read_host_key, TypeAdapter(PinnedKey))
_STEPS = Call("steps", _steps, TypeAdapter(list[Step]))
_ALL: tuple[Call[Any], ...] = (
    _CONFIG,
    _COMMANDS,
    _HOST_COMMANDS,
    _HOST,
    _CONFIGURATIONS,
    _SWITCH,
    _KEY,
    _STEPS,
)
CALLS: Mapping[str, Call[Any]] = {call.name: call for call in _ALL}


def read_host_key(address: str, port: int, *, is_legacy: bool = False) -> PinnedKey | Failure:
    """The key a host shows, before any login."""
    if is_legacy:
        return _KEY.apart(HOST_KEY_SECONDS, address, port, is_legacy=True)
    return ssh.read_host_key(address, port)


def read_config(target: SshTarget) -> str | Failure:
    """The running configuration of a network device, secrets and all."""
    return _CONFIG.of(target)


def read_commands(target: SshTarget, commands: Mapping[str, str]) -> dict[str, str] | Failure:
    """What a device prints to each command, by its name; what it does not know is left out."""
    return (_HOST_COMMANDS if target.platform == "linux" else _COMMANDS).of(target, commands)


def read_host(target: SshTarget) -> HostTexts | Failure:
    """How the SSH server of a Linux host is configured, and where the host listens."""
    return _HOST.of(target)


def read_configurations(target: SshTarget) -> Configurations | Failure:
    """The running and the startup configuration of a network device."""
    return _CONFIGURATIONS.of(target)


def switch(
    target: SshTarget, setting: PortSetting, *, is_trial: bool = False
) -> Switched | Failure:
    """Make a port what the setting says; `is_trial` types nothing."""
    return _SWITCH.of(target, setting, is_trial=is_trial)


def try_login(target: SshTarget) -> Iterable[Step]:
    """Log in and carry out one command, step by step; apart, they come all at the end."""
    if not target.is_legacy:
        return ssh_steps.steps(target)
    told = _STEPS.of(target)
    if isinstance(told, Failure):
        facts = {"user": target.login.username, "told": told.message}
        return [Step(Stage.LOGIN, Verdict.FAILED, Finding.LOGIN_BROKEN, facts=facts)]
    return told
