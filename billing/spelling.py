"""Text as people and banks spell it: loose forms that can be compared. Nothing here decides."""

import re
import unicodedata
from functools import lru_cache

# đ has no mark that could be taken off.
_PLAIN = str.maketrans({"đ": "d", "Đ": "D"})

# Short form → words, as payers' names have them.
SHORT = {
    "BC": "BAO CHI",
    "CN": "CHI NHANH",
    "CP": "CO PHAN",
    "CT": "CONG TY",
    "CTCP": "CONG TY CO PHAN",
    "CTY": "CONG TY",
    "DH": "DAI HOC",
    "HCM": "HO CHI MINH",
    "HN": "HA NOI",
    "MTV": "MOT THANH VIEN",
    "PT": "PHAT THANH",
    "PTTH": "PHAT THANH TRUYEN HINH",
    "SG": "SAI GON",
    "TH": "TRUYEN HINH",
    "TNHH": "TRACH NHIEM HUU HAN",
    "TP": "THANH PHO",
    "TPHCM": "THANH PHO HO CHI MINH",
    "TT": "TRUNG TAM",
    "TTXVN": "THONG TAN XA VIET NAM",
    "TW": "TRUNG UONG",
    "UBND": "UY BAN NHAN DAN",
    "VN": "VIET NAM",
    "VP": "VAN PHONG",
    "VPDD": "VAN PHONG DAI DIEN",
}
# Words of a legal form say nothing about who it is.
_FORMS = re.compile(
    r"\b(CONG TY|CO PHAN|TRACH NHIEM HUU HAN|MOT THANH VIEN|HAI THANH VIEN|DOANH NGHIEP|"
    r"TU NHAN|CO|LTD|JSC|CORP|INC|LIMITED|COMPANY)\b"
)


def plain(text: str) -> str:
    """Upper case without marks; other signs stay."""
    bare = unicodedata.normalize("NFD", text.translate(_PLAIN)).upper()
    return "".join(c for c in bare if not unicodedata.combining(c))


def squeezed(text: str) -> str:
    """Letters and digits only, upper case, without marks.

    >>> squeezed("Trả tiền IV-4T9Q w2m7")
    'TRATIENIV4T9QW2M7'
    """
    return "".join(c for c in plain(text) if c.isascii() and c.isalnum())


@lru_cache(maxsize=50_000)
def core(name: str) -> tuple[str, ...]:
    """The words of a name that say who it is: short forms written out, the legal form left out.

    >>> core("CTY TNHH Truyền thông Sao Mai - TP.HCM")
    ('TRUYEN', 'THONG', 'SAO', 'MAI', 'THANH', 'PHO', 'HO', 'CHI', 'MINH')
    """
    words = re.findall(r"[A-Z0-9]+", plain(name))
    full = " ".join(SHORT.get(word, word) for word in words)
    return tuple(_FORMS.sub(" ", full).split())


def is_near(one: str, other: str, most: int) -> bool:
    """Whether at most `most` characters were dropped, added or changed between the two."""
    if abs(len(one) - len(other)) > most:
        return False
    row = list(range(len(other) + 1))
    for i, a in enumerate(one, start=1):
        before, row[0] = row[0], i
        for j, b in enumerate(other, start=1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
        if min(row) > most:
            return False
    return row[-1] <= most
