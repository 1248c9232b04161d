"""Amounts in Vietnamese words, as accountants write them.

Read by threes: nghìn, triệu, and tỷ that comes again (a million million is "một nghìn tỷ", 10¹⁸
"một tỷ tỷ"). A group after a higher one is read in full: 1 000 005 is "một triệu không trăm lẻ
năm".
"""

from operator import index

from config.errors import Invalid

_DIGITS = ("không", "một", "hai", "ba", "bốn", "năm", "sáu", "bảy", "tám", "chín")
_SCALES = ((1_000_000, "triệu"), (1_000, "nghìn"), (1, ""))
LIMIT = 10**18


class TooLarge(Invalid):
    """The number is beyond a billion billion; it cannot be written in words."""


def in_vietnamese(n: int) -> str:
    """`n` in words, without the currency: 105 is "một trăm lẻ năm", −5 "âm năm".

    Whole numbers from −10¹⁸ to 10¹⁸; raises TooLarge beyond, and TypeError for a fraction.
    """
    n = index(n)
    if abs(n) > LIMIT:
        raise TooLarge
    if n == 0:
        return _DIGITS[0]
    words = _positive(abs(n), full=False)
    return " ".join(["âm", *words] if n < 0 else words)


def amount_in_vietnamese(n: int) -> str:
    """The line under an invoice's total: "Chín triệu đồng chẵn." with a capital letter."""
    words = in_vietnamese(n)
    ending = "đồng chẵn" if n and n % 1_000 == 0 else "đồng"
    return f"{words[0].upper()}{words[1:]} {ending}."


def _positive(n: int, *, full: bool) -> list[str]:
    billions, rest = divmod(n, 10**9)
    words = [*_positive(billions, full=full), "tỷ"] if billions else []
    full = full or bool(billions)
    for scale, name in _SCALES:
        group, rest = divmod(rest, scale)
        if group:
            words += _group(group, full=full)
            words += [name] if name else []
            full = True
    return words


def _group(n: int, *, full: bool) -> list[str]:
    """1 … 999; `full` says that hundreds are read even when they are zero."""
    hundreds, rest = divmod(n, 100)
    words = [_DIGITS[hundreds], "trăm"] if hundreds or full else []
    if 0 < rest < 10:
        return [*words, *(["lẻ"] if words else []), _DIGITS[rest]]
    return [*words, *_tens(rest)] if rest else words


def _tens(n: int) -> list[str]:
    tens, ones = divmod(n, 10)
    words = ["mười"] if tens == 1 else [_DIGITS[tens], "mươi"]
    if ones == 1 and tens > 1:
        return [*words, "mốt"]
    if ones == 5:
        return [*words, "lăm"]
    return [*words, _DIGITS[ones]] if ones else words


# fmt: off
_SMALL = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten",
    "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen",
    "nineteen",
)
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
# fmt: on
_ENGLISH_SCALES = (
    (10**15, "quadrillion"),
    (10**12, "trillion"),
    (10**9, "billion"),
    (10**6, "million"),
    (10**3, "thousand"),
    (100, "hundred"),
)


def in_english(n: int) -> str:
    """`n` in words, without the currency: 105 is "one hundred and five", −5 "minus five".

    Whole numbers from −10¹⁸ to 10¹⁸; raises TooLarge beyond, and TypeError for a fraction.
    """
    n = index(n)
    if abs(n) > LIMIT:
        raise TooLarge
    return f"minus {_english(-n)}" if n < 0 else _english(n)


def amount_in_english(n: int) -> str:
    """The line under a total in đồng: "Nine million dong." with a capital letter."""
    words = in_english(n)
    return f"{words[0].upper()}{words[1:]} dong."


def _english(n: int) -> str:
    if n < 20:
        return _SMALL[n]
    if n < 100:
        tens, ones = divmod(n, 10)
        return _TENS[tens - 2] + (f"-{_SMALL[ones]}" if ones else "")
    scale, name = next(pair for pair in _ENGLISH_SCALES if pair[0] <= n)
    count, rest = divmod(n, scale)
    words = f"{_english(count)} {name}"
    if not rest:
        return words
    return f"{words}{' and ' if rest < 100 else ' '}{_english(rest)}"
