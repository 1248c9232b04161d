"""The demo's clearances: notices lodged in time, some still missing, one exempt, one refused."""

from functools import cache
from pathlib import Path

from config import clock, typesetting
from portal.demo.events import Fate, Plan
from rental import attachments, clearance_rules, clearances
from rental.attachments import Upload
from rental.clearances import Answer
from rental.models import AttachmentKind, Booking, Clearance, Member

TEMPLATE = Path(__file__).with_name("notice.typ")
# What becomes of the clearance of a request that still waits, in turn.
WAITING = ("missing", "lodged", "exempt", "missing", "refused")
ANSWERED_LATER = frozenset({Fate.REQUESTED, Fate.EXPIRED, Fate.DECLINED})


@cache
def notice() -> bytes:
    """One notice for all events of the demo: a sample, and it says so."""
    rows = [
        ("Nơi nhận", "Ủy ban nhân dân Thành phố Hồ Chí Minh"),
        ("Địa điểm", "Trung tâm Báo chí Thành phố Hồ Chí Minh"),
        ("Thời gian", "Theo đăng ký đặt hội trường"),
        ("Nội dung", "Giới thiệu chương trình (mẫu)"),
        ("Người chủ trì", "Đại diện đơn vị tổ chức (mẫu)"),
        ("Báo chí được mời", "Danh sách kèm theo (mẫu)"),
    ]
    return typesetting.pdf(TEMPLATE, {"title": "Thông báo tổ chức họp báo (mẫu)", "rows": rows})


def follow(booking: Booking, plan: Plan, *, by: Member, desk: Member) -> None:
    """Do at the request what the event of this plan needs to go its way."""
    for clearance in clearances.of(booking):
        fate = WAITING[booking.id % len(WAITING)] if plan.fate in ANSWERED_LATER else "lodged"
        _settle(booking, clearance, fate, by=by, desk=desk)


def _settle(booking: Booking, clearance: Clearance, fate: str, *, by: Member, desk: Member) -> None:
    rule = clearance_rules.find(clearance.rule)
    if fate == "exempt" and rule is not None and rule.exemption is not None:
        reason = "Người phát ngôn của cơ quan chủ trì họp báo với tư cách người phát ngôn."
        clearances.exempt(clearance, reason, by=by)
    elif fate in ("lodged", "refused"):
        upload = Upload("Thông báo họp báo.pdf", notice(), AttachmentKind.NOTICE)
        paper = attachments.add(booking, upload, by=by)
        clearances.lodge(clearance, paper, lodged_at=clock.now(), by=by)
        if fate == "refused":
            answer = Answer("Nội dung họp báo chưa phù hợp với chức năng của đơn vị (mẫu).")
            clearances.refuse(clearance, answer, by=desk)
