"""Conditions over what devices show: sshd, ports, host keys, and what the poller read. Pure."""

import re

from monitoring.rules import Bounds, Refused, Result, SnmpValue, SshdOption, Train
from monitoring.verdicts import Evidence, Verdict, unseen

_DSA = "ssh-dss"
_RSA = "ssh-rsa"


def sshd_option(wanted: SshdOption, evidence: Evidence) -> Verdict:
    """An option has the value for everybody, under each `Match` as well."""
    if evidence.sshd is None:
        return unseen(evidence, "sshd")
    values = evidence.sshd.values(wanted.key)
    broken = [pair for pair in values if not _accepts(wanted, pair[1])]
    if broken:
        return Verdict(Result.FAIL, _sshd_lines(wanted.key, broken))
    # An option under Match alone says nothing of everybody else.
    if not any(where == "" for where, _ in values):
        reason = evidence.sshd.problem or f"{wanted.key} is not stated"
        return Verdict(Result.UNKNOWN, _sshd_lines(wanted.key, values), reason)
    if evidence.sshd.problem:
        return Verdict(Result.UNKNOWN, _sshd_lines(wanted.key, values), evidence.sshd.problem)
    return Verdict(Result.PASS, _sshd_lines(wanted.key, values))


def _sshd_lines(key: str, values: list[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(
        f"{key.lower()} {value}" + (f" (Match {where})" if where else "") for where, value in values
    )


def _accepts(wanted: SshdOption, value: str) -> bool:
    if wanted.without is not None:
        return not any(wanted.without.search(word) for word in value.split(","))
    if wanted.at_most is not None or wanted.at_least is not None:
        bounds = Bounds(at_most=wanted.at_most, at_least=wanted.at_least)
        return value.isdecimal() and bounds.hold(int(value))
    accepted = wanted.one_of or (wanted.equals or "",)
    return value.lower() in {word.lower() for word in accepted}


def ports_within(allowed: tuple[int, ...], evidence: Evidence) -> Verdict:
    """Nothing reachable listens on another port."""
    if evidence.listeners is None:
        return unseen(evidence, "ports")
    outside = [
        port for port in evidence.listeners if port.is_reachable and port.port not in allowed
    ]
    if outside:
        return Verdict(Result.FAIL, tuple(map(str, outside)))
    return Verdict(Result.PASS, tuple(map(str, evidence.listeners)))


def port_closed(port: int, evidence: Evidence) -> Verdict:
    """Tried from outside; where nobody tried, the condition does not take part."""
    if evidence.open_ports is None or port not in evidence.open_ports:
        return Verdict(Result.NOT_APPLICABLE)
    if evidence.open_ports[port]:
        return Verdict(Result.FAIL, (f"tcp/{port} answers",))
    return Verdict(Result.PASS, (f"tcp/{port} is closed",))


def host_key(_: str, evidence: Evidence) -> Verdict:
    """The key that was shown is the approved one."""
    if evidence.host_key_is_pinned is None:
        return unseen(evidence, "host_key")
    if evidence.host_key_is_pinned:
        return Verdict(Result.PASS)
    reason = evidence.missing.get("host_key", "the host key is not the approved one")
    return Verdict(Result.FAIL, (reason,))


def rsa_bits(least: int, evidence: Evidence) -> Verdict:
    """The host key is no DSA key, and an RSA key is long enough (bits)."""
    if evidence.host_key is None:
        return unseen(evidence, "host_key")
    algorithm, bits = evidence.host_key
    shown = (f"{algorithm} {bits} bits",)
    if algorithm == _DSA or (algorithm == _RSA and bits < least):
        return Verdict(Result.FAIL, shown)
    return Verdict(Result.PASS, shown)


def saved(_: bool, evidence: Evidence) -> Verdict:  # noqa: FBT001  # the value of a YAML key
    """A restart brings the configuration that runs now."""
    if evidence.unsaved_lines is None:
        return unseen(evidence, "startup")
    if evidence.unsaved_lines:
        return Verdict(Result.FAIL, (f"{evidence.unsaved_lines} lines differ from startup",))
    return Verdict(Result.PASS, ("running is startup",))


def unbooked_traffic(_: str, evidence: Evidence) -> Verdict:
    """No port of a circuit carries what nobody booked; without such a port nothing is asked."""
    if evidence.port_traffic is None:
        return unseen(evidence, "traffic")
    found = tuple(one.unbooked for one in evidence.port_traffic if one.unbooked)
    if found:
        return Verdict(Result.FAIL, found)
    if not evidence.port_traffic:
        return Verdict(Result.NOT_APPLICABLE)
    silent = [one.port for one in evidence.port_traffic if not one.is_measured]
    if silent:
        return Verdict(Result.UNKNOWN, reason=f"not measured lately: {', '.join(silent)}")
    return Verdict(Result.PASS, tuple(one.port for one in evidence.port_traffic))


def communities_refused(wanted: Refused, evidence: Evidence) -> Verdict:
    """The agent answers to none of them; what was not tried was not seen."""
    tried = evidence.communities or {}
    if answering := [name for name in wanted.communities if tried.get(name)]:
        return Verdict(Result.FAIL, tuple(f"the agent answers to {name}" for name in answering))
    if any(name not in tried for name in wanted.communities):
        return Verdict(wanted.if_unseen, reason="the communities were not tried")
    return Verdict(Result.PASS, tuple(f"no answer to {name}" for name in wanted.communities))


def snmp_value(wanted: SnmpValue, evidence: Evidence) -> Verdict:
    """What the poller read last fits."""
    if evidence.snmp is None or wanted.name not in evidence.snmp:
        return unseen(evidence, "snmp")
    value = evidence.snmp[wanted.name]
    result = Result.PASS if wanted.fits.search(value) else Result.FAIL
    return Verdict(result, (f"{wanted.name} = {value}",))


def firmware(trains: tuple[Train, ...], evidence: Evidence) -> Verdict:
    """The release is not older than the oldest that may run in its train; the first train counts.

    Unknown for a train that no line speaks of: what was not judged has not passed.
    """
    if evidence.snmp is None or not evidence.snmp.get("sysDescr"):
        return unseen(evidence, "snmp")
    told = " ".join(evidence.snmp["sysDescr"].split())
    for train in trains:
        found = train.version.search(told) if train.where.search(told) else None
        if found is not None:
            release = found[1] if train.version.groups else found[0]
            is_new = _parts(release) >= _parts(train.at_least)
            shown = (f"{release}, at least {train.at_least}",)
            return Verdict(Result.PASS if is_new else Result.FAIL, shown)
    return Verdict(Result.UNKNOWN, reason="no least release is on record for this firmware")


def _parts(release: str) -> list[tuple[int, str]]:
    """17.9.4a → 17, 9, 4, a: numbers by size, letters by alphabet, what goes on comes after."""
    return [
        (int(part), "") if part.isdecimal() else (-1, part.casefold())
        for part in re.findall(r"[0-9]+|[A-Za-z]+", release)
    ]
