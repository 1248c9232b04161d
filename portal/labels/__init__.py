"""Labels with QR codes for assets: an A4 sheet of 3 × 8, set by typst."""

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import segno

from config import typesetting
from rental.models import Asset

TEMPLATE = Path(__file__).parent / "labels.typ"
COLUMNS, ROWS = 3, 8
PER_SHEET = COLUMNS * ROWS
MOST = 1200


def address(public_url: str, tag: str) -> str:
    """What the code of a label says: where the asset's page is."""
    return f"{public_url.rstrip('/')}/a/{quote(tag, safe='')}"


def drawn(text: str) -> str:
    """The QR code as SVG, medium correction, with its quiet zone: it survives a scratch."""
    code = segno.make(text, error="m", micro=False)
    width = code.symbol_size(border=4)[0]
    path = code.svg_inline(border=4, svgclass=None, lineclass=None, omitsize=True)
    # typst wants the name space that an inline picture may leave out.
    return re.sub(
        r"^<svg", f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{width}"', path
    )


def sheet(assets: Sequence[Asset], public_url: str, start: int = 1) -> bytes:
    """The PDF: one label an asset, beginning at place `start` (1 to 24) of the first sheet."""
    labels = [
        {
            "tag": asset.tag,
            "name": asset.resource.name,
            "serial": asset.serial or "",
            "code": asset.resource.code,
            "picture": drawn(address(public_url, asset.tag)),
        }
        for asset in assets
    ]
    return typesetting.pdf(TEMPLATE, {"labels": labels, "skipped": start - 1})
