"""Why a remediation waits, went back or failed: sentences that the catalogue translates."""

import re

from monitoring import port_reasons
from monitoring.reasons import Reason, because

WAITS = "It waits until {booking} is over."
NOTHING = "There is nothing to change."
DIFFERS = "It would change something else than what was approved; approve it anew."
# What a look at the device after it told.
BROKE = "It broke {rules}."
STILL_BROKEN = "{rule} is still broken after it."
UNSEEN = "Whether {rule} is kept could not be read after it."
NOT_BACK = "It could not be taken back."
# What a worker found that came after one that died.
DIED = "The worker that applied it died half way."
UNCONFIRMED = "What it had changed was not confirmed on the host and was taken back."
TRIED_AGAIN = "It is tried again every minute, for an hour."
# Why nothing could be run.
NO_LOGIN = "The device has no SSH login that can be used; look at its credential."
LEGACY = "Playbooks do not reach devices that need legacy SSH."
NO_ANSIBLE = "Ansible is not installed where the worker runs; install ansible-core."
NOT_RUN = "Ansible could not be run: {told}."
BROKE_OFF = "The run broke off: {told}."
# How a run ended.
SHUT_OUT = "{address} lets nobody in: {told}."
SLOW = "The playbook took more than {seconds} seconds."
SAID = "The playbook failed: {told}."
SAID_NOTHING = "The playbook failed and gave no reason."
# What the shipped playbooks say.
KEPT_OUT_BY_KEY = "The server would no longer let {user} in by key."
KEPT_OUT_BY_WORD = "The server would no longer let {user} in by password."
NO_DROP_INS = "{file} includes no files of {folder}; set the options by hand."
MUTE = (
    "Nobody could read this host by SNMP afterwards; give the poller a community or a user of its"
    " own first."
)

# A sentence of a shipped playbook → ours; the groups fill its places.
KNOWN = (
    (r"the server would no longer let (?P<user>\S+) in by key", KEPT_OUT_BY_KEY),
    (r"the server would no longer let (?P<user>\S+) in by password", KEPT_OUT_BY_WORD),
    (r"(?P<file>\S+) includes no files of (?P<folder>\S+); set the options by hand", NO_DROP_INS),
    (r"nobody could read this host by SNMP afterwards\b.*", MUTE),
    (r"the host took it back before it was confirmed", port_reasons.GONE_BACK),
    (r"it was not confirmed", UNCONFIRMED),
)
PREFIX = re.compile(r"^(went back|not possible):\s*")


def of_playbook(said: str) -> Reason:
    """What a playbook gave as its reason; of those that are not shipped in their own words."""
    words = PREFIX.sub("", said)
    for pattern, template in KNOWN:
        if found := re.fullmatch(pattern, words):
            return because(template, **found.groupdict())
    return because(SAID, told=words) if words else because(SAID_NOTHING)
