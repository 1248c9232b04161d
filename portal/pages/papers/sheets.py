"""What a paper is made of: a head and blocks of words, which one template sets.

Everything a person typed is a value here and never markup. The words are those of the language in
force while the sheet is made.
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import segno
from flask_babel import gettext as _

from billing.seller import seller
from config import typesetting
from portal.pages import formats
from rental.models import Booking

TEMPLATE = Path(__file__).parent / "paper.typ"

Block = dict[str, Any]
Cell = str | dict[str, Any]
Row = dict[str, Any]

TICK: Cell = {"tick": True}
BLANK: Cell = {"blank": True}


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a ledger; `width` is `auto`, a share such as `1fr`, or millimetres (`8mm`)."""

    label: str
    width: str = "auto"
    align: Literal["start", "middle", "end"] = "start"


@dataclass(frozen=True, slots=True)
class Sheet:
    """A paper before it is set; `stamp` lies across the page, `sample` stands above the text."""

    title: str
    under: tuple[str, ...]
    blocks: tuple[Block, ...]
    sample: str | None = None
    stamp: str | None = None
    motto: tuple[str, str] | None = None


def pdf(booking: Booking, sheet: Sheet, address: str) -> bytes:
    """The sheet as A4 pages; the code on its head leads to `address`."""
    return typesetting.pdf(
        TEMPLATE,
        {
            "lang": formats.language(),
            "page_word": _("Page"),
            "title": sheet.title,
            "under": list(sheet.under),
            "sample": sheet.sample,
            "stamp": sheet.stamp,
            "motto": sheet.motto,
            "reference": booking.reference,
            "picture": picture(address),
            "seller": _letterhead(),
            "blocks": list(sheet.blocks),
        },
    )


def picture(text: str) -> str:
    """A QR code of the text as SVG."""
    out = io.BytesIO()
    segno.make(text, error="m", micro=False).save(out, kind="svg", scale=4, border=1, xmldecl=False)
    return out.getvalue().decode()


def _letterhead() -> dict[str, Any]:
    own = seller()
    reached = " · ".join(word for word in (own.phone, own.email) if word)
    return {
        "name": centre_name(),
        "lines": [
            own.address,
            _("Tax code: %(code)s", code=own.tax_code) + (f" · {reached}" if reached else ""),
        ],
    }


def centre_name() -> str:
    """The Centre in the language of the sheet."""
    own = seller()
    return own.name_en if formats.language() == "en" else own.name


def facts(rows: Iterable[tuple[str, str | None]], columns: int = 1) -> Block:
    """Labels and values; a fact without a value is left out."""
    return {"kind": "facts", "columns": columns, "rows": [row for row in rows if row[1]]}


def parties(*each: tuple[str, str, Sequence[tuple[str, str | None]]]) -> Block:
    """Boxes beside each other: what the party is, its name, and rows; None is a dotted line."""
    return {
        "kind": "parties",
        "parties": [{"label": label, "name": name, "rows": rows} for label, name, rows in each],
    }


def heading(words: str) -> Block:
    """Stays with what follows."""
    return {"kind": "heading", "words": words}


def text(words: str) -> Block:
    """One paragraph."""
    return {"kind": "text", "words": words}


def basis(words: str) -> Block:
    """What a contract rests on, in italics."""
    return {"kind": "basis", "words": words}


def note(words: str) -> Block:
    """A word of caution, in a box."""
    return {"kind": "note", "words": words}


def points(rows: Iterable[tuple[str, str]]) -> Block:
    """Paragraphs, each with its mark."""
    return {"kind": "points", "rows": list(rows)}


def ledger(columns: Sequence[Column], rows: Iterable[Row]) -> Block:
    """A table whose head comes again on each page."""
    heads = [{"label": c.label, "width": c.width, "align": c.align} for c in columns]
    return {"kind": "ledger", "columns": heads, "rows": list(rows)}


def row(*cells: Cell) -> Row:
    """One row of a ledger."""
    return {"cells": list(cells)}


def group(words: str) -> Row:
    """A row across the ledger that names what follows."""
    return {"group": words}


def told(words: str, *under: str, strong: bool = False, depth: int = 0) -> Cell:
    """A cell with smaller lines beneath; `depth` moves it to the right."""
    return {
        "text": words,
        "under": [line for line in under if line],
        "strong": strong,
        "depth": depth,
    }


def sums(
    rows: Sequence[tuple[str, str]], total: tuple[str, str], words: tuple[str, str] | None
) -> Block:
    """What adds up, the total, and the total in words."""
    return {"kind": "sums", "rows": rows, "total": total, "words": words}


def signatures(*places: tuple[str, str, str]) -> Block:
    """Who signs: as what, how, and the name beneath, if it is known."""
    return {"kind": "signatures", "places": places}
