"""`media-center probe` speaks every version of SNMP and prints the same shape for all."""

import json

import click.testing
import pytest

from portal.cli.devices import probe
from tests.monitoring import agents
from tests.monitoring.agents import READING_KEYS

SECRETS = ["--auth-password", agents.AUTH_PASSWORD]
PRIVATE = [*SECRETS, "--privacy-password", agents.PRIVACY_PASSWORD]


def run(*words: str) -> click.testing.Result:
    return click.testing.CliRunner().invoke(probe, [*words, "--json"])


@pytest.mark.parametrize(
    "asked",
    [
        ["--version", "1", "--community", agents.COMMUNITY],
        ["--version", "2c", "--community", agents.COMMUNITY],
        ["--community", agents.COMMUNITY],
        ["--user", "demo-noauth"],
        ["--version", "3", "--user", "demo-auth", *SECRETS],
        ["--user", agents.USER, *PRIVATE],
        ["--user", "demo-sha256", "--auth-protocol", "sha256", *PRIVATE],
        ["--user", "demo-aes256", "--auth-protocol", "sha512", "--privacy-protocol", "aes256",
         *PRIVATE],
    ],
)  # fmt: skip
def test_every_version_and_security_level_is_spoken(agent: agents.Agent, asked: list[str]) -> None:
    ran = run(f"127.0.0.1:{agent.port}", *asked)
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.output)
    assert set(told) == READING_KEYS
    assert told["system"]["name"] == "test-agent"
    assert "lo" in [port["name"] for port in told["interfaces"]]
    assert told["storage"]
    assert {sensor["name"] for sensor in told["sensors"]} >= {"memory free", "Load-1"}
    assert told["problems"] == []


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        (["--version", "2c", "--user", "somebody"], "--community"),
        (["--version", "3"], "--user"),
        (["--user", "demo-auth", "--auth-password", "short"], "8"),
    ],
)
def test_what_does_not_fit_together_is_refused_before_anything_is_sent(
    asked: list[str], says: str
) -> None:
    ran = run("127.0.0.1:9", *asked)
    assert ran.exit_code != 0
    assert says in f"{ran.output} {ran.exception}"


def test_a_silent_address_prints_the_same_keys_and_exits_with_1() -> None:
    ran = run("127.0.0.1:9", "--timeout", "0.2")
    told = json.loads(ran.output)
    assert ran.exit_code == 1
    assert set(told) == READING_KEYS
    assert told["reachable"] is False
    assert told["problems"]
