"""Assets that stay behind the counter because a grave rule of theirs is not met.

Rental knows which resource is quarantined, not which of its assets: monitoring's devices do.
"""

import sqlalchemy as sa

from config.database import db
from monitoring.models import Device, Violation
from rental.models import Closure, ClosureKind


def assets() -> dict[int, str]:
    """The ids of quarantined assets, each with the rule that keeps it back."""
    rows = db.session.execute(
        sa.select(Device.asset_id, Violation.rule)
        .join(Violation, Violation.device_id == Device.id)
        .join(
            Closure,
            sa.and_(
                Closure.cause == sa.func.concat("violation:", Violation.id),
                # A rule may close circuits of its ports as well: those are no asset of its.
                Closure.resource_id == Device.resource_id,
                Closure.kind == ClosureKind.QUARANTINE,
                Closure.reopened_at.is_(None),
            ),
        )
        .where(Device.asset_id.is_not(None))
    )
    return {asset_id: rule for asset_id, rule in rows.tuples() if asset_id is not None}
