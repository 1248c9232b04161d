"""Conditions over how a Linux host is kept: services that run, updates that wait. Pure."""

from monitoring.rules import Result, UpToDate
from monitoring.verdicts import Evidence, Verdict, unseen

MOST_SHOWN = 20


def services_active(groups: tuple[tuple[str, ...], ...], evidence: Evidence) -> Verdict:
    """Of each group at least one service is active."""
    if evidence.services is None:
        return unseen(evidence, "services")
    lacking = [group for group in groups if not evidence.services.intersection(group)]
    if lacking:
        return Verdict(Result.FAIL, tuple(f"not active: {' or '.join(one)}" for one in lacking))
    active = [name for group in groups for name in group if name in evidence.services]
    return Verdict(Result.PASS, tuple(f"{name} is active" for name in active))


def up_to_date(wanted: UpToDate, evidence: Evidence) -> Verdict:
    """No security update waits, and what runs is what is installed.

    Unknown where nothing is known to wait, but from a list that is too old to tell.
    """
    host = evidence.upkeep
    if host is None:
        return unseen(evidence, "updates")
    lines = [f"a security update waits: {name}" for name in host.updates[:MOST_SHOWN]]
    if len(host.updates) > MOST_SHOWN:
        lines.append(f"and {len(host.updates) - MOST_SHOWN} more")
    if host.installed and host.running and host.installed != host.running:
        lines.append(f"kernel {host.running} runs, {host.installed} is installed")
    if host.must_restart:
        lines.append("the host asks for a restart")
    if lines:
        return Verdict(Result.FAIL, tuple(lines))
    if host.list_days is None:
        return Verdict(Result.UNKNOWN, reason="how old the host's list of packages is, is not told")
    if host.list_days > wanted.list_days:
        reason = f"the host's list of packages is {host.list_days} days old"
        return Verdict(Result.UNKNOWN, reason=reason)
    return Verdict(Result.PASS, ("no security update waits",))
