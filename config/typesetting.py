"""Sets documents: a typst template and a document of plain values become a PDF.

Values reach the template as JSON and are set as text, never as markup, so a title full of typst
code prints as it was typed. Only the fonts inside typst are used: the same on every machine.
"""

import json
import re
import unicodedata
from enum import StrEnum
from pathlib import Path
from typing import Any

import typst

# All but Latin, Greek and Cyrillic letters, punctuation, currencies, arrows and mathematical signs.
UNKNOWN = re.compile("[^\u0000-\u052f\u1e00-\u22ff\u25a0-\u25ff]")


class Standard(StrEnum):
    """For the archive: PDF/A (ISO 19005) with all fonts and colours inside, part 2 or 3."""

    A2 = "a-2b"
    A3 = "a-3b"


def pdf(template: Path, document: dict[str, Any], standard: Standard | None = None) -> bytes:
    """The PDF of a template, which reads `json(bytes(sys.inputs.document))`.

    A template may import what lies in its own folder. One that is asked for by a standard sets the
    document's date.
    """
    # Composed letters: some viewers cannot search or copy decomposed ones.
    text = unicodedata.normalize("NFC", json.dumps(document, ensure_ascii=False))
    try:
        return _set(template, text, standard)
    except typst.TypstError as wrong:
        if standard is None or "could not be displayed" not in str(wrong):
            raise
        # The archive's standards refuse a sign that no font has; an emoji in a name is no reason
        # to have no copy.
        return _set(template, UNKNOWN.sub("?", text), standard)


def _set(template: Path, text: str, standard: Standard | None) -> bytes:
    made = typst.compile(
        str(template),
        root=str(template.parent),
        ignore_system_fonts=True,
        font_paths=[],
        sys_inputs={"document": text},
        pdf_standards=[standard.value] if standard else [],
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave several files where one PDF was asked for")
    return made
