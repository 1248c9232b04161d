"""Small real files of each kind, and hostile ones."""

import io
import struct
import zipfile
import zlib


def _chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(side: int = 2) -> bytes:
    """A grey square."""
    rows = b"".join(b"\0" + b"\x80" * side for _ in range(side))
    head = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", head)
        + _chunk(b"IDAT", zlib.compress(rows))
        + _chunk(b"IEND", b"")
    )


def jpeg() -> bytes:
    """The segments of a JPEG, with a scan and an end."""
    app0 = b"\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00"
    return b"\xff\xd8" + app0 + b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00" + b"\x12\x34\xff\xd9"


def webp() -> bytes:
    """A container with one frame."""
    body = b"WEBPVP8 " + struct.pack("<I", 4) + b"\0\0\0\0"
    return b"RIFF" + struct.pack("<I", len(body)) + body


def pdf(words: str = "thông báo") -> bytes:
    """The frame of a PDF."""
    return b"%PDF-1.7\n% " + words.encode() + b"\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def archive(entries: dict[str, bytes], *, stored: tuple[str, ...] = ()) -> bytes:
    """A ZIP of these entries."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in entries.items():
            how = zipfile.ZIP_STORED if name in stored else zipfile.ZIP_DEFLATED
            packed.writestr(name, content, compress_type=how)
    return made.getvalue()


def docx(**more: bytes) -> bytes:
    """What a word processor saves, nearly empty."""
    entries = {"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w:document/>"}
    return archive(entries | more)


def xlsx() -> bytes:
    """What a spreadsheet saves, nearly empty."""
    return archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.xml": b"<workbook/>"})


def odt() -> bytes:
    """What LibreOffice saves, nearly empty."""
    kind = b"application/vnd.oasis.opendocument.text"
    return archive({"mimetype": kind, "content.xml": b"<x/>"}, stored=("mimetype",))


def bomb() -> bytes:
    """A document of 80 KB that unpacks to 80 MB."""
    return docx(**{"word/media/x": b"\0" * 80_000_000})


def lying_bomb() -> bytes:
    """A document whose list says 10 bytes where a megabyte is."""
    made = bytearray(docx(**{"word/media/x": b"\0" * 1_000_000}))
    at = made.rfind(b"PK\x01\x02")
    made[at + 24 : at + 28] = struct.pack("<I", 10)
    return bytes(made)


def locked() -> bytes:
    """A document whose entries are said to be encrypted."""
    made = bytearray(docx())
    at = made.find(b"PK\x01\x02")
    made[at + 8] |= 1
    return bytes(made)


def with_entry(content: bytes, name: str, old: bytes, new: bytes) -> bytes:
    """The archive with some bytes of one entry replaced."""
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        entries = {entry: packed.read(entry) for entry in packed.namelist()}
    assert old in entries[name]
    return archive(entries | {name: entries[name].replace(old, new)})
