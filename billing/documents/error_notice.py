"""A notice of a wrong name or address (form 04/SS): a sheet for people, draft XML for machines.

The form's columns are those of form 04/SS-HĐĐT; whom it goes to and in which electronic format is
the provider's matter, so the XML says that it is a draft, as that of invoices does.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from billing.documents.pdf import VIETNAMESE, Look
from billing.documents.xml import texts, written
from billing.models import ErrorNotice, NoticeField
from config import typesetting

TEMPLATE = Path(__file__).parent / "error_notice.typ"

VI: Mapping[str, Any] = {
    "title": "THÔNG BÁO HÓA ĐƠN CÓ SAI SÓT",
    "form": "Mẫu số 04/SS-HĐĐT",
    "number": "Số",
    "day": "Ngày",
    "sample": "Mẫu trình bày, không phải thông báo điện tử hợp pháp.",
    "seller": "Người nộp thuế",
    "tax_code": "Mã số thuế",
    "buyer": "Người mua",
    "invoice": "Hóa đơn",
    "origin": "mẫu số {form}, ký hiệu {symbol}, số {number}, ngày {day}",
    "what": "Nội dung sai sót",
    "fields": {NoticeField.NAME: "Tên người mua", NoticeField.ADDRESS: "Địa chỉ người mua"},
    "wrong": "Đã ghi",
    "correct": "Đúng là",
    "reason": "Lý do",
    "stands": "Hóa đơn giữ nguyên giá trị; không lập lại hóa đơn.",
    "sign": "Đại diện người nộp thuế",
    "signing": "(ký, đóng dấu)",
}
EN: Mapping[str, Any] = {
    "title": "NOTICE OF AN ERROR ON AN INVOICE",
    "form": "Form 04/SS",
    "number": "Number",
    "day": "Day",
    "sample": "A sample, not a legal notice; the Vietnamese text prevails.",
    "seller": "Taxpayer",
    "tax_code": "Tax code",
    "buyer": "Buyer",
    "invoice": "Invoice",
    "origin": "form {form}, symbol {symbol}, number {number}, of {day}",
    "what": "What was wrong",
    "fields": {NoticeField.NAME: "Name of the buyer", NoticeField.ADDRESS: "Address of the buyer"},
    "wrong": "It says",
    "correct": "It should say",
    "reason": "Reason",
    "stands": "The invoice stands; no new one is issued.",
    "sign": "For the taxpayer",
    "signing": "(signature, stamp)",
}


def error_notice_pdf(notice: ErrorNotice, look: Look = VIETNAMESE) -> bytes:
    """The notice as it was issued, on one A4 sheet."""
    said, facts = EN if look.is_english else VI, notice.snapshot
    day = date.fromisoformat(facts["invoice_date"])
    origin = said["origin"].format(
        form=facts["symbol"][:1],
        symbol=facts["symbol"][1:],
        number=f"{facts['number']:08d}",
        day=f"{day:%d/%m/%Y}",
    )
    return typesetting.pdf(
        TEMPLATE,
        {
            "said": {name: word for name, word in said.items() if isinstance(word, str)},
            "lang": look.language,
            "dated": [notice.noticed_on.year, notice.noticed_on.month, notice.noticed_on.day],
            "day": f"{notice.noticed_on:%d/%m/%Y}",
            "number": notice.display_number,
            "seller": facts["seller"],
            "facts": [
                [said["seller"], facts["seller"]["name"]],
                [said["tax_code"], facts["seller"]["tax_code"]],
                [said["buyer"], facts["buyer"]["name"]],
                [said["invoice"], origin],
                [said["what"], said["fields"][notice.field]],
                [said["wrong"], notice.wrong],
                [said["correct"], notice.correct],
                [said["reason"], notice.reason],
            ],
        },
        look.standard,
    )


def error_notice_xml(notice: ErrorNotice) -> bytes:
    """The notice as UTF-8 XML (TBao/DLTBao), marked as a draft."""
    facts = notice.snapshot
    root = ET.Element("TBao")
    root.append(ET.Comment(" BẢN NHÁP: không phải thông báo điện tử hợp pháp "))
    body = ET.SubElement(root, "DLTBao", Id=notice.display_number)
    texts(
        body,
        MSo="04/SS-HĐĐT",
        Ten="Thông báo hóa đơn điện tử có sai sót",
        So=notice.display_number,
        NTBao=notice.noticed_on,
        MST=facts["seller"]["tax_code"],
        TNNT=facts["seller"]["name"],
        Nhap="true",
    )
    texts(
        ET.SubElement(ET.SubElement(body, "DSHDon"), "HDon"),
        STT=1,
        KHMSHDon=facts["symbol"][:1],
        KHHDon=facts["symbol"][1:],
        SHDon=facts["number"],
        Ngay=facts["invoice_date"],
        # 4: an explanation; the invoice itself stays as it is.
        TCTBao=4,
        LDo=f"{VI['fields'][notice.field]}: {notice.wrong} → {notice.correct}. {notice.reason}",
    )
    return written(root)
