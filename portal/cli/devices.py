"""`probe`, `audit` and `redact`: one device or one file, without a database."""

import json
import os
import socket
import sys
from enum import StrEnum
from pathlib import Path
from typing import Any

import click

from config import documents
from config.errors import Invalid
from monitoring import audit as auditing
from monitoring.policy import Finding, Result
from monitoring.probes import snmp
from monitoring.probes.logins import (
    AuthProtocol,
    CommunityVersion,
    PrivacyProtocol,
    SnmpCommunity,
    SnmpLogin,
    SnmpUser,
)
from monitoring.probes.outcomes import Failure, FailureKind, Target
from monitoring.redaction import redact as redacted


class BadAddress(Invalid):
    """An address is written 192.0.2.1, 192.0.2.1:1161, [2001:db8::1]:161 or a host name."""


def split_address(text: str) -> tuple[str, int]:
    """Address and port of what was typed; the port of SNMP where none was.

    >>> split_address("[2001:db8::1]:1161")
    ('2001:db8::1', 1161)
    """
    if text.startswith("["):
        host, _bracket, rest = text[1:].partition("]")
        port = rest.removeprefix(":")
    elif text.count(":") > 1:
        host, port = text, ""
    else:
        host, _colon, port = text.partition(":")
    if not host or (port and not (port.isdecimal() and 0 < int(port) < 65536)):
        raise BadAddress
    return host, int(port or 161)


def _one_of(words: type[StrEnum]) -> click.Choice[str]:
    return click.Choice([word.value for word in words], case_sensitive=False)


def _login(asked: dict[str, Any]) -> SnmpLogin:
    """SNMPv3 where a user is named, v2c otherwise; passwords may come from the environment."""
    version = asked["version"] or ("3" if asked["user"] else "2c")
    if version != "3":
        if asked["user"]:
            raise Invalid("Users are of SNMPv3: give --version 3, or --community instead of --user")
        return SnmpCommunity(asked["community"], CommunityVersion(f"v{version}"))
    if not asked["user"]:
        raise Invalid("SNMPv3 asks who is asking: give --user.")
    return SnmpUser(
        asked["user"],
        AuthProtocol(asked["auth_protocol"]),
        asked["auth_password"],
        PrivacyProtocol(asked["privacy_protocol"]),
        asked["privacy_password"],
    )


def _asked(host: str, port: int, login: SnmpLogin, timeout: float) -> dict[str, Any]:
    """What the device tells; devices are asked by number, so a name is looked up first."""
    try:
        numeric = str(socket.getaddrinfo(host, None, type=socket.SOCK_DGRAM)[0][4][0])
    except (OSError, UnicodeError):
        unknown = f"no address is known for {host!r}; check the name, or write the address"
        return Failure(FailureKind.REFUSED, unknown).as_json()
    return snmp.ask(Target(numeric, port, login, timeout=timeout)).as_json()


@click.command()
@click.argument("address")
@click.option("--version", type=click.Choice(["1", "2c", "3"]), help="Else 3 with --user, or 2c.")
@click.option("--community", default="public", envvar="SNMP_COMMUNITY", help="SNMP v1 and v2c.")
@click.option("--user", help="SNMPv3 user.")
@click.option("--auth-protocol", type=_one_of(AuthProtocol), default="sha")
@click.option("--auth-password", envvar="SNMP_AUTH_PASSWORD", help="Or SNMP_AUTH_PASSWORD.")
@click.option("--privacy-protocol", type=_one_of(PrivacyProtocol), default="aes128")
@click.option("--privacy-password", envvar="SNMP_PRIVACY_PASSWORD", help="Or SNMP_PRIVACY_…")
@click.option("--timeout", type=click.FloatRange(0.1, 60), default=2.0, help="Seconds a request.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def probe(address: str, timeout: float, *, as_json: bool, **asked: Any) -> None:
    """Ask the device at ADDRESS[:PORT] by SNMP and print its reading; exit 1 if it is silent."""
    told = _asked(*split_address(address), _login(asked), timeout)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
    else:
        _print_reading(told)
    sys.exit(0 if told["reachable"] else 1)


def _print_reading(told: dict[str, Any]) -> None:
    system = told["system"]
    if told["reachable"]:
        click.secho(system["name"] or "(no name)", bold=True)
        click.echo(f"{system['description'] or ''}\nup {system['uptime_seconds'] or '?'} s")
    for port in told["interfaces"]:
        click.echo(
            f"  {port['index']:>5} {port['name'] or '':<24} {port['oper_status'] or '?':<14}"
            f" {(port['speed_bps'] or 0) / 1e6:>8.0f} Mbit/s"
        )
    for sensor in told["sensors"]:
        click.echo(f"  {sensor['name']}: {sensor['value']} {sensor['unit'] or ''}")
    for problem in told["problems"]:
        click.secho(problem, fg="yellow", err=True)


@click.command()
@click.option(
    "--config", "file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@click.option("--platform", required=True, help="cisco_ios, linux …")
@click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
def audit(file: Path, platform: str, *, as_json: bool) -> None:
    """Judge a configuration file by the policies, offline; exit 1 if anything fails."""
    findings = auditing.audit(documents.read_text(file), platform)
    if as_json:
        click.echo(auditing.as_json(findings))
    else:
        for finding in findings:
            _print_finding(finding)
    sys.exit(1 if auditing.has_failed(findings) else 0)


def _print_finding(finding: Finding) -> None:
    colour = {Result.FAIL: "red", Result.PASS: "green"}.get(finding.result, "yellow")
    click.secho(f"{finding.result:<15}", fg=colour, nl=False)
    click.echo(f" {finding.severity:<9} {finding.rule}")
    for line in finding.evidence:
        click.echo(f"{'':<26}{line}")


@click.command()
@click.option("--platform", required=True, help="cisco_ios, linux …")
def redact(platform: str) -> None:
    """Print the configuration on standard input without its secrets."""
    try:
        text = sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        raise Invalid(f"Byte {wrong.start} is not UTF-8; convert the file first.") from wrong
    try:
        sys.stdout.write(redacted(platform, text))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads us has seen enough; Python would complain once more at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
