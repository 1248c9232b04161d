"""The simulated devices through the service's own probes: what the demo's poller will see."""

import asyncio

import pytest

from monitoring import audit
from monitoring.policy import Result
from monitoring.probes import linux, snmp, ssh
from monitoring.probes.logins import (
    AuthProtocol,
    PrivacyProtocol,
    SnmpCommunity,
    SnmpUser,
    SshLogin,
)
from monitoring.probes.outcomes import Target
from monitoring.probes.reading import Reading
from monitoring.probes.ssh import PinnedKey, SshTarget
from portal.demo import devices
from portal.demo.agents import Agent
from portal.demo.hosts import ANSWERS, SSHD_T
from portal.demo.simulators import Plan, fleet
from portal.demo.ssh_server import SshServer
from portal.demo.ssh_switch import SshSwitch, sample_config


def target(agent: Agent) -> Target:
    login = SnmpCommunity(devices.COMMUNITY)
    if agent.device.secure:
        login = SnmpUser(
            devices.V3_USER,
            AuthProtocol.SHA256,
            devices.V3_AUTH,
            PrivacyProtocol.AES128,
            devices.V3_PRIV,
        )
    return Target("127.0.0.1", port=agent.port, login=login)


def pinned(host: SshServer, **over) -> SshTarget:
    algorithm, _, key = host.public_key.partition(" ")
    return SshTarget(
        "127.0.0.1",
        SshLogin(host.username, host.password),
        PinnedKey(algorithm, key),
        port=host.port,
        seconds=20,
        **over,
    )


def test_the_poller_reads_every_device_without_a_complaint():
    async def poll():
        with fleet(Plan(base_port=0, silence=None)) as running:
            agents = running.agents
            asked = (snmp.read(target(agent)) for agent in agents.values())
            return dict(zip(agents, await asyncio.gather(*asked), strict=True))

    sensors = {}
    for name, outcome in asyncio.run(poll()).items():
        assert isinstance(outcome.value, Reading), (name, outcome.value)
        assert not outcome.value.problems, (name, outcome.value.problems)
        sensors[name] = {sensor.name for sensor in outcome.value.sensors()}
    # The shipped profiles tell more than the standard tables.
    assert sensors["SW-CORE-01"] >= {"memory Processor", "Inlet", "Fan 1 state"}
    assert sensors["SRV-STREAM-01"] >= {"memory free", "Load-5"}
    assert sensors["UPS-01"] >= {"battery charge", "output source"}


@pytest.mark.parametrize("platform", ["cisco_ios"])
def test_the_switch_gives_its_configuration_to_the_probe_and_is_lax_in_two_places(platform):
    with SshSwitch() as switch:
        text = ssh.read_config(pinned(switch, platform=platform))
    assert isinstance(text, str), text
    failed = {f.rule for f in audit.audit(text, platform) if f.result is Result.FAIL}
    # Telnet, and the community: a guessed name, and a version without privacy.
    assert failed == {"N01", "N03", "N05"}


def test_the_cures_of_the_rules_make_the_switch_lawful():
    with SshSwitch() as switch:
        cures = "no snmp-server community public", "line vty 0 15", "transport input ssh"
        blocks = None
        for line in cures:
            if line.startswith("line"):
                blocks = switch.running.open(line)
            else:
                switch.running.edit(line, blocks)
        findings = audit.audit(switch.config, "cisco_ios")
    assert not audit.has_failed(findings)
    assert audit.has_failed(audit.audit(sample_config(), "cisco_ios"))


def test_the_linux_host_tells_the_probe_how_its_ssh_server_stands():
    with SshServer(answers=ANSWERS) as host:
        texts = linux.read_host(pinned(host, platform="linux"))
    assert texts.sshd == SSHD_T
    assert "0.0.0.0:443" in texts.ports
    assert not audit.has_failed(audit.audit(texts.sshd, "linux"))
