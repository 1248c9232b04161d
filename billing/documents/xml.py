"""The invoice as draft XML, with the element names of the national e-invoice format.

Which decision governs the format now is still to be verified, so the file says that it is a draft
(`<Nhap>`): a provider's adapter turns it into what is signed and sent.
"""

import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Any
from xml.etree import ElementTree as ET

from billing import snapshots, words
from billing.documents import words_of
from billing.models import CreditNote, Invoice
from billing.pricing import MEASURES
from billing.tariff import Measure

VERSION = "2.1.0"
# TCHDon of TTHDLQuan: what an invoice is to the one it names.
LINKS = {"replaces": 1, "adjusts": 2}


def invoice_xml(invoice: Invoice) -> bytes:
    """The invoice as UTF-8 XML (HDon/DLHDon), marked as a draft; unissued ones have no number."""
    facts = invoice.snapshot or snapshots.of_invoice(invoice)
    told = facts.get("corrects")
    linked = told and _Linked(
        LINKS[told["how"]],
        told["symbol"],
        told["number"],
        date.fromisoformat(told["date"]),
        told["reason"],
    )
    return _written(facts, _Heading(invoice.symbol, invoice.number, invoice.tax_date, linked))


def credit_note_xml(note: CreditNote) -> bytes:
    """The credit note as an adjusting invoice, its amounts below zero.

    It names what it adjusts (`TTHDLQuan`; Circular 91/2026 Art. 10: signed amounts).
    """
    origin = note.invoice
    adjusts = _Linked(
        LINKS["adjusts"], origin.symbol or "", origin.number, origin.tax_date, note.reason
    )
    heading = _Heading(note.symbol, note.number, note.tax_date, adjusts)
    return _written({**note.snapshot, "bill": note.display_number}, heading, sign=-1)


@dataclass(frozen=True, slots=True)
class _Linked:
    """The invoice that this one replaces or adjusts."""

    how: int
    symbol: str
    number: int | None
    day: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Heading:
    symbol: str | None
    number: int | None
    day: date | None
    linked: _Linked | None = None


def _written(facts: dict[str, Any], heading: _Heading, sign: int = 1) -> bytes:
    root = ET.Element("HDon")
    root.append(ET.Comment(" BẢN NHÁP: không phải hóa đơn điện tử hợp pháp "))
    body = ET.SubElement(root, "DLHDon", Id=facts["bill"])
    _heading(body, heading, facts)
    content = ET.SubElement(body, "NDHDon")
    _seller(content, facts["seller"])
    _buyer(content, facts["buyer"])
    lines = ET.SubElement(content, "DSHHDVu")
    for line in facts["lines"]:
        _line(lines, line, sign)
    _totals(content, facts, sign)
    return written(root)


def written(root: ET.Element) -> bytes:
    """The document as UTF-8, indented, with its declaration."""
    ET.indent(root)
    told: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return told


def _heading(body: ET.Element, known: _Heading, facts: dict[str, Any]) -> None:
    heading = ET.SubElement(body, "TTChung")
    symbol, linked = known.symbol or "", known.linked
    texts(
        heading,
        PBan=VERSION,
        THDon="Hóa đơn giá trị gia tăng",
        # The form's kind is the symbol's first character; the rest is the symbol proper.
        KHMSHDon=symbol[:1],
        KHHDon=symbol[1:],
        SHDon=known.number,
        NLap=known.day,
        DVTTe=facts["currency"],
        Nhap="true",
    )
    if linked is not None:
        texts(
            ET.SubElement(heading, "TTHDLQuan"),
            TCHDon=linked.how,
            KHMSHDCLQuan=linked.symbol[:1],
            KHHDCLQuan=linked.symbol[1:],
            SHDCLQuan=linked.number,
            NLHDCLQuan=linked.day,
            GChu=linked.reason,
        )
    _more(heading, facts)


def _more(heading: ET.Element, facts: dict[str, Any]) -> None:
    """What the format has no element for (`TTKhac`): the kind, and the advances taken off."""
    told: list[tuple[str, str, object]] = []
    if kind := words_of.VI["kinds"].get(facts.get("kind")):
        told.append(("Loại hóa đơn", "string", kind))
    if advances := facts.get("advances"):
        numbers = ", ".join(one["number"] for one in advances)
        told.append(("Hóa đơn thu tiền ứng trước được trừ", "string", numbers))
        told.append(("Tổng tiền ứng trước được trừ", "decimal", facts["advanced"]))
    if not told:
        return
    more = ET.SubElement(heading, "TTKhac")
    for name, form, value in told:
        texts(ET.SubElement(more, "TTin"), TTruong=name, KDLieu=form, DLieu=value)


def _seller(content: ET.Element, seller: dict[str, Any]) -> None:
    texts(
        ET.SubElement(content, "NBan"),
        Ten=seller["name"],
        MST=seller["tax_code"],
        DChi=seller["address"],
        SDThoai=seller["phone"],
        DCTDTu=seller["email"],
        STKNHang=seller["bank"]["account"],
        TNHang=seller["bank"]["name"],
    )


def _buyer(content: ET.Element, buyer: dict[str, Any]) -> None:
    texts(
        ET.SubElement(content, "NMua"),
        Ten=buyer["name"],
        MST=buyer["tax_code"],
        CCCDan=buyer.get("personal_id"),
        MDVQHNSach=buyer["budget_code"],
        DChi=buyer["address"],
        DCTDTu=buyer["email"],
    )


def _line(lines: ET.Element, line: dict[str, Any], sign: int) -> None:
    texts(
        ET.SubElement(lines, "HHDVu"),
        STT=line["position"],
        THHDVu=line["description"],
        DVTinh=MEASURES[Measure(line["measure"])][0] if line["measure"] else None,
        SLuong=line["quantity"],
        ThTien=sign * line["net"],
        TSuat=_rate(line["vat_code"]),
    )


def _totals(content: ET.Element, facts: dict[str, Any], sign: int) -> None:
    totals = ET.SubElement(content, "TToan")
    rates = ET.SubElement(totals, "THTTLTSuat")
    for group in facts["vat"]:
        texts(
            ET.SubElement(rates, "LTSuat"),
            TSuat=group["label"],
            ThTien=sign * group["net"],
            TThue=sign * group["vat"],
        )
    texts(
        totals,
        TgTCThue=sign * facts["net"],
        TgTThue=sign * facts["vat_total"],
        TgTTTBSo=sign * facts["total"],
        TgTTTBChu=words.amount_in_vietnamese(sign * facts["total"]),
    )


def _rate(code: str) -> str:
    return f"{code}%" if code.isdigit() else code


def texts(parent: ET.Element, **values: object) -> None:
    """One element a value, in order; what is not known is left out."""
    for name, value in values.items():
        if value is not None and value != "":
            # XML 1.0 has no place for control characters.
            text = unicodedata.normalize("NFC", str(value))
            ET.SubElement(parent, name).text = "".join(c for c in text if c >= " " or c in "\t\n")
