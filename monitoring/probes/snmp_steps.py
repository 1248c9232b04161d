"""Tests whether a device answers by SNMP, and if not, why exactly."""

from collections.abc import Iterator

from monitoring.probes import snmp, usm_steps
from monitoring.probes.logins import SnmpCommunity, SnmpUser
from monitoring.probes.outcomes import Failure, FailureKind, Outcome, Target
from monitoring.probes.reading import Reading
from monitoring.probes.steps import Finding, Stage, Step, Verdict
from monitoring.probes.usm_steps import Report

_PLAIN = {
    FailureKind.REFUSED: Finding.SNMP_CLOSED,
    FailureKind.MALFORMED: Finding.SNMP_GARBLED,
    FailureKind.PARTIAL: Finding.SNMP_NO_VIEW,
}
_REPORTS = {
    Report.UNKNOWN_USER: Finding.UNKNOWN_USER,
    Report.WRONG_DIGEST: Finding.WRONG_AUTHENTICATION,
    Report.WRONG_CLOCK: Finding.WRONG_CLOCK,
    Report.WRONG_LEVEL: Finding.WRONG_LEVEL,
    Report.WRONG_PRIVACY: Finding.WRONG_PRIVACY,
    Report.SILENT: Finding.SNMP_SILENT,
}


def steps(target: Target) -> Iterator[Step]:
    """Whether it answers, then what it tells; the second only after the first."""
    outcome = snmp.ask(target)
    if isinstance(outcome.value, Failure):
        yield _refused(outcome, outcome.value)
        return
    reading = outcome.value
    layout = reading.layout
    told = {"name": layout.name or "–", "description": layout.description or "–"}
    yield Step(Stage.SNMP, Verdict.PASSED, Finding.SNMP_ANSWERS, outcome.seconds, told)
    yield _mibs(reading)


def _mibs(reading: Reading) -> Step:
    counts = {
        "interfaces": str(len(reading.interfaces())),
        "processors": str(len(reading.processors())),
        "storage": str(len(reading.storage())),
        "sensors": str(len(reading.sensors())),
    }
    if reading.problems or counts["interfaces"] == "0":
        lacking = {**counts, "problems": "; ".join(reading.problems) or "–"}
        return Step(Stage.MIBS, Verdict.DOUBTFUL, Finding.MIBS_LACKING, 0, lacking)
    return Step(Stage.MIBS, Verdict.PASSED, Finding.MIBS_TOLD, 0, counts)


def _refused(outcome: Outcome, failure: Failure) -> Step:
    target = outcome.target
    facts = {"address": target.address, "port": str(target.port), "told": failure.message}
    finding = _PLAIN.get(failure.kind, Finding.SNMP_FAILED)
    if failure.kind in (FailureKind.TIMEOUT, FailureKind.AUTHENTICATION):
        finding = _why(target)
    if isinstance(target.login, SnmpUser):
        facts["user"] = target.login.name
    return Step(Stage.SNMP, Verdict.FAILED, finding, outcome.seconds, facts)


def _why(target: Target) -> Finding:
    """An agent that hides its silence from a community tells its engine to everybody."""
    login = target.login
    if isinstance(login, SnmpCommunity):
        engine = usm_steps.discover(target.address, target.port, target.timeout)
        return Finding.SNMP_SILENT if engine is None else Finding.WRONG_COMMUNITY
    report = usm_steps.why(target.address, target.port, login, target.timeout)
    if report is Report.ACCEPTED:
        # The signed question passes where the encrypted one does not.
        return Finding.WRONG_PRIVACY if login.privacy_password else Finding.WRONG_LEVEL
    return _REPORTS.get(report, Finding.SNMP_FAILED)
