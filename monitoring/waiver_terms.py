"""Which waivers one person may decide alone: `config/waivers/terms.yml`."""

from functools import cache

from pydantic import BaseModel, ConfigDict, Field

from config import documents
from monitoring.rules import Severity

FILE = documents.HOME / "waivers" / "terms.yml"


class WaiverTerms(BaseModel):
    """The severities of which a waiver is asked for by one person and approved by another."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    second_person: tuple[Severity, ...] = ()
    source: str = Field(min_length=1)

    def take_two(self, severity: Severity) -> bool:
        """Whether a waiver of this severity takes two people."""
        return severity in self.second_person


@cache
def load() -> WaiverTerms:
    """The terms as they were when this process first asked; raises BadDocument."""
    return documents.read(FILE, WaiverTerms)
