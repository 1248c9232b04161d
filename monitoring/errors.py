"""What the monitoring floor refuses."""

from config.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal


class UnknownDevice(NotFound):
    """There is no such device; look it up in the list of devices."""


class UnknownCredential(NotFound):
    """There is no such credential; add it first."""


class UnknownDeviceTest(NotFound):
    """There is no such test of this device; begin a new one."""


class UnknownSurvey(NotFound):
    """There is no such survey; look it up in the list of surveys."""


class SurveysOff(Conflict):
    """No network may be surveyed here; an administrator allows networks in the settings."""


class BadSurvey(Invalid):
    """The network cannot be surveyed; correct the value named."""


class SurveyGoesOn(Conflict):
    """A survey of {network} goes on at this site; wait for its end, or cancel it."""


class SurveyOver(Conflict):
    """The survey has ended already; begin a new one."""


class CandidateTaken(Conflict):
    """Another device has this name or this address already; look at the list again."""


class UnknownGuestAccess(NotFound):
    """The booking has no such Wi-Fi credential; look at its page."""


class GuestAccessOver(Conflict):
    """It opens nothing any more, and the booking has no time left for it; look at its page."""


class GuestAccessUnreadable(Conflict):
    """The passphrase cannot be opened; restore the key it was sealed with, or renew it."""


class GuestRefused(Refusal):
    """The guest is not let in; check name, passphrase and the time of the booking."""


class UnknownOutage(NotFound):
    """There is no such outage; look it up in the list of outages."""


class OutageOver(Conflict):
    """The device answers again; there is nothing left to look after."""


class UnknownProblem(NotFound):
    """There is no such problem; look it up in the list of problems."""


class ProblemOver(Conflict):
    """The problem is over already; there is nothing left to look after."""


class NotReady(Conflict):
    """Something of the booking is not ready; mend it, or let an operator sign for it."""


class BadSignature(Invalid):
    """Nobody can sign for that; look at what is not ready."""


class BadDevice(Invalid):
    """The device cannot be kept as described; correct the value named."""


class DeviceRetired(Conflict):
    """The device is out of use; take it back into use first."""


class BadAddress(BadDevice):
    """A device is addressed by number, such as 192.0.2.10 or 2001:db8::10."""


class BadLogin(Invalid):
    """The credential lacks something the device will ask for; complete it."""


class DeviceExists(Conflict):
    """Another device bears this name; choose another."""


class CredentialExists(Conflict):
    """Another credential bears this name; choose another."""


class CredentialInUse(Conflict):
    """Devices are asked with this credential; choose another there first."""


class CredentialUnreadable(Conflict):
    """The credential cannot be opened with the key in use; restore the key or enter it again."""


class UnknownVersion(NotFound):
    """There is no such version of the configuration; look it up in the device's list."""


class VersionUnreadable(Conflict):
    """The version cannot be opened with the keys in use; restore the key it is sealed with."""


class BadSearch(Invalid):
    """The search cannot be made as it is typed; correct it and search again."""


class UnknownRule(NotFound):
    """No rule of this id is in force; look for it in the list of policies."""


class UnknownViolation(NotFound):
    """There is no such violation; look it up in the list of violations."""


class ViolationMovedOn(Conflict):
    """The violation has moved on since you looked; look again before you decide."""


class BadWaiver(Invalid):
    """A waiver needs a reason and an end in the future, a year ahead at most."""


class UnknownWaiver(NotFound):
    """No waiver of this violation waits for an answer; look at the violation again."""


class WaiverAsked(Conflict):
    """A waiver of this violation waits for an answer already; decide that one first."""


class WaiverDecided(Conflict):
    """A colleague has decided this waiver already; look at the violation again."""


class OtherPersonNeeded(Conflict):
    """Whoever asks for this waiver cannot approve it; ask a colleague who may."""


class UnknownRemediation(NotFound):
    """There is no such remediation; look it up in the list of remediations."""


class NoRemedy(Invalid):
    """No playbook cures this rule on this platform, or the rule is kept again; see its cure."""


class RemediationMovedOn(Conflict):
    """The remediation has moved on since you looked; look again before you decide."""


class OtherDigest(Conflict):
    """It would change something else by now than what you looked at; look again, then approve."""


class SecondPerson(NotAllowed):
    """A risky remediation takes two people: somebody else than who asked for it must approve it."""


class UnknownHostKey(NotFound):
    """The device never showed this key; collect its evidence first, then approve what it shows."""


class UnknownAccessPort(NotFound):
    """There is no such access port; look it up in the list of circuits."""


class BadAccessPort(Invalid):
    """The port cannot serve that circuit; correct the value named."""


class AccessPortTaken(Conflict):
    """The port serves another circuit already; take it from that one first."""


class UnknownAlert(NotFound):
    """There is no such alert; look it up in the list of alerts."""


class AlertOver(Conflict):
    """The alert is over already; there is nothing left to look after."""


class UnknownSilence(NotFound):
    """There is no such silence; look it up in the list of silences."""


class BadSilence(Invalid):
    """A silence needs a reason and an end within 30 days, of one device or one site."""


class UnknownShift(NotFound):
    """There is no such shift; look it up in the on-call list."""


class BadShift(Invalid):
    """A shift is of an operator and ends after it begins; correct the value named."""


class ShiftTaken(Conflict):
    """Somebody is on call at that time already; change that shift instead."""


class UnknownDelivery(NotFound):
    """There is no such message; look it up in the list of deliveries."""


class UnknownEndpoint(NotFound):
    """There is no such endpoint; look it up on the page of its device."""


class BadEndpoint(Invalid):
    """The endpoint cannot be kept as described; correct the value named."""


class FactoryLoginUnknown(Invalid):
    """No factory login is on record for its maker; write the vendor, or add it to config/logins."""


class FactoryLoginRecent(Conflict):
    """It was tried within a day, and once more might lock the account; try again tomorrow."""


class InUse(Conflict):
    """An event uses the device just now; wait until it is over."""


class EndpointExists(Conflict):
    """The device has an endpoint of this name already; choose another."""
