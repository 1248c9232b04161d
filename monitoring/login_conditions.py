"""Whether devices refuse the login that they left the factory with, as it was tried last. Pure."""

from datetime import timedelta
from typing import Literal

from config import clock
from monitoring.rules import Result
from monitoring.verdicts import Evidence, LoginTried, Verdict, all_, unseen

# A device that was reset since is as the factory left it.
BELIEVED = timedelta(days=365)


def factory_login(wanted: Literal["refused"], evidence: Evidence) -> Verdict:  # noqa: ARG001
    """Every page on which it was tried refused it; without a try nothing is asked."""
    if evidence.logins is None:
        return unseen(evidence, "login")
    return all_([_one(tried) for tried in evidence.logins])


def _one(tried: LoginTried) -> Verdict:
    # The day on which the operator pressed the button, as the page shows it.
    when = f"{tried.tried_at.astimezone(clock.LOCAL):%Y-%m-%d}"
    if tried.result == "accepted":
        line = f"{tried.endpoint}: the factory login of {tried.user} opens it"
        return Verdict(Result.FAIL, (f"{line} (tried on {when})",))
    if tried.result == "refused" and tried.at - tried.tried_at <= BELIEVED:
        line = f"{tried.endpoint}: the factory login of {tried.user} was refused on {when}"
        return Verdict(Result.PASS, (line,))
    told = tried.told or f"it was tried last on {when}"
    return Verdict(
        Result.UNKNOWN, reason=f"whether {tried.endpoint} refuses its factory login: {told}"
    )
