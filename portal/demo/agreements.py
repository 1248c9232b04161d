"""Agreements of the demo: two in force with targets, one to come, one that has ended."""

from datetime import date, datetime
from decimal import Decimal

from config import clock
from rental import agreements, units
from rental.agreements import Target, Terms
from rental.models import AgreementKind, EventKind, TargetMeasure, UnitClass

EVENTS, HOURS, PEOPLE = TargetMeasure.EVENTS, TargetMeasure.HOURS, TargetMeasure.ATTENDEES
PRESS, SEMINAR = EventKind.PRESS_CONFERENCE, EventKind.SEMINAR


def add(now: datetime) -> None:
    """Enter them before any event, so that prices follow them."""
    year = now.astimezone(clock.LOCAL).year
    director = units.member_by_email("director@centre.example")
    for slug, terms in _agreed(year).items():
        agreements.add(units.get(slug), terms, by=director)


def _agreed(year: int) -> dict[str, Terms]:
    return {
        "unit-a": _memorandum(year),
        "dai-cuu-long": _framework(year),
        "saigon-wire": Terms(
            number=f"01/HĐK-{year + 1}",
            title="Hợp đồng khung phục vụ phóng viên nước ngoài (mẫu)",
            kind=AgreementKind.FRAMEWORK,
            valid_from=date(year + 1, 1, 1),
            rate_class=UnitClass.PARTNER,
            targets=[Target(year + 1, EVENTS, 10, PRESS)],
        ),
        "hoi-doanh-nghiep-so": Terms(
            number=f"09/BBGN-{year - 1}",
            title="Biên bản ghi nhớ chuỗi tọa đàm doanh nghiệp số (mẫu)",
            kind=AgreementKind.MEMORANDUM,
            valid_from=date(year - 1, 1, 1),
            valid_to=date(year - 1, 12, 31),
            targets=[Target(year - 1, EVENTS, 4, SEMINAR)],
        ),
    }


def _memorandum(year: int) -> Terms:
    """Targets alone, and no rates of its own."""
    return Terms(
        number=f"05/BBGN-{year}",
        title="Biên bản ghi nhớ phối hợp tổ chức họp báo và tọa đàm (mẫu)",
        kind=AgreementKind.MEMORANDUM,
        valid_from=date(year, 1, 1),
        valid_to=date(year, 12, 31),
        signed_on=date(year - 1, 12, 18),
        note="Hai bên rà soát tiến độ mỗi quý (mẫu).",
        targets=[
            Target(year, EVENTS, 12, PRESS),
            Target(year, HOURS, 60),
            Target(year, PEOPLE, 800),
        ],
    )


def _framework(year: int) -> Terms:
    """Partner rates less ten percent, so that the demo's charges show them."""
    return Terms(
        number=f"12/HĐK-{year}",
        title="Hợp đồng khung thuê hội trường và thiết bị phát sóng (mẫu)",
        kind=AgreementKind.FRAMEWORK,
        valid_from=date(year, 1, 1),
        valid_to=date(year, 12, 31),
        signed_on=date(year, 1, 1),
        rate_class=UnitClass.PARTNER,
        discount_percent=Decimal(10),
        targets=[Target(year, EVENTS, 6), Target(year, HOURS, 20)],
    )
