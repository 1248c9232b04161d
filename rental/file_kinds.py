"""What a file is, told from its bytes; names and senders' words are never believed.

Seven kinds are taken: PDF, PNG, JPEG, WebP, DOCX, XLSX, ODT. What is also something else (an
archive behind a picture, macros in a document), what cannot be looked into (encrypted entries) and
what would burst when unpacked is refused. Sources: PNG (ISO/IEC 15948) chunk layout, RIFF/WebP
container, ZIP APPNOTE 6.3 end-of-central-directory record, ODF 1.3 part 2 § 3.3 `mimetype`.
"""

import io
import re
import struct
import unicodedata
import zipfile
import zlib
from enum import Enum
from pathlib import PurePosixPath

from rental.errors import BadFile

# The text of a long report is a few megabytes; a bomb is thousands of times its size.
MOST_UNPACKED = 64_000_000
MOST_ENTRIES = 2_000
LONGEST_NAME_BYTES = 180
END_OF_ZIP = b"PK\x05\x06"
PNG = b"\x89PNG\r\n\x1a\n"
OPEN_DOCUMENT_TEXT = b"application/vnd.oasis.opendocument.text"
OFFICE = "application/vnd.openxmlformats-officedocument."
# What a name may bear before the ending that we give it.
ENDING = re.compile(r"\.(?=[A-Za-z0-9]{0,4}[A-Za-z])[A-Za-z0-9]{1,5}$")
FORBIDDEN = re.compile(r'[<>:"|?*]+')


class FileKind(Enum):
    """A kind of file that is taken: its media type and the endings its name may have."""

    PDF = ("application/pdf", ".pdf")
    PNG = ("image/png", ".png")
    JPEG = ("image/jpeg", ".jpg", ".jpeg")
    WEBP = ("image/webp", ".webp")
    DOCX = (f"{OFFICE}wordprocessingml.document", ".docx")
    XLSX = (f"{OFFICE}spreadsheetml.sheet", ".xlsx")
    ODT = (OPEN_DOCUMENT_TEXT.decode(), ".odt")

    @property
    def media_type(self) -> str:
        """As Content-Type says it."""
        return str(self.value[0])

    @property
    def endings(self) -> tuple[str, ...]:
        """The endings of a name, the usual one first."""
        return tuple(self.value[1:])


IMAGES = frozenset(
    kind.media_type for kind in (FileKind.PNG, FileKind.JPEG, FileKind.WEBP)
)  # what a browser may show in a page


def of(content: bytes) -> FileKind:
    """The kind of these bytes; raises BadFile where it is none of those taken."""
    if not content:
        raise BadFile("The file is empty; choose the file that was meant.")
    for is_kind, kind in (
        (_is_pdf, FileKind.PDF),
        (_is_png, FileKind.PNG),
        (_is_jpeg, FileKind.JPEG),
        (_is_webp, FileKind.WEBP),
    ):
        if is_kind(content):
            if _ends_as_zip(content):
                raise BadFile("The file is two kinds of file at once; save it anew and send that.")
            return kind
    if content.startswith(b"PK\x03\x04"):
        return _office(content)
    raise BadFile


def _is_pdf(content: bytes) -> bool:
    return content.startswith(b"%PDF-") and b"%%EOF" in content[-2048:]


def _is_png(content: bytes) -> bool:
    """From the signature over whole chunks to IEND, and nothing behind it."""
    if not content.startswith(PNG) or content[12:16] != b"IHDR":
        return False
    at = len(PNG)
    while at + 12 <= len(content):
        (length,) = struct.unpack_from(">I", content, at)
        name = content[at + 4 : at + 8]
        at += 12 + length
        if name == b"IEND":
            return bool(length == 0 and at == len(content))
    return False


def _is_jpeg(content: bytes) -> bool:
    """Segments from the start to a scan, and an end. Cameras write notes of theirs behind it."""
    if not content.startswith(b"\xff\xd8\xff"):
        return False
    at = 2
    while at + 4 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker == 0xFF:  # a fill byte before the marker
            at += 1
            continue
        if marker == 0xDA:
            return b"\xff\xd9" in content[at:]
        (length,) = struct.unpack_from(">H", content, at + 2)
        if length < 2 or marker in (0x00, 0xD8, 0xD9):
            return False
        at += 2 + length
    return False


def _is_webp(content: bytes) -> bool:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP" or content[12:15] != b"VP8":
        return False
    (length,) = struct.unpack_from("<I", content, 4)
    return len(content) in (length + 8, length + 9)


def _ends_as_zip(content: bytes) -> bool:
    """Whether an archive's end record closes the file: readers of archives start there."""
    at = content.rfind(END_OF_ZIP, -(65_535 + 22))
    return at >= 0 and at + 22 <= len(content)


def _office(content: bytes) -> FileKind:
    """An office document inside its archive, wholly looked through; raises BadFile."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _require_harmless(entries)
            kind = _office_kind(archive, {entry.filename for entry in entries})
            for entry in entries:
                # The sizes in the list were bounded; reading on proves that they do not lie.
                with archive.open(entry) as stream:
                    while stream.read(1 << 16):
                        pass
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError) as wrong:
        raise BadFile("The file is damaged; save it anew and send that.") from wrong
    except (RuntimeError, ValueError, UnicodeDecodeError) as wrong:
        raise BadFile from wrong
    return kind


def _require_harmless(entries: list[zipfile.ZipInfo]) -> None:
    if len(entries) > MOST_ENTRIES or sum(entry.file_size for entry in entries) > MOST_UNPACKED:
        raise BadFile("Unpacked, the file would be far too large; save it anew, without pictures.")
    if any(entry.flag_bits & 0x1 for entry in entries):
        raise BadFile("The file is locked by a password; save it without one.")
    names = [entry.filename for entry in entries]
    if len(set(names)) < len(names) or any(_leads_away(name) for name in names):
        raise BadFile
    if min((entry.header_offset for entry in entries), default=1) != 0:
        raise BadFile("The file is two kinds of file at once; save it anew and send that.")


def _leads_away(name: str) -> bool:
    path = PurePosixPath(name.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in name


def _office_kind(archive: zipfile.ZipFile, names: set[str]) -> FileKind:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        raise BadFile("The file carries macros; save it as a plain document and send that.")
    if "[Content_Types].xml" in names:
        if "word/document.xml" in names:
            return FileKind.DOCX
        if "xl/workbook.xml" in names:
            return FileKind.XLSX
    if {"mimetype", "content.xml"} <= names:
        with archive.open("mimetype") as stream:
            if stream.read(len(OPEN_DOCUMENT_TEXT) + 2).strip() == OPEN_DOCUMENT_TEXT:
                return FileKind.ODT
    raise BadFile


def cleaned_name(name: str, kind: FileKind) -> str:
    """A name that is safe to save under, with the ending of what the file is.

    No path, no controls, nothing invisible or that turns the text around; composed (NFC); short
    enough for any file system.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    seen = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in _visible(last))
    stem = FORBIDDEN.sub("-", " ".join(seen.split())).rstrip(" .")
    lower = stem.lower()
    ending = next((each for each in kind.endings if lower.endswith(each)), "")
    if ending:
        stem = stem[: -len(ending)]
    else:
        stem, ending = ENDING.sub("", stem), kind.endings[0]
        if stem.lower().endswith(kind.endings):
            stem = stem[: -len(next(e for e in kind.endings if stem.lower().endswith(e)))]
    room = LONGEST_NAME_BYTES - len(ending)
    stem = stem.encode()[:room].decode(errors="ignore").strip(" .-")
    return f"{stem or 'tep'}{ending}"


def _visible(name: str) -> str:
    """Without format characters (bidi overrides, zero widths), which leave no gap behind."""
    return "".join(c for c in name if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn"))
