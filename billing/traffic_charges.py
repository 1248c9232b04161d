"""The charge of a month's metered traffic, and how it is explained."""

from datetime import date, datetime
from decimal import Decimal

from billing import month_charges, quotes, tax_days, vat
from billing.metered import MEGABIT, Definition, Metered
from billing.models import Charge, ChargeKind, TrafficEvidence
from rental.models import Line
from rental.period import Period


def first_day(evidence: TrafficEvidence, line: Line) -> date:
    """The first of the month that the evidence speaks of, at the line's site."""
    return evidence.starts_at.astimezone(line.resource.site.tzinfo).date().replace(day=1)


def charge_for(line: Line, evidence: TrafficEvidence, found: Metered) -> Charge:
    """The charge of a month's traffic, explained: index, buckets, commitment and price."""
    definition = Definition.model_validate(evidence.definition)
    resource = line.resource
    first = f"{first_day(evidence, line):%m/%Y}"
    vi, en = _explained(evidence, definition, found)
    month = month_charges.find(line, first_day(evidence, line))
    return Charge(
        month_id=month.id if month is not None else None,
        tax_day=tax_days.of_month(month) if month is not None else None,
        unit_id=line.booking.unit_id,
        booking_id=line.booking_id,
        line_id=line.id,
        kind=ChargeKind.METERED,
        description=f"Băng thông vượt cam kết {resource.name}, tháng {first}",
        description_en=f"Bandwidth beyond commitment, {resource.name_en or resource.name}, {first}",
        explanation=vi[:300],
        explanation_en=en[:300],
        quantity=found.quantity,
        unit_price_minor=definition.price_per_mbps,
        amount_minor=found.amount.minor,
        currency=definition.currency,
        tax_inclusive=definition.tax_inclusive,
        service=definition.service,
        vat_code=vat.code_on(
            vat.rates(), definition.service, quotes.last_day(Period(*_span(evidence)))
        ),
        starts_at=evidence.starts_at,
        ends_at=evidence.ends_at,
    )


def _span(evidence: TrafficEvidence) -> tuple[datetime, datetime]:
    return evidence.starts_at, evidence.ends_at


def mbps(bps: int) -> str:
    """Bits per second as Mbps with two digits: `143.27`."""
    return f"{(Decimal(bps) / MEGABIT).quantize(Decimal('0.01'))}"


def _explained(
    evidence: TrafficEvidence, definition: Definition, found: Metered
) -> tuple[str, str]:
    index, seal = mbps(evidence.index_bps), evidence.seal[:12]
    coverage = f"{evidence.measured}/{evidence.expected}"
    way = {"in": ("vào", "in"), "out": ("ra", "out"), "max": ("vào/ra, lấy chiều lớn", "max")}
    vi_way, en_way = way[definition.direction.value]
    price = f"{definition.price_per_mbps:,}"
    vi = (
        f"P{definition.percentile} {vi_way} = {index.replace('.', ',')} Mbps "
        f"({coverage} mẫu {definition.interval_seconds} giây); cam kết "
        f"{definition.committed_mbps} Mbps; vượt {f'{found.quantity:f}'.replace('.', ',')} × "
        f"{price.replace(',', '.')} đ; niêm phong {seal}"
    )
    en = (
        f"P{definition.percentile} {en_way} = {index} Mbps ({coverage} buckets of "
        f"{definition.interval_seconds} s); committed {definition.committed_mbps} Mbps; beyond "
        f"{found.quantity:f} × {price} đ; seal {seal}"
    )
    return vi, en
