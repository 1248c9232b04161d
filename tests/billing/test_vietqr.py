"""VietQR codes against published vectors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import vietqr
from billing.errors import BadTransferCode

DYNAMIC = (
    "00020101021238570010A00000072701270006970403011300110123456780208QRIBFTTA530370454061800005802"
    "VN62340107NPS68690819thanh toan don hang63042E2E"
)
WITHOUT_BILL = (
    "00020101021238530010A0000007270123000697041601092576788590208QRIBFTTA5303704540410005802VN6215"
    "0811Chuyen tien6304BBB8"
)


def test_the_checksum_has_the_published_check_value() -> None:
    assert vietqr.crc("123456789") == 0x29B1


def test_the_published_code_is_written_to_the_letter() -> None:
    made = vietqr.payload("970403", "0011012345678", 180000, "NPS6869", "thanh toan don hang")
    assert made == DYNAMIC
    made = vietqr.payload("970416", "257678859", 1000, purpose="Chuyen tien")
    assert made == WITHOUT_BILL


@pytest.mark.parametrize("text", [DYNAMIC, WITHOUT_BILL])
def test_published_codes_survive_reading_and_writing(text: str) -> None:
    assert vietqr.parse(text).payload() == text


def test_a_read_code_tells_bank_account_amount_and_texts() -> None:
    assert vietqr.parse(WITHOUT_BILL) == vietqr.Transfer(
        "970416", "257678859", 1000, None, "Chuyen tien", dynamic=True
    )


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (WITHOUT_BILL[:-4] + "BBB5", "one digit of the checksum is wrong"),
        (WITHOUT_BILL[:-8], "no checksum"),
        (WITHOUT_BILL[:40], "cut off"),
        ("", "nothing"),
        ("hello", "not a code"),
        (WITHOUT_BILL + "590", "rest after the checksum"),
        (WITHOUT_BILL.replace("010212", "010211"), "static, under the dynamic code's checksum"),
        (DYNAMIC.replace("180000", "190000"), "the amount was changed"),
        ("٠٠٠٢٠١" + WITHOUT_BILL[6:], "digits of another script"),
    ],
)
def test_a_damaged_code_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadTransferCode):
        vietqr.parse(text)


def signed(body: str) -> str:
    return f"{body}6304{vietqr.crc(body + '6304'):04X}"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("5303704", "5303840", "dollars"),
        ("QRIBFTTA", "QRIBFTTC", "to a card, not an account"),
        ("A000000727", "A000000615", "another scheme"),
        ("5802VN", "5802TH", "another country"),
        ("54041000", "54041,50", "not an amount"),
        ("54041000", "54040000", "an amount of zero"),
        ("54041000", "540410005303704", "a field twice"),
    ],
)
def test_a_foreign_code_with_a_right_checksum_is_refused(old: str, new: str, reason: str) -> None:
    with pytest.raises(BadTransferCode):
        vietqr.parse(signed(WITHOUT_BILL[:-8].replace(old, new)))


def test_a_lower_case_checksum_is_read() -> None:
    assert vietqr.parse(WITHOUT_BILL[:-4] + "bbb8").amount == 1000


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (("97041", "1", 1, None, None), "a BIN of five digits"),
        (("97041a", "1", 1, None, None), "a letter in the BIN"),
        (("970416", "", 1, None, None), "no account"),
        (("970416", "1" * 20, 1, None, None), "an account too long"),
        (("970416", "12 34", 1, None, None), "a space in the account"),
        (("970416", "1", 0, None, None), "nothing to pay"),
        (("970416", "1", -5, None, None), "a negative amount"),
        (("970416", "1", 1.5, None, None), "half a đồng"),
        (("970416", "1", True, None, None), "a truth value"),
        (("970416", "1", 10**13, None, None), "14 digits"),
        (("970416", "1", 1, "x" * 26, None), "a bill too long"),
        (("970416", "1", 1, "tiền", None), "marks in the bill, which is matched to the letter"),
        (("970416", "1", 1, "", None), "an empty bill"),
        (("970416", "1", 1, "a\nb", None), "a line break"),
        ((970416, "1", 1, None, None), "a BIN that is a number"),
        (("970416", 11012345678, 1, None, None), "an account that lost its leading zeros"),
    ],
)
def test_values_that_do_not_fit_are_refused(values: tuple[object, ...], reason: str) -> None:
    with pytest.raises(BadTransferCode):
        vietqr.payload(*values)  # type: ignore[arg-type]


ascii_text = st.none() | st.from_regex(r"[ -~]{1,25}", fullmatch=True)


@given(
    st.from_regex(r"[0-9]{6}", fullmatch=True),
    st.from_regex(r"[0-9A-Za-z]{1,19}", fullmatch=True),
    st.none() | st.integers(1, 9_999_999_999_999),
    ascii_text,
    st.none() | st.from_regex(r"[!-~]{1,12}( [!-~]{1,12})?", fullmatch=True),
)
def test_whatever_is_written_is_read_back(
    bank_bin: str, account: str, amount: int | None, bill: str | None, purpose: str | None
) -> None:
    read = vietqr.parse(vietqr.payload(bank_bin, account, amount, bill, purpose))
    assert (read.bank_bin, read.account, read.amount) == (bank_bin, account, amount)
    assert (read.bill, read.purpose) == (bill, purpose)


def test_a_code_without_an_amount_is_static() -> None:
    text = vietqr.payload("970416", "257678859")
    assert text.startswith("000201010211")
    assert vietqr.parse(text).payload() == text


@pytest.mark.parametrize(
    ("purpose", "carried"),
    [
        ("Thanh toán hóa đơn số 128 tháng mười một", "Thanh toan hoa don so 128"),
        ("Đặng Thị Ửng", "Dang Thi Ung"),
        ("e\u0323\u0302 a\u0306", "e a"),
        ("hội\ntrường", "hoi truong"),
        ("x" * 99, "x" * 25),
        ("", None),
        ("漢字", None),
    ],
)
def test_the_purpose_is_made_to_fit(purpose: str, carried: str | None) -> None:
    assert vietqr.parse(vietqr.payload("970416", "1", 1, None, purpose)).purpose == carried


def test_the_code_is_drawn() -> None:
    assert vietqr.svg(DYNAMIC).startswith("<svg")
    assert vietqr.png(DYNAMIC).startswith(b"\x89PNG")
