"""What each step of a device's test found, in a sentence, and what to do next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _

from config.errors import filled
from monitoring.probes.steps import Finding, Stage, Verdict

STAGES = {
    Stage.ADDRESS: _("Address"),
    Stage.SNMP: _("SNMP"),
    Stage.MIBS: _("What it tells by SNMP"),
    Stage.HOST_KEY: _("SSH port and host key"),
    Stage.LOGIN: _("SSH login"),
    Stage.PROMPT: _("Prompt"),
    Stage.PRIVILEGE: _("Privilege"),
    Stage.COMMAND: _("One command"),
}
TONES = {
    Verdict.PASSED: ("good", "circle-check", _("Passed")),
    Verdict.DOUBTFUL: ("warn", "alert-triangle", _("Doubtful")),
    Verdict.FAILED: ("bad", "alert-octagon", _("Failed")),
    Verdict.SKIPPED: ("calm", "minus", _("Not tried")),
}
# Finding → what is so, and what to do next where something is to be done.
SAID: dict[Finding, tuple[Any, Any]] = {
    Finding.TCP_OPEN: (_("{address} answers: its port {port} is open."), None),
    Finding.TCP_CLOSED: (
        _("{address} is there: it refuses port {port}, so the way to it is open."), None
    ),
    Finding.TCP_SILENT: (
        _("Nothing comes back from {address}, port {port}."),
        _("It may be off, have another address, or a firewall drops what we send. The steps below"
          " say more."),
    ),
    Finding.NO_ROUTE: (
        _("There is no way to {address}: {told}."),
        _("Look at the address, and at the routes of the worker of this site."),
    ),
    Finding.NO_CREDENTIAL: (
        _("The device has no credential for this."),
        _("Choose one in the form of the device if it is to be asked this way."),
    ),
    Finding.CREDENTIAL_LOCKED: (
        _("The credential {credential} cannot be opened with the keys of this installation. The"
          " device was not asked."),
        _("Restore the key that it is sealed with, or enter the credential again."),
    ),
    Finding.SNMP_ANSWERS: (_("It answers as {name}: {description}"), None),
    Finding.SNMP_CLOSED: (
        _("{address} refuses UDP port {port}: no SNMP agent listens there."),
        _("Switch SNMP on in the device, or correct the SNMP port."),
    ),
    Finding.SNMP_SILENT: (
        _("No SNMP agent answers at {address}, UDP port {port}: it is silent to every question."),
        _("Switch SNMP on, and let this server's address through the device's access list and the"
          " firewalls between. A device that speaks SNMPv2c only is silent to a wrong community"
          " too."),
    ),
    Finding.SNMP_GARBLED: (
        _("What answers at UDP port {port} does not speak SNMP as it should: {told}"),
        _("Look which program listens at this port."),
    ),
    Finding.SNMP_NO_VIEW: (
        _("It answers, but hides what was asked for: {told}"),
        _("Widen the view of this community or user to 1.3.6.1.2.1 (read only)."),
    ),
    Finding.SNMP_FAILED: (
        _("SNMP failed: {told}"),
        _("Look at the device's own log at this minute."),
    ),
    Finding.WRONG_COMMUNITY: (
        _("An SNMP agent is there, but it is silent to this community."),
        _("Enter the community again; if it is right, add this server's address to the access list"
          " of the community."),
    ),
    Finding.UNKNOWN_USER: (
        _("The device does not know the SNMPv3 user {user}."),
        _("Create the user in the device, or correct the name in the credential."),
    ),
    Finding.WRONG_AUTHENTICATION: (
        _("The device knows the user {user}, but the authentication password or its algorithm is"
          " wrong."),
        _("Compare the algorithm (SHA, SHA-256 …) and enter the authentication password again."),
    ),
    Finding.WRONG_PRIVACY: (
        _("The authentication of {user} is right, but the privacy password or its algorithm is"
          " wrong."),
        _("Compare the algorithm (AES-128, AES-256 …) and enter the privacy password again."),
    ),
    Finding.WRONG_LEVEL: (
        _("The device does not let {user} in at this security level."),
        _("Give the user the level of the credential (authPriv where there is a privacy password),"
          " or leave out the password that the device does not ask for."),
    ),
    Finding.WRONG_CLOCK: (
        _("The device finds our question outside its time window: its clock or its number of boots"
          " went backwards."),
        _("Restart the device's SNMP agent; two devices must not bear the same engine id."),
    ),
    Finding.MIBS_TOLD: (
        _("It tells {interfaces} interfaces, {processors} processors, {storage} storage areas and"
          " {sensors} sensors."),
        None,
    ),
    Finding.MIBS_LACKING: (
        _("It tells {interfaces} interfaces, {processors} processors, {storage} storage areas and"
          " {sensors} sensors. What it lacks: {problems}"),
        _("Widen the view of this community or user, or write a device type for it."),
    ),
    Finding.SSH_CLOSED: (
        _("{address} refuses TCP port {port}: no SSH server listens there."),
        _("Switch SSH on in the device, or correct the SSH port."),
    ),
    Finding.SSH_SILENT: (
        _("Nothing answers at {address}, TCP port {port}."),
        _("Let this server's address through the firewalls and the device's access list."),
    ),
    Finding.SSH_GARBLED: (
        _("What listens at TCP port {port} does not speak SSH: {told}"),
        _("Look which program listens there."),
    ),
    Finding.SSH_OUTDATED: (
        _("It offers nothing but outdated SSH (SHA-1, old ciphers)."),
        _("Update the device. Where that cannot be, turn on legacy SSH for it: it is then asked by"
          " a program apart from all others."),
    ),
    Finding.KEY_APPROVED: (_("It shows the approved host key ({algorithm})."), None),
    Finding.KEY_NEW: (
        _("It shows a host key that nobody has approved: {algorithm} {shown}. No password was"
          " sent."),
        _("Compare the fingerprint at the device itself, approve it here, and test again."),
    ),
    Finding.KEY_CHANGED: (
        _("STOP: it shows another host key ({shown}) than the approved one ({approved}). No"
          " password was sent."),
        _("Somebody may stand between. Approve the new key only if you know why it changed."),
    ),
    Finding.LOGGED_IN: (_("Logged in as {user}."), None),
    Finding.LOGIN_REFUSED: (
        _("The device refuses the login of {user}."),
        _("Enter the user name and password or key again, and look whether the account is locked or"
          " an AAA server is away."),
    ),
    Finding.LOGIN_KEY_DAMAGED: (
        _("The private key on record for {user} cannot be read; the device was not asked."),
        _("Enter the whole key again in the credential, from its first line to its last."),
    ),
    Finding.LOGIN_BROKEN: (
        _("The login did not come about: {told}"),
        _("Look whether all lines of the device are taken, or it asks for more than a password."),
    ),
    Finding.PROMPT_SEEN: (_("Its prompt is {prompt}"), None),
    Finding.PROMPT_MISSING: (
        _("After the login no prompt came: {told}"),
        _("Look whether the platform of the device is chosen rightly."),
    ),
    Finding.PRIVILEGED: (_("The login may do what is needed; the prompt is {prompt}"), None),
    Finding.ENABLE_REFUSED: (
        _("The device does not grant privilege: {told}"),
        _("Enter the enable password again, or give the account its privilege."),
    ),
    Finding.COMMAND_RAN: (_("“{command}” was carried out and gave {lines} lines."), None),
    Finding.COMMAND_REFUSED: (
        _("The login may not carry out “{command}”: {told}"),
        _("Give the account the right to read the configuration."),
    ),
    Finding.COMMAND_CUT: (
        _("“{command}” came back incomplete: {told}"),
        _("Test again; if it stays so, look whether the platform is chosen rightly."),
    ),
    Finding.COMMAND_FAILED: (
        _("“{command}” failed: {told}"),
        _("Test again; if it stays so, look at the device's own log."),
    ),
    Finding.BROKE_OFF: (
        _("The test broke off by a fault of ours."),
        _("The log of the worker says why; tell whoever operates this service."),
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ToldStep:
    """One step as a page writes it."""

    stage: Any
    tone: str
    icon: str
    verdict: Any
    finding: Finding
    said: str
    next: str
    seconds: float
    facts: Mapping[str, str]


def told(step: Mapping[str, Any]) -> ToldStep:
    """A step of a row, in the language of the page."""
    tone, icon, verdict = TONES[Verdict(step["verdict"])]
    finding = Finding(step["finding"])
    said, then = SAID[finding]
    return ToldStep(
        STAGES[Stage(step["stage"])],
        tone,
        icon,
        verdict,
        finding,
        filled(str(said), step["facts"]),
        str(then) if then is not None else "",
        step["seconds"],
        step["facts"],
    )


def outcome(steps: list[ToldStep]) -> tuple[str, str]:
    """How a whole test ended: a tone and a sentence."""
    if any(step.tone == "bad" for step in steps):
        first = next(step for step in steps if step.tone == "bad")
        return "bad", gettext("Fails at: %(stage)s.", stage=first.stage)
    if any(step.tone == "warn" for step in steps):
        return "warn", gettext("It can be asked, but look at what is doubtful.")
    return "good", gettext("Everything that was tried works.")
