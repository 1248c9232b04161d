"""What probes and devices told, in the language of the page.

They tell it in English, as it is kept, logged and given over the API. Here each of their sentences
is known again by its fixed words, and what filled its places goes into the translation. What is
not known stays as it was told: words of a device have no other language.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache

from flask_babel import gettext

from config.errors import filled
from monitoring.rules import Rule, Source

# Marks a sentence for the catalogue; it is translated where it is shown.
_: Callable[[str], str] = str

# {why} is told in sentences of this list itself.
TOLD = (
    # SNMP
    _("no answer from {where} in {seconds} s, {tries} times: it is down, a firewall drops SNMP, or"
      " the community is wrong"),
    _("no answer from {where} in {seconds} s, {tries} times: it is down, a firewall drops SNMP, or"
      " the privacy password is wrong"),
    _("nothing listens on {where}; is SNMP enabled there?"),
    _("{where} refuses the SNMPv3 user: check its name, passwords and security level"),
    _("{where} answers, but not in SNMP: {told}"),
    _("{where} answers but tells nothing, not even its uptime: check which view the credential may"
      " read"),
    _("{where} cannot be reached: {told}"),
    _("{where} cannot be asked: {told}"),
    _("the time for this device is spent"),
    _("the probe itself failed: {told}"),
    _("The credential {name} is for SSH, not for SNMP."),
    # SSH
    _("the host refuses the login"),
    _("the private key of the credential cannot be read"),
    _("nothing listens on the SSH port"),
    _("the host does not answer on the SSH port"),
    _("the host shows {fingerprint}, which is not the approved key"),
    _("the host key {fingerprint} is not approved; compare it and approve it"),
    _("nobody has approved its host key yet"),
    _("its SSH host key is not approved yet"),
    _("the host did not finish its answer in time"),
    _("the login may not read the configuration"),
    _("the configuration was cut before its end"),
    _("the host gave an empty configuration"),
    _("the host carries out none of: {commands}"),
    _("neither apt-get nor dnf told in time what waits"),
    _("no SSH login is on record"),
    _("the credential is not an SSH login"),
    _("no command is known for {platform}"),
    _("nothing is known to ask of {platform}"),
    _("{kind} in the probe"),
    _("broke off: {kind}"),
    _("legacy SSH is not installed where this worker runs; run make legacy-ssh there"),
    _("legacy SSH could not be started: {told}"),
    _("the program for legacy SSH broke off"),
    _("the program for legacy SSH answered rubbish"),
    # Endpoints
    _("no answer within {seconds} s"),
    _("no TLS: {told}"),
    _("the host hung up: {told}"),
    _("not reachable: {told}"),
    _("nothing listens on the port"),
    _("the port is open and should be closed"),
    _("the name {name} is not known"),
    _("{name} has no address"),
    _("{address} is this machine or its link; that is not asked"),
    _("the host hung up in the middle of its answer"),
    _("the host hung up without an answer"),
    _("the host sends more than it was asked for"),
    _("the head of the answer has no end"),
    _("the head of the answer was cut"),
    _("a line of the answer has no end"),
    _("a piece of the page has no size"),
    _("the page lacks the word {word}"),
    _("status {status}, expected {wanted}"),
    _("no answer of {protocol}: {told}"),
    _("not RTMP: it begins with the byte {byte}"),
    _("connect is refused: {told}"),
    _("the server answers everything but the question"),
    _("a message of {size} bytes"),
    _("a chunk that belongs to no message"),
    _("a chunk size of {size}"),
    _("{question}: status {status}"),
    _("the answer belongs to another question"),
    _("the description has no length that can be read"),
    _("the listener rejects the caller ({code})"),
    _("the answer is no induction"),
    _("the server shows no certificate"),
    _("the certificate cannot be read"),
    # Findings
    _("no evidence was collected: {source}"),
    _("the configuration does not say"),
    _("this is not a configuration that the platform writes"),
    _("a brace is closed that was not opened"),
    _("a brace is not closed"),
    _("groups are applied inside the configuration"),
    _("a group is applied that is not there"),
    _("the file includes others that were not given; give the output of sshd -T"),
    _("this is not the configuration of an SSH server"),
    _("not measured lately: {ports}"),
    _("the communities were not tried"),
    _("no least release is on record for this firmware"),
    # Findings about TLS
    _("nothing is known of {endpoint}: {why}"),
    _("it has not been asked yet"),
    _("it was seen last on {moment}"),
    _("it is not known whether {endpoint} offers {versions}"),
    _("{endpoint}: the certificate ended on {day}"),
    _("{endpoint}: the certificate is not valid before {moment}"),
    _("{endpoint}: the certificate ends on {day}, within a day"),
    _("{endpoint}: the certificate ends on {day}, in 1 day"),
    _("{endpoint}: the certificate ends on {day}, in {days} days"),
    _("{endpoint}: the certificate ends on {day}"),
    _("{endpoint}: the certificate ends on {day}; it offers {versions}"),
    _("{endpoint}: no authority vouches for the certificate: {told}"),
    _("{endpoint}: the certificate does not name the host"),
    _("{endpoint}: the certificate is weak: {told}"),
    _("{endpoint}: it offers {versions}"),
    # Factory logins
    _("{endpoint}: the factory login of {user} opens it (tried on {date})"),
    _("{endpoint}: the factory login of {user} was refused on {date}"),
    _("whether {endpoint} refuses its factory login: {why}"),
    _("it was tried last on {date}"),
    _("the worker died while it was tried, and nobody knows the answer"),
    _("its maker has no factory login on record any more"),
    _("the page asks for no login by HTTP: status {status}"),
    _("its way to sign in is not known: {told}"),
    _("status {status} after it"),
    # Remediations
    _("waits until {reference} is over"),
    _("there is nothing to change"),
    _("it would change something else than what was approved; approve it anew"),
    _("the worker died half way; {why}"),
    _("{why}; it could not be taken back: {then}"),
    _("it broke {rules}"),
    _("{rule} is fail after it"),
    _("{rule} is unknown after it"),
    _("{rule} is waived after it"),
    _("{rule} is not_applicable after it"),
    _("Ansible is not installed where this worker runs; install ansible-core"),
    _("Ansible could not be run: {told}"),
    _("playbooks do not reach devices that need legacy SSH"),
    _("the playbook took more than {seconds} seconds"),
    _("{address} lets nobody in: {told}"),
)  # fmt: skip
ITSELF_TOLD = {"why", "then"}
# Where evidence comes from, in words.
SOURCES = {
    Source.CONFIG: _("the running configuration"),
    Source.STARTUP: _("the startup configuration"),
    Source.SSHD: _("the options of sshd"),
    Source.PORTS: _("the open ports"),
    Source.SNMP: _("answers over SNMP"),
    Source.VERSION: _("the version of the firmware"),
    Source.HOST_KEY: _("the SSH host key"),
    Source.TRAFFIC: _("the traffic of its ports"),
    Source.TLS: _("secure endpoints"),
    Source.LOGIN: _("factory logins that were tried"),
    Source.SERVICES: _("the services that run"),
    Source.UPDATES: _("updates that wait"),
}
LONGEST = 1000
# Of several endpoints each is told by itself.
NEXT = re.compile(r"; (?=nothing is known of |it is not known whether )")
PLACE = re.compile(r"\{([a-z]+)\}")


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    """Each sentence as a pattern; those with the most fixed words first."""
    by_words = sorted(TOLD, key=lambda one: -len(PLACE.sub("", one)))
    return [(re.compile(_pattern(template), re.DOTALL), template) for template in by_words]


def _pattern(template: str) -> str:
    parts = PLACE.split(template)
    return "".join(
        f"(?P<{part}>.+?)" if number % 2 else re.escape(part) for number, part in enumerate(parts)
    )


def told_words(sentence: str | None) -> str:
    """A sentence that was kept in English, in the language of the page; "" for none."""
    if not sentence or len(sentence) > LONGEST:
        return sentence or ""
    parts = NEXT.split(sentence)
    return "; ".join(map(_told, parts))


def _told(sentence: str) -> str:
    for pattern, template in _patterns():
        if found := pattern.fullmatch(sentence):
            values = {name: _value(name, value) for name, value in found.groupdict().items()}
            return filled(gettext(template), values)
    return sentence


def _value(name: str, told: str) -> str:
    """What fills a place: sentences and sources have a language, the rest has none."""
    if name in ITSELF_TOLD:
        return told_words(told)
    if name == "source" and told in SOURCES:
        return gettext(SOURCES[Source(told)])
    return told


def told_lines(lines: Sequence[str], rule: Rule | None) -> str:
    """What a finding rests on, line by line; what a device wrote itself stays as it wrote it."""
    is_ours = rule is not None and rule.evidence in (Source.TLS, Source.LOGIN)
    return "\n".join(map(told_words, lines) if is_ours else lines)


FOR_TEMPLATES = {"told_words": told_words, "told_lines": told_lines}
