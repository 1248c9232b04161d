"""Bank files are read whole or refused with the reason and the line."""

from contextlib import suppress
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.bank import amounts, csv_files, decoding, reading
from billing.bank.csv_files import Mapping
from billing.errors import BadBankFile, UnknownMapping
from tests.billing.bank_files import ACCOUNT, CSV_COLUMNS, camt, csv, mt940

DAY = date(2026, 11, 20)
MAPPING = Mapping(**CSV_COLUMNS)
THREE = (
    ("20/11/2026", "", "7.000.000", "8.000.000", "TT IV4T9QW2M7", "BAO SAO MAI", "FT1"),
    ("20/11/2026 14:05", "11.000", "", "7.989.000", "Phi dich vu", "", "FT2"),
    ("21/11/2026", "", "1.000", "7.990.000", "Lai", "", "FT3"),
)


def refused(content: bytes | str, mapping: Mapping | None = MAPPING) -> str:
    raw = content.encode() if isinstance(content, str) else content
    with pytest.raises(BadBankFile) as found:
        reading.sheets_of(raw, ACCOUNT, mapping)
    return found.value.message


def test_mt940_gives_days_signed_amounts_numbers_and_the_text_that_lines_cut():
    text = "MBVCB.9912345.CHUYEN TIEN THANH TOAN TIEN THUE HOI TRUONG THANG 11 IV4T9QW2M7 CAM ON"
    kind, (sheet,) = reading.sheets_of(
        mt940((DAY, 7_000_000, "FT1", text), (DAY, -11_000, "FT2", "PHI")).encode()
    )
    first, second = sheet.rows
    assert (kind, sheet.account, sheet.currency) == ("mt940", ACCOUNT, "VND")
    assert (first.booked_on, first.amount_minor, first.bank_id) == (DAY, 7_000_000, "FT1")
    assert "IV4T9QW2M7" in first.text
    assert second.amount_minor == -11_000
    assert (sheet.opening_minor, sheet.closing_minor) == (1_000, 6_990_000)


def test_mt940_subfields_name_the_payer():
    details = "166?20TT IV4T9?21QW2M7?310071000123?32CONG TY SAO?33 MAI"
    _kind, (sheet,) = reading.sheets_of(mt940((DAY, 5, "FT1", details)).encode())
    (row,) = sheet.rows
    assert (row.text, row.payer_name, row.payer_account) == (
        "TT IV4T9QW2M7",
        "CONG TY SAO MAI",
        "0071000123",
    )


def test_several_statements_in_one_mt940_file_stay_apart():
    both = mt940((DAY, 5, "FT1", "A")) + mt940((DAY, 7, "FT2", "B"), opening=1_005)
    _kind, sheets = reading.sheets_of(both.encode())
    assert [[row.amount_minor for row in sheet.rows] for sheet in sheets] == [[5], [7]]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (mt940((DAY, 5, "FT1", "A"), closing=9_999), "do not make the closing"),
        (mt940((DAY, 5, "FT1", "A")).replace(":61:", ":61:XX"), "not as MT940 has it"),
        (mt940((DAY, 5, "FT1", "A")).replace(":60F:", ":65:"), ":60F:"),
        (mt940((DAY, 5, "FT1", "A")).replace(":62F:", ":65:"), ":62F:"),
        (mt940((DAY, 0, "FT1", "A")), "zero"),
    ],
)
def test_a_damaged_mt940_is_refused_with_the_reason(broken, says):
    assert says in refused(broken)


@pytest.mark.parametrize("version", ["02", "03", "04", "05", "06", "07", "08"])
def test_camt_of_every_version_reads_the_same(version):
    told = camt((DAY, 7_000_000, "FT1", "Báo Sao Mai", "TT IV4T9QW2M7"), version=version)
    kind, (sheet,) = reading.sheets_of(told.encode())
    (row,) = sheet.rows
    assert kind == "camt.053"
    assert (row.amount_minor, row.payer_name, row.text, row.bank_id) == (
        7_000_000,
        "Báo Sao Mai",
        "TT IV4T9QW2M7",
        "FT1",
    )


def test_a_batch_of_camt_is_taken_apart_where_its_parts_add_up():
    part = "<TxDtls><Refs><AcctSvcrRef>P{n}</AcctSvcrRef></Refs><Amt Ccy='VND'>{a}</Amt></TxDtls>"
    whole = camt((DAY, 10, "FT1", "", ""))
    begin, end = whole.index("<TxDtls>"), whole.index("</NtryDtls>")
    batch = whole[:begin] + part.format(n=1, a=4) + part.format(n=2, a=6) + whole[end:]
    _kind, (sheet,) = reading.sheets_of(batch.encode())
    assert [(row.amount_minor, row.bank_id) for row in sheet.rows] == [(4, "P1"), (6, "P2")]
    uneven = batch.replace("<Amt Ccy='VND'>6</Amt></TxDtls>", "<Amt Ccy='VND'>7</Amt></TxDtls>")
    _kind, (sheet,) = reading.sheets_of(uneven.encode())
    assert [row.amount_minor for row in sheet.rows] == [10]


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefg", "bcdefgh", strict=True))
    + "]><Document>&h;</Document>"
)


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (BOMB, "entities"),
        ('<!DOCTYPE x SYSTEM "file:///etc/passwd"><Document/>', "document type"),
        ("<Document><BkToCstmrStmt>", "broken at line 1"),
        ("<html><body>Chào</body></html>", "no CAMT.053"),
        (camt((DAY, 5, "FT1", "", ""), closing=1), "do not make the closing"),
        (
            camt((DAY, 5, "FT1", "", "")).replace("CRDT</CdtDbtInd><Sts>", "?</CdtDbtInd><Sts>"),
            "Entry 1",
        ),
        (
            camt((DAY, 5, "FT1", "", "")).replace("<Ntry><Amt Ccy='VND'>", "<Ntry><Amt Ccy='USD'>"),
            "USD",
        ),
    ],
)
def test_hostile_and_damaged_xml_is_refused_with_the_reason(broken, says):
    assert says in refused(broken)


def test_csv_is_read_by_its_mapping():
    _kind, (sheet,) = reading.sheets_of(csv(*THREE).encode(), ACCOUNT, MAPPING)
    assert [(row.amount_minor, row.bank_id) for row in sheet.rows] == [
        (7_000_000, "FT1"),
        (-11_000, "FT2"),
        (1_000, "FT3"),
    ]
    assert (sheet.opening_minor, sheet.closing_minor) == (1_000_000, 7_990_000)
    assert (sheet.starts_on, sheet.ends_on) == (DAY, date(2026, 11, 21))


def test_csv_with_the_newest_first_is_reckoned_from_below():
    _kind, (sheet,) = reading.sheets_of(csv(*reversed(THREE)).encode(), ACCOUNT, MAPPING)
    assert (sheet.opening_minor, sheet.closing_minor) == (1_000_000, 7_990_000)


def test_csv_of_one_signed_column_or_with_a_direction():
    signed = Mapping(booked_on="d", amount="a", text="t", date_format="yyyy-mm-dd")
    told = "d,a,t\n2026-11-20,-5,x\n2026-11-20,(7),y\n2026-11-20,9,z\n"
    _kind, (sheet,) = reading.sheets_of(told.encode(), ACCOUNT, signed)
    assert [row.amount_minor for row in sheet.rows] == [-5, -7, 9]
    directed = Mapping(booked_on="d", amount="a", text="t", direction="c", date_format="yyyy-mm-dd")
    told = "d|a|t|c\n2026-11-20|5|x|D\n2026-11-20|9|z|Có\n"
    _kind, (sheet,) = reading.sheets_of(told.encode(), ACCOUNT, directed)
    assert [row.amount_minor for row in sheet.rows] == [-5, 9]
    assert "neither credit nor debit" in refused(told.replace("|D\n", "|?\n"), directed)


def line(**over: str) -> str:
    names = ("day", "debit", "credit", "balance", "text", "payer", "id")
    first = dict(zip(names, THREE[0], strict=True))
    return csv(tuple({**first, **over}.values()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        (line(credit="1.500,000.00"), "Line 4"),  # two separators
        (line(credit="1,500,000"), "Line 4"),  # thousands of another style
        (line(credit="1.50.000"), "Line 4"),
        (line(credit="7.000.000,5"), "more decimals than VND"),
        (line(credit="7e6"), "Line 4"),
        (line(credit="٧٠٠٠"), "Line 4"),  # digits, but not ours
        (line(credit="9" * 20), "larger than any payment"),
        (line(credit="", debit=""), "zero"),
        (line(debit="5"), "came in and one that went out"),
        (line(day="31/02/2026"), "no day written as dd/mm/yyyy"),
        (line(day="11/20/2026"), "no day written as dd/mm/yyyy"),
        (line(day="20/11/26"), "no day written as dd/mm/yyyy"),
        (line(text="a;b"), "cells"),
        (csv(THREE[0], THREE[2]), "balance before"),
        (csv(), "no bookings"),
        ("một hai ba\n", "columns"),
    ],
)
def test_a_wrong_line_of_csv_is_refused_by_its_number(broken, says):
    assert says in refused(broken)


def test_one_number_twice_is_refused_unless_balances_prove_it():
    columns = {**CSV_COLUMNS, "balance": ""}
    told = refused(csv(THREE[0], THREE[0]), Mapping(**columns))
    assert "Lines 4 and 5" in told


def test_csv_without_a_mapping_asks_for_one_and_nonsense_is_refused():
    with pytest.raises(UnknownMapping):
        reading.sheets_of(csv(*THREE).encode(), ACCOUNT, None)
    assert csv_files.head_of(csv(*THREE))[0] == "Ngày giao dịch"
    assert "neither MT940" in refused("Kính gửi quý khách", None)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le-bom"])
def test_unicode_is_read_with_or_without_its_mark(encoding):
    text = csv(*THREE).replace("\n", "\r\n")
    raw = (
        b"\xff\xfe" + text.encode("utf-16-le")
        if encoding.endswith("bom")
        else text.encode(encoding)
    )
    assert decoding.text_of(raw).count("Ngày giao dịch") == 1


def test_windows_1258_is_read_with_its_marks_joined():
    # The code page has no precomposed "ả": the letter and its mark are two bytes.
    assert decoding.text_of(b"Tr" + b"a\xd2 ti\xea\xccn thu\xea") == "Trả tiền thuê"


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        (b"Tr\xb6 ti\xd2n thu\xaa h\xe9i tr\xad\xeang", "windows-1258"),  # TCVN3
        ("Größe".encode("latin-1"), "windows-1258"),
        (b"\xff\xfea\x00\x00", "UTF-16"),
        (b"\xef\xbb\xbf\xff", "UTF-8"),
        (b"a\0b", "UTF-8"),
        (b"", "empty"),
        (b"   \n", "empty"),
        (b"PK\x03\x04rest", "packed"),
        (b"%PDF-1.7", "document"),
        (b"\x89PNG\r\n", "document"),
        (b"a\x07b", "U+0007"),
        (b"a" * (decoding.LARGEST + 1), "million"),
    ],
)
def test_a_file_in_the_wrong_encoding_or_of_the_wrong_kind_is_refused(raw, says):
    with pytest.raises(BadBankFile) as found:
        decoding.text_of(raw)
    assert says in found.value.message


@given(
    st.integers(0, 10**12),
    st.sampled_from([(",", "."), (".", ","), (",", " "), (".", "'"), (",", "")]),
    st.sampled_from(["", "-", "+"]),
)
def test_an_amount_written_in_a_style_is_read_back(minor, style, sign):
    decimal, thousands = style
    text = f"{sign}{minor:,}".replace(",", thousands) + f"{decimal}00"
    expected = -minor if sign == "-" else minor
    assert amounts.amount(text, decimal, thousands, 1) == Decimal(expected)


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fall(text):
    with suppress(BadBankFile):
        reading.sheets_of(text.encode("utf-8", "replace"), ACCOUNT, MAPPING)


@given(st.integers(0, 2_000), st.binary(min_size=1, max_size=3))
def test_a_changed_mt940_is_refused_or_still_adds_up(at, noise):
    raw = mt940((DAY, 7_000, "FT1", "IV4T9QW2M7"), (DAY, 9_000, "FT2", "B")).encode()
    at %= len(raw)
    try:
        _kind, sheets = reading.sheets_of(
            raw[:at] + noise + raw[at + len(noise) :], ACCOUNT, MAPPING
        )
    except (BadBankFile, UnknownMapping):
        return
    for sheet in sheets:
        moved = sum(row.amount_minor for row in sheet.rows)
        assert sheet.opening_minor + moved == sheet.closing_minor
