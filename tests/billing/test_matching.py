"""Which invoices a booking of the bank pays: a rulebook, and never a wrong one."""

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from billing.matching import Book, Owed, Receipt, Verdict
from billing.parties import Fit, Parties, Party
from billing.spelling import is_near
from config import references

SAO, TRE, XANH = 1, 2, 3
NAMES = {
    SAO: "Công ty TNHH Truyền thông Sao Mai",
    TRE: "Báo Tuổi Trẻ Thành phố Hồ Chí Minh",
    XANH: "Đài Phát thanh Biển Xanh",
}
FIRST, SECOND, THIRD, LIKE = 11, 12, 13, 14


def book(**accounts: int) -> Book:
    parties = Parties(
        (Party(unit, name) for unit, name in NAMES.items()),
        {account: frozenset({unit}) for account, unit in accounts.items()},
    )
    return Book(
        [
            Owed(FIRST, SAO, 7_000_000, "IV-4T9Q-W2M7", "1C26TMC-00000042", "BK-AAAA-2222"),
            Owed(SECOND, SAO, 2_500_000, "IV-7HKN-C3PX", "1C26TMC-00000043", "BK-AAAA-2222"),
            Owed(THIRD, TRE, 7_000_000, "IV-QGRT-94MA", "1C26TMC-00000142", "BK-CCCC-3333"),
            Owed(LIKE, XANH, 7_000_000, "IV-XXYY-ZZ22", "1C26TMC-00004211", "BK-DDDD-4444"),
            Owed(99, TRE, 0, "IV-PPPP-6666", "1C26TMC-00000009", "BK-EEEE-6666"),
        ],
        parties,
    )


def judged(text: str, amount: int = 7_000_000, payer: str = "", account: str = "") -> Verdict:
    return book(**{"0071": SAO}).judge(Receipt(amount, text, payer, account))


def certain(verdict: Verdict) -> list[int]:
    return [] if verdict.certain is None else [one for one, _minor in verdict.certain.shares]


@pytest.mark.parametrize(
    "text",
    [
        "IV-4T9Q-W2M7",
        "TT IV4T9QW2M7",
        "thanh toan iv 4t9q w2m7 tien thue",
        "MBVCB.991.IV4T9QW2M7.CT tu 0071000 toi 0011",
        "CHUYENTIENIV4T9QW2M7CAMON",  # glued
        "I V 4 T 9 Q W 2 M 7",  # a space behind every letter
        "IV.4T9Q.W2M7",
        "1V4T9QW2M7",  # I for 1
        "4T9QW2M7",  # its beginning lost
        "IV4T9Q2M7",  # a letter lost
        "IV4T9QWW2M7",  # a letter doubled
        "IV4T9OW2M7",  # O for Q
        "IV4T9WQ2M7",  # two swapped
        "NOP TIEN IV4T9QW2",  # cut after 25
        "BK-AAAA-2222",  # of two invoices of the booking one is this amount
        "Thanh toán IV-4T9Q-W2M7 hội trường",
    ],
)
def test_a_reference_is_read_however_it_is_spelled(text):
    assert certain(judged(text)) == [FIRST]


@pytest.mark.parametrize(
    ("text", "payer"),
    [
        ("HD 1C26TMC-00000042", "CTY TNHH TRUYEN THONG SAO MAI"),
        ("1c26tmc 42", "CTY TRUYEN THONG SAO MAI"),  # zeros left out
        ("1C26TMC0000042", "TRUYEN THONG SAO MAI"),  # one zero lost
        ("IC26TMC OOOOOO42", "Truyền thông Sao Mai"),  # letters for digits
        ("1C26 TMC 0000 0042", "Truyền thông Sao Mai"),  # parted
        ("TMC42 cam on", "CONG TY TNHH TRUYEN THONG SAO"),  # half a symbol, a name cut
        ("HD 1C26TMC00000042CT TU", "Truyền thông Sao Mai"),  # glued
    ],
)
def test_an_invoice_number_needs_the_unit_beside_it(text, payer):
    assert certain(judged(text, payer=payer)) == [FIRST]


@pytest.mark.parametrize(
    ("text", "amount", "payer", "why"),
    [
        ("IV4T9QW2M7", 7_000_000, NAMES[TRE], "the payer is another unit"),
        ("IV4T9QW2M7", 6_000_000, "", "a part, from nobody we know"),
        ("IV4T9QW2M7", 8_000_000, "", "too much, from nobody we know"),
        ("IV4T9Q2M7", 6_000_000, NAMES[SAO], "a damaged reference and another amount"),
        ("IV4T9QW2M7 IVQGRT94MA", 7_000_000, "", "invoices of two units"),
        ("IV4T9QW2M7 IV7HKNC3PX", 7_000_000, NAMES[SAO], "two named, paid for one"),
        ("IVPPPP6666", 7_000_000, NAMES[TRE], "paid already"),
        ("1C26TMC-00000042", 7_000_000, "", "a number 142 of the same amount is near"),
        ("1C26TMC-42", 7_000_000, "", "a number that begins so is owed as much"),
        ("1C26TMC-00000043", 7_000_000, NAMES[SAO], "another amount"),
        ("hoa don 42", 7_000_000, "", "no symbol and no name"),
        ("BK-AAAA-2222", 5_000_000, NAMES[SAO], "no invoice of the booking is this amount"),
        ("", 7_000_000, NAMES[SAO], "nothing is written"),
        ("tien thue hoi truong", 2_500_000, "", "the amount alone"),
        ("4T9QW2M", 7_000_000, "", "one letter short and no beginning"),
    ],
)
def test_what_anything_speaks_against_waits_for_a_person(text, amount, payer, why):
    assert certain(judged(text, amount, payer)) == [], why


def test_a_part_and_too_much_are_certain_on_a_whole_reference_from_the_unit_itself():
    part = judged("IV4T9QW2M7", 3_000_000, NAMES[SAO]).certain
    over = judged("IV4T9QW2M7", 9_000_000, account="0071").certain
    assert part is not None
    assert part.shares == ((FIRST, 3_000_000),)
    assert over is not None
    assert over.shares == ((FIRST, 7_000_000),)


def test_several_invoices_named_are_split_where_their_sum_came_in():
    verdict = judged("IV4T9QW2M7 va IV7HKNC3PX", 9_500_000)
    assert verdict.certain is not None
    assert verdict.certain.shares == ((FIRST, 7_000_000), (SECOND, 2_500_000))
    assert certain(judged("BKAAAA2222", 9_500_000)) == [FIRST, SECOND]


def test_suggestions_are_ranked_and_say_why():
    best, *others = judged("IV4T9QW2M7", 7_000_000, NAMES[TRE]).ranked
    assert [one.unit_id for one in (best, *others)][:2] == [SAO, TRE] or best.unit_id == TRE
    codes = {reason.code for one in (best, *others) for reason in one.reasons}
    assert {"reference_exact", "amount_equal", "payer_other", "payer_name"} <= codes


def test_without_anything_written_the_unit_and_the_amount_suggest():
    verdict = judged("thanh toan", 9_500_000, NAMES[SAO])
    assert verdict.certain is None
    assert verdict.ranked[0].shares == ((FIRST, 7_000_000), (SECOND, 2_500_000))
    assert any(one.shares == () for one in verdict.ranked)  # or keep it as the unit's balance


def test_what_an_earlier_booking_paid_is_not_owed_again():
    told = book()
    receipt = Receipt(7_000_000, "IV4T9QW2M7")
    first = told.judge(receipt).certain
    assert first is not None
    told.pay(first.shares)
    assert told.judge(receipt).certain is None


@pytest.mark.parametrize(
    ("payer", "fit"),
    [
        ("CTY TNHH TRUYEN THONG SAO MAI", Fit.NAME),
        ("TRUYEN THONG SAO MAI", Fit.NAME),
        ("CONG TY TNHH TRUYEN THONG SA", Fit.NAME),  # cut
        ("BAO TUOI TRE TP.HCM", Fit.OTHER),
        ("NGUYEN VAN AN", Fit.UNKNOWN),
        ("", Fit.UNKNOWN),
    ],
)
def test_a_payers_name_speaks_for_a_unit_against_it_or_not_at_all(payer, fit):
    assert book().parties.fit(SAO, payer, "", "") is fit


def test_two_names_that_both_fit_speak_for_neither():
    parties = Parties(
        [Party(1, "Báo Sài Gòn Giải Phóng"), Party(2, "Báo Sài Gòn Giải Phóng 12G")], {}
    )
    assert parties.fit(1, "SAI GON GIAI PHONG", "", "") is Fit.UNKNOWN
    assert parties.fit(1, "BAO SAI GON GIAI PHONG", "", "") is Fit.NAME


@given(st.text("AB01", max_size=8), st.text("AB01", max_size=8), st.integers(0, 3))
def test_nearness_is_the_number_of_changes(one, other, most):
    def distance(a: str, b: str) -> int:
        if not a or not b:
            return len(a) + len(b)
        return (
            min(
                distance(a[1:], b) + 1,
                distance(a, b[1:]) + 1,
                distance(a[1:], b[1:]) + (a[0] != b[0]),
            )
            if len(a) + len(b) < 9
            else (0 if a == b else 99)
        )

    if len(one) + len(other) < 9:
        assert is_near(one, other, most) == (distance(one, other) <= most)


DAMAGE = {
    "drop": lambda s, r: s[: (i := r.randrange(len(s)))] + s[i + 1 :],
    "drop two": lambda s, r: DAMAGE["drop"](DAMAGE["drop"](s, r), r),
    "change": lambda s, r: s[: (i := r.randrange(len(s)))] + r.choice("AB0123O") + s[i + 1 :],
    "cut": lambda s, r: s[: r.randrange(4, len(s))],
    "swap": lambda s, r: s[: (i := r.randrange(len(s) - 1))] + s[i + 1] + s[i] + s[i + 2 :],
    "none": lambda s, _r: s,
}


@settings(max_examples=1000, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from(sorted(DAMAGE)), st.booleans(), st.booleans())
def test_no_damage_makes_a_wrong_match(seed, damage, by_number, with_name):
    """Thirty invoices of few amounts and near numbers: the worst neighbourhood there is."""
    dice = random.Random(seed)
    owed = [
        Owed(
            i,
            i % 3 + 1,
            dice.choice((7_000_000, 9_000_000)),
            references.new("IV"),
            f"1C26TMC-{dice.randrange(1, 10 ** dice.randrange(1, 5)):08d}",
        )
        for i in range(30)
    ]
    owed = list({one.number: one for one in owed}.values())
    true = dice.choice(owed)
    written = DAMAGE[damage](true.number if by_number else true.reference, dice)
    told = Book(owed, Parties((Party(unit, name) for unit, name in NAMES.items()), {}))
    payer = NAMES[true.unit_id] if with_name else ""
    found = certain(told.judge(Receipt(true.left, f"TT {written} CK", payer)))
    assert found in ([], [true.invoice_id])
