"""Amounts in Vietnamese words."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing import words


@pytest.mark.parametrize(
    ("n", "expected"),
    [
        (0, "không"),
        (1, "một"),
        (10, "mười"),
        (11, "mười một"),
        (15, "mười lăm"),
        (20, "hai mươi"),
        (21, "hai mươi mốt"),
        (24, "hai mươi bốn"),
        (55, "năm mươi lăm"),
        (100, "một trăm"),
        (105, "một trăm lẻ năm"),
        (110, "một trăm mười"),
        (111, "một trăm mười một"),
        (1_000, "một nghìn"),
        (1_005, "một nghìn không trăm lẻ năm"),
        (1_050, "một nghìn không trăm năm mươi"),
        (7_378, "bảy nghìn ba trăm bảy mươi tám"),
        (1_000_005, "một triệu không trăm lẻ năm"),
        (1_005_000, "một triệu không trăm lẻ năm nghìn"),
        (
            1_234_567_890,
            "một tỷ hai trăm ba mươi bốn triệu năm trăm sáu mươi bảy nghìn tám trăm chín mươi",
        ),
        (2_000_000_000, "hai tỷ"),
        (2_000_000_005, "hai tỷ không trăm lẻ năm"),
        (10**12, "một nghìn tỷ"),
        (10**15, "một triệu tỷ"),
        (10**18, "một tỷ tỷ"),
        (-5, "âm năm"),
        (-1_500_000, "âm một triệu năm trăm nghìn"),
    ],
)
def test_numbers_are_written_in_accountants_words(n: int, expected: str) -> None:
    assert words.in_vietnamese(n) == expected


DIGITS = {
    w: i
    for i, w in enumerate(["không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín"])
}
DIGITS |= {"mốt": 1, "lăm": 5}


def read_back(text: str) -> int:
    """An independent reader: knows words, not the writer's rules."""
    sign, value, below, group = 1, 0, 0, 0
    digit = 0
    for word in text.split():
        if word == "âm":
            sign = -1
        elif word in DIGITS:
            digit = DIGITS[word]
            group += digit
        elif word == "mười":
            group += 10
        elif word == "mươi":
            group += digit * 9
        elif word == "trăm":
            group += digit * 99
        elif word in ("nghìn", "triệu"):
            below += group * (1_000 if word == "nghìn" else 1_000_000)
            group = 0
        elif word == "tỷ":
            value = (value + below + group) * 10**9
            below = group = 0
    return sign * (value + below + group)


@given(st.integers(-(10**18), 10**18))
def test_every_number_can_be_read_back(n: int) -> None:
    assert read_back(words.in_vietnamese(n)) == n


@given(st.integers(1, 10**18))
def test_words_are_single_spaced(n: int) -> None:
    assert re.fullmatch(r"\S+( \S+)*", words.in_vietnamese(n))


def test_beyond_a_billion_billion_it_refuses() -> None:
    with pytest.raises(words.TooLarge):
        words.in_vietnamese(10**18 + 1)


def test_the_line_under_a_total_starts_with_a_capital_and_names_the_dong() -> None:
    assert words.amount_in_vietnamese(9_000_000) == "Chín triệu đồng chẵn."
    assert words.amount_in_vietnamese(105) == "Một trăm lẻ năm đồng."


@pytest.mark.parametrize("odd", [1.5, 9000000.0, "5", None])
def test_what_is_no_whole_number_is_no_amount_in_words(odd: object) -> None:
    with pytest.raises(TypeError):
        words.in_vietnamese(odd)  # type: ignore[arg-type]
