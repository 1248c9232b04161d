"""The words of maintenance: what is looked after, what kind of service, how soon it falls due."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from sqlalchemy.orm import joinedload

from config import clock
from config.database import db
from portal.pages import formats
from rental.models import Asset, MaintenancePlan, Resource, ServiceRecord

KINDS = {
    "maintenance": _("Maintenance"),
    "inspection": _("Inspection"),
    "repair": _("Repair"),
}
CONDITIONS = {
    "good": _("Good"),
    "worn": _("Worn, but it can be rented"),
    "damaged": _("Broken: a repair begins now"),
}
# Within so many days it falls due soon.
SOON = 7


def subject(of: MaintenancePlan | ServiceRecord) -> str:
    """What is looked after: `Máy quay PTZ (CAM-01)`, or the name alone."""
    mark = of.asset.tag if of.asset is not None else of.resource.code
    return f"{formats.title_of(of.resource)} ({mark})"


@dataclass(frozen=True, slots=True)
class DueWords:
    """How soon a plan falls due, as a badge."""

    tone: str
    icon: str
    words: str


def due(plan: MaintenancePlan) -> DueWords:
    """`3 days late`, `today`, `in 12 days`; a plan that rests says so."""
    if not plan.is_active:
        return DueWords("calm", "ban", gettext("Resting"))
    days = (plan.next_due_on - clock.today(plan.resource.site.tzinfo)).days
    if days < 0:
        late = gettext("1 day late") if days == -1 else gettext("%(days)s days late", days=-days)
        return DueWords("bad", "alert-circle", late)
    if days == 0:
        return DueWords("warn", "clock", gettext("Today"))
    ahead = gettext("Tomorrow") if days == 1 else gettext("In %(days)s days", days=days)
    return DueWords("warn" if days <= SOON else "calm", "clock", ahead)


def suggested() -> list[tuple[str, Any]]:
    """Codes and tags with their names, to choose from while one types."""
    resources = db.session.scalars(
        sa.select(Resource).where(~Resource.is_retired).order_by(Resource.code)
    )
    assets = db.session.scalars(
        sa.select(Asset)
        .join(Resource)
        .where(~Resource.is_retired)
        .options(joinedload(Asset.resource))
        .order_by(Asset.tag)
    )
    return [
        *((one.code, formats.title_of(one)) for one in resources),
        *((one.tag, formats.title_of(one.resource)) for one in assets),
    ]
