"""The refusals of files of devices beside those that every file of rows may meet."""

from typing import Any

from config.errors import Conflict, Invalid, Refusal
from portal.pages.booking_files.errors import BadRow


class BadDeviceFile(Invalid):
    """Nothing was imported; correct the rows named and send the file again."""


class OtherOutcome(Conflict):
    """What would become of the file has changed since you looked; look again, then import it."""


class SameAddress(Conflict):
    """{name} has the address {address} already; look whether it is the same device."""


def object_to(problems: list[Refusal], template: str, **details: Any) -> None:
    """Put what is wrong with a row beside what was wrong with it before."""
    problems.append(BadRow(template, **details))
