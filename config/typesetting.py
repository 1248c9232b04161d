"""Sets documents: a typst template and a document of plain values become a PDF.

Values reach the template as JSON and are set as text, never as markup, so a title full of typst
code prints as it was typed. Only the fonts inside typst are used: the same on every machine.
"""

import json
import unicodedata
from pathlib import Path
from typing import Any

import typst


def pdf(template: Path, document: dict[str, Any]) -> bytes:
    """The PDF of a template, which reads `json(bytes(sys.inputs.document))`.

    A template may import what lies in its own folder.
    """
    # Composed letters: some viewers cannot search or copy decomposed ones.
    text = unicodedata.normalize("NFC", json.dumps(document, ensure_ascii=False))
    made = typst.compile(
        str(template),
        root=str(template.parent),
        ignore_system_fonts=True,
        font_paths=[],
        sys_inputs={"document": text},
    )
    if not isinstance(made, bytes):
        raise TypeError("typst gave several files where one PDF was asked for")
    return made
