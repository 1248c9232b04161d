"""The demo's maintenance: plans of every urgency, a few services done, one running."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from config import clock
from rental import maintenance, servicing
from rental.maintenance import Terms
from rental.models import AssetCondition, MaintenancePlan, Member, ServiceKind
from rental.servicing import NewService, Outcome

A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is planned: of what, every how many days, due in how many."""

    what: str
    title: str
    every: int
    due_in: int
    how: str = ""


PLANS = (
    _Plan("CAM-04", "Kiểm tra cảm biến và cơ cấu xoay", 180, -3,
          "Quay thử ở ba mức sáng; so ảnh với máy CAM-01."),
    _Plan("PROJ", "Vệ sinh lọc bụi, đo độ sáng", 90, 4,
          "Tháo lọc bụi, hút bụi, đo độ sáng ở 2 m. Dưới 3.000 lumen thì thay đèn."),
    _Plan("H100", "Bảo dưỡng điều hòa", 90, 9),
    _Plan("MIC", "Thay pin sạc micro", 180, 16),
    _Plan("ENC-01", "Cập nhật phần mềm bộ mã hóa", 120, 27),
    _Plan("BOOTH", "Kiểm tra cách âm cabin", 365, 140),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Done:
    """A service of the past: how many days ago, how long, and what was noted."""

    what: str
    kind: ServiceKind
    ago: int
    hours: int
    note: str
    condition: AssetCondition = AssetCondition.GOOD


HISTORY = (
    _Done("CAM-04", ServiceKind.REPAIR, 24, 5, "Siết lại ngàm ống kính; vỏ máy đã trầy.",
          AssetCondition.WORN),
    _Done("ENC-01", ServiceKind.MAINTENANCE, 19, 1, "Cập nhật phần mềm, thử truyền 2 giờ ổn định."),
    _Done("SPK", ServiceKind.INSPECTION, 11, 1, "Đo tiếng cả 6 loa; loa số 3 thay dây nguồn."),
)  # fmt: skip


def tell(now: datetime, by: Member) -> None:
    """Add all of it, each service at its own instant."""
    planned = {one.what: _planned(one, by) for one in PLANS}
    for done in HISTORY:
        _serve(done, now, planned.get(done.what), by)
    with clock.standing_at(now - timedelta(hours=3)):
        resource, _asset = maintenance.named("NOTE")
        running = NewService(
            resource,
            ServiceKind.REPAIR,
            until=now + A_DAY,
            note="Bàn phím kẹt, đã đặt linh kiện.",
        )
        servicing.begin(running, by=by)


def _planned(one: _Plan, by: Member) -> MaintenancePlan:
    resource, asset = maintenance.named(one.what)
    due_on = clock.today(resource.site.tzinfo) + one.due_in * A_DAY
    terms = Terms(one.title, one.every, due_on, one.how)
    return maintenance.add(resource, terms, asset=asset, by=by)


def _serve(done: _Done, now: datetime, plan: MaintenancePlan | None, by: Member) -> None:
    resource, asset = maintenance.named(done.what)
    began = now - done.ago * A_DAY
    follows = plan if done.kind is ServiceKind.MAINTENANCE else None
    due_on = follows.next_due_on if follows else None
    with clock.standing_at(began):
        record = servicing.begin(NewService(resource, done.kind, asset, follows), by=by)
    with clock.standing_at(began + timedelta(hours=done.hours)):
        servicing.finish(record, Outcome(done.condition, done.note), by=by)
    if follows is not None and due_on is not None:
        # The plan's own day is part of the picture.
        follows.next_due_on = due_on
