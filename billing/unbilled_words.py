"""How the charge of an unbilled use is explained on an invoice."""

from dataclasses import dataclass
from decimal import Decimal

from billing.charges import spoken_period
from billing.models import UnbilledUse
from billing.pricing import Priced
from billing.traffic_charges import mbps

GIGABYTE = 1_000_000_000


@dataclass(frozen=True, slots=True)
class ChargeWords:
    """What a charge is for and how it came about, in both languages."""

    description: str
    description_en: str
    explanation: str
    explanation_en: str


def gigabytes(octets: int) -> str:
    """Octets as GB (of 10^9) with two digits: `1.35`."""
    return f"{(Decimal(octets) / GIGABYTE).quantize(Decimal('0.01'))}"


def charge_words(use: UnbilledUse, priced: Priced) -> ChargeWords:
    """The words of a charge at the tariff; what was measured stands before the price."""
    resource = use.resource
    when = spoken_period(use.starts_at, use.ends_at, resource.site.tzinfo)
    where = f"{use.device} {use.port}"[:120]
    volume, index, seal = gigabytes(use.octets), mbps(use.index_bps), use.seal[:12]
    vi = (
        f"{where}: {volume.replace('.', ',')} GB, P95 = {index.replace('.', ',')} Mbps, "
        f"niêm phong {seal}. {priced.explanation}"
    )
    en = f"{where}: {volume} GB, P95 = {index} Mbps, seal {seal}. {priced.explanation_en}"
    return ChargeWords(
        f"Dùng {resource.name} khi chưa đặt, {when}",
        f"Use of {resource.name_en or resource.name} before it was booked, {when}",
        vi[:1000],
        en[:1000],
    )
