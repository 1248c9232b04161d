"""How a price explains itself in both languages: `2 sessions × 7 000 000 đ, partner rate`."""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from billing.agreed import AgreedRate
from billing.money import GAP, Money
from billing.portions import Portion
from billing.rates import Measure
from rental.models import UnitClass

MEASURES = {
    Measure.SESSION: ("buổi", "session"),
    Measure.HOUR: ("giờ", "hour"),
    Measure.HALF_HOUR: ("nửa giờ", "half hour"),
    Measure.HALF_DAY: ("nửa ngày", "half day"),
    Measure.DAY: ("ngày", "day"),
    Measure.EVENT: ("sự kiện", "event"),
    Measure.ATTENDEE: ("người dự", "attendee"),
    Measure.MBPS_DAY: ("Mbps × ngày", "Mbps-day"),
    Measure.LUMP_SUM: ("trọn gói", "lump sum"),
}
CLASSES = {
    UnitClass.POLITICAL: ("giá nhiệm vụ chính trị", "political duty rate"),
    UnitClass.PARTNER: ("giá đơn vị phối hợp", "partner rate"),
    UnitClass.OTHER: ("giá phổ thông", "standard rate"),
}
# A charge keeps so many characters.
LONGEST = 1000
# Of a kit so many parts are named.
MOST_PARTS = 8


def of_portions(portions: Sequence[Portion], quantity: int) -> tuple[str, str]:
    """`3 × 2 sessions × 7 000 000 đ`; several portions are added up inside brackets."""
    told = [_told(portion) for portion in portions]
    vi, en = (" + ".join(words) for words in zip(*told, strict=True))
    if quantity == 1:
        return vi, en
    if len(told) == 1:
        return f"{quantity} × {vi}", f"{quantity} × {en}"
    return f"{quantity} × ({vi})", f"{quantity} × ({en})"


def of_class(unit_class: UnitClass, agreed: AgreedRate | None) -> tuple[str, str]:
    """`partner rate by agreement 12/2026, 10 % off`."""
    vi, en = CLASSES[unit_class]
    if agreed is not None:
        said_vi, said_en = agreed.said()
        vi, en = vi + said_vi, en + said_en
    return vi, en


def of_kit(parts: Sequence[tuple[str, int, Money]], percent: int) -> tuple[str, str]:
    """`of its parts: CAM 1 200 000 đ; 2 × MIC 240 000 đ, of it 90 %`."""
    vi, en = (
        "; ".join(
            f"{f'{pieces} × ' if pieces > 1 else ''}{code} {amount.text(separator)}"
            for code, pieces, amount in parts[:MOST_PARTS]
        )
        for separator in (".", GAP)
    )
    if more := len(parts[MOST_PARTS:]):
        vi, en = f"{vi}; {more} món khác", f"{en}; {more} more"
    if percent == 100:
        return f"theo từng món: {vi}", f"of its parts: {en}"
    return (
        f"{percent}{GAP}% của giá từng món: {vi}",
        f"{percent}{GAP}% of its parts: {en}",
    )


def of_minimum(minutes: int) -> tuple[str, str]:
    """`at least 2 hours`."""
    hours = Fraction(minutes, 60)
    return (
        f"tính tối thiểu {_number(hours).replace('.', ',')} giờ",
        f"charged for at least {_number(hours)} hour{'' if hours == 1 else 's'}",
    )


def joined(*sentences: tuple[str, str]) -> tuple[str, str]:
    """Several remarks after each other, cut to what a charge keeps."""
    vi, en = (", ".join(words)[:LONGEST] for words in zip(*sentences, strict=True))
    return vi, en


def _told(portion: Portion) -> tuple[str, str]:
    vi, en = MEASURES[portion.measure]
    number = _number(portion.units)
    plural = "" if portion.units == 1 else "s"
    vi = f"{number.replace('.', ',')} {vi} × {portion.unit_price.text()}"
    en = f"{number} {en}{plural} × {portion.unit_price.text(GAP)}"
    if portion.labels:
        vi += f" ({', '.join(label.vi for label in portion.labels)})"
        en += f" ({', '.join(label.en for label in portion.labels)})"
    return vi, en


def _number(units: Fraction) -> str:
    return f"{round(Decimal(units.numerator) / units.denominator, 2).normalize():f}"
