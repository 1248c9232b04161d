"""Every key that an operator may write in `config/*/*.yml` stands in the reference."""

import re
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel

from billing.bookkeeping import Accounts
from billing.buyers import BuyerRules
from billing.cancellation import CancellationFile
from billing.cards import CardBounds
from billing.compensation import CompensationTerms
from billing.deposits import DepositTerms
from billing.metered import MeteringFile
from billing.reminder_rules import ReminderPolicy
from billing.seller import Seller, Series
from billing.sla import TermsFile
from billing.tariff import Tariff
from billing.vat import VatRates
from monitoring.alerts.policy import AlertPolicy
from monitoring.circuits import PortTerms
from monitoring.factory_list import LoginFile
from monitoring.guest_networks import GuestTerms
from monitoring.port_templates import PortTemplate
from monitoring.probes.profiles import Profile
from monitoring.rule_examples import ExampleFile
from monitoring.rules import RuleBook
from monitoring.waiver_terms import WaiverTerms
from monitoring.watches import ThresholdFile
from portal.pages.papers.terms import Edition
from rental.approval_rules import ApprovalFile
from rental.clearance_rules import RuleFile
from rental.holidays import Table
from rental.hours import OpeningHours
from rental.quota_rules import QuotaFile

HOME = Path(__file__).parents[2]
PAGE = (HOME / "docs" / "reference" / "files.md").read_text("utf-8")

ROOMS: dict[str, type[BaseModel]] = {
    "config/tariffs/*.yml": Tariff,
    "config/deposits/*.yml": DepositTerms,
    "config/vat/*.yml": VatRates,
    "config/sla/*.yml": TermsFile,
    "config/bookkeeping/accounts.yml": Accounts,
    "config/metering/*.yml": MeteringFile,
    "config/circuits/*.yml": PortTerms,
    "config/switching/*.yml": PortTemplate,
    "config/logins/*.yml": LoginFile,
    "config/waivers/terms.yml": WaiverTerms,
    "config/guests/*.yml": GuestTerms,
    "config/cancellation/*.yml": CancellationFile,
    "config/damages/*.yml": CompensationTerms,
    "config/reminders/*.yml": ReminderPolicy,
    "config/health/*.yml": ThresholdFile,
    "config/alerts/*.yml": AlertPolicy,
    "config/profiles/*.yml": Profile,
    "config/hours/*.yml": OpeningHours,
    "config/quotas/*.yml": QuotaFile,
    "config/approvals/*.yml": ApprovalFile,
    "config/hours/holidays.yml": Table,
    "config/clearances/*.yml": RuleFile,
    "config/policies/*.yml": RuleBook,
    "config/policies/examples/*.yml": ExampleFile,
    "config/papers/*.yml": Edition,
    "config/billing/cards.yml": CardBounds,
    "config/billing/buyers.yml": BuyerRules,
    "config/billing/seller.yml": Seller,
    "config/billing/series.yml": Series,
}


def _chapter(path: str) -> str:
    """The chapter of the page whose heading names the files."""
    chapters = [c for c in PAGE.split("\n## ") if f"`{path}`" in c.splitlines()[0]]
    assert len(chapters) == 1, f"one chapter speaks of {path}"
    return chapters[0]


def _models(annotation: object) -> set[type[BaseModel]]:
    """The models inside an annotation: `tuple[Rate, ...]` and `Title | None` as well."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for inner in get_args(annotation) for model in _models(inner)}


def _keys(model: type[BaseModel], seen: set[type[BaseModel]]) -> set[str]:
    """Every key of a file of this shape, at any depth."""
    if model in seen:
        return set()
    seen.add(model)
    keys = {field.alias or name for name, field in model.model_fields.items()}
    for field in model.model_fields.values():
        for inner in _models(field.annotation):
            keys |= _keys(inner, seen)
    return keys


@pytest.mark.parametrize(("path", "model"), ROOMS.items(), ids=list(ROOMS))
def test_every_key_is_documented(path: str, model: type[BaseModel]) -> None:
    named = set(re.findall(r"`([^`]+)`", _chapter(path)))
    assert sorted(_keys(model, set()) - named) == []


def test_every_folder_of_shipped_files_is_documented() -> None:
    # Others' programs have a reference of their own; the demo is no part of an installation.
    folders = {path.parent.name for path in (HOME / "config").glob("*/*.yml")}
    documented = {Path(path).parent.name for path in ROOMS}
    assert folders - documented == {"alertmanager", "demo", "prometheus"}
