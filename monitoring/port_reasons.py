"""Why a port was not switched: sentences that the catalogue translates, and what fills them."""

from monitoring.reasons import Reason, because, in_english

__all__ = ["Reason", "because", "in_english"]

PLATFORM = "Ports of {platform} cannot be switched yet."
NAME = "{port} is no name of an interface that is switched."
NO_PORT = "The device has no interface {port}."
VLAN = "VLAN {vlan} is neither one of the renters' nor the parking VLAN."
TRUNK = "{port} is a trunk; only access ports are switched."
ROUTED = "{port} is a routed port or part of a bundle."
UNREAD = "The template of the platform cannot read in which VLAN {port} stands."
NEIGHBOUR = "A switch or router is connected to {port}."
NO_CONFIGURING = "The login may not configure the device."
COMPLAINT = "The device said to {command}: {told}."
BEYOND = "More would change than the port alone: {lines}."
NOT_HELD = "It was typed and does not hold: {lines}."
STUCK = "The port could not be brought back either."
NO_BRIDGE = "{port} is no port of a bridge."
NO_FILTERING = "The bridge of {port} does not keep VLANs apart (vlan_filtering 1)."
FOREIGN = "Something else limits or filters {port} already (tc); take it away first."
GONE_BACK = "The host took the change back before it was confirmed."
# What a broken rule does.
KEPT_SHUT = "It is kept shut while the device breaks {rules}."
SHUT_AFTER = "The device breaks {rules}: it stays on until the booking has ended, then it is shut."
# What ends a session before anything is known of the port.
SILENT = "The device did not answer over SSH in time."
CLOSED = "Nothing listens on the SSH port of the device."
LOGIN = "The device refuses the login; look at its credential."
KEY_CHANGED = "The device shows another SSH host key than the approved one; look at its page."
OUTDATED = "The device offers only outdated SSH; update it, or turn on legacy SSH on its page."
KEY_NEW = "The SSH host key of the device is not approved yet; approve it on its page."
BROKEN = "The session with the device broke off: {told}."
