"""Bytes of a bank's file as text: which encoding it is in, said by the bytes and never guessed.

UTF-8 (with or without a mark), UTF-16 (with its mark) and windows-1258 are read. Text in TCVN3 or
VNI looks like Western letters and would put wrong names on record, so it is refused.
"""

import codecs
import re
import unicodedata

from billing.errors import BadBankFile

LARGEST = 20_000_000
ARCHIVES = (b"PK\x03\x04", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!", b"BZh", b"\xfd7zXZ")
PICTURES = (b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"\xd0\xcf\x11\xe0", b"MZ", b"\x7fELF")
# Bytes that windows-1258 has for Vietnamese: letters with a hat, horn or bar, and five tone marks.
_MARKS = "\u0300\u0301\u0303\u0309\u0323"
_LETTERS = frozenset("ăâđêôơưĂÂĐÊÔƠƯàáèéíóùúÀÁÈÉÍÓÙÚ₫–—‘’“”…°§·× \u00a0" + _MARKS)


def text_of(content: bytes) -> str:
    """The file as NFC text with plain line ends; raises BadBankFile with the reason."""
    _require_text(content)
    for mark, name in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            return _clean(_decoded(content, name))
    if b"\0" in content:
        raise BadBankFile(
            "The file is neither UTF-8 text nor UTF-16 with its mark; save it as UTF-8 and send it "
            "again."
        )
    try:
        return _clean(content.decode("utf-8"))
    except UnicodeDecodeError as wrong:
        return _clean(_from_windows(content, wrong.start))


def _require_text(content: bytes) -> None:
    if not content.strip():
        raise BadBankFile("The file is empty; fetch the statement from the bank again.")
    if len(content) > LARGEST:
        raise BadBankFile(
            "The file has more than {most} million bytes; fetch a statement of fewer days.",
            most=LARGEST // 1_000_000,
        )
    if content.startswith(ARCHIVES):
        raise BadBankFile("The file is packed (zip or the like); unpack it and send what is in it.")
    if content.startswith(PICTURES):
        raise BadBankFile(
            "The file is a document or a program and no statement; fetch it from the bank as "
            "MT940, CAMT.053 or CSV."
        )


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode(name)
    except UnicodeDecodeError as wrong:
        raise BadBankFile(
            "The file says that it is {encoding}, and byte {byte} is not; save it as UTF-8 and "
            "send it again.",
            words={"encoding": "UTF-16" if name == "utf-16" else "UTF-8"},
            byte=wrong.start,
        ) from wrong


def _from_windows(content: bytes, byte: int) -> str:
    try:
        text = content.decode("cp1258")
    except UnicodeDecodeError:
        text = ""
    if not text or any(ord(c) > 127 and c not in _LETTERS for c in text) or _loose(text):
        raise BadBankFile(
            "Byte {byte} is not UTF-8, and the file is not Vietnamese in windows-1258 either "
            "(TCVN3 and VNI are not read); save it as UTF-8 and send it again.",
            byte=byte,
        )
    return text


def _loose(text: str) -> bool:
    """Whether a tone mark stands where no vowel could carry it: then it is another encoding."""
    return re.search(rf"(?<![aăâeêioôơuưyAĂÂEÊIOÔƠUƯY])[{_MARKS}]", text) is not None


def _clean(text: str) -> str:
    bad = next(
        (
            c
            for c in text
            if c in "\ufffd\0" or (unicodedata.category(c) == "Cc" and c not in "\r\n\t\f\x1a")
        ),
        None,
    )
    if bad is not None:
        raise BadBankFile(
            "The file has the character {character}, which no text has; it is damaged or no text. "
            "Fetch it from the bank again.",
            character=f"U+{ord(bad):04X}",
        )
    return unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n"))
