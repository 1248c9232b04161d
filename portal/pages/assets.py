"""Where the built front end stands: hashed names, read from the manifest that the build writes."""

import json
from functools import cache
from pathlib import Path

from flask import current_app, g, url_for
from markupsafe import Markup, escape

from config.errors import NotFound

FOLDER = "dist"


class NotBuilt(NotFound):
    """The front end is not built; run `npm ci && npm run build`."""


@cache
def _read(manifest: Path, changed: float) -> dict[str, str]:  # noqa: ARG001  # part of the key
    names: dict[str, str] = json.loads(manifest.read_text("utf-8"))
    return names


def name(wanted: str) -> str:
    """The hashed name of a built file; raises NotBuilt where there is none."""
    manifest = Path(current_app.static_folder or "static") / FOLDER / "manifest.json"
    if not manifest.exists():
        raise NotBuilt
    names = _read(manifest, manifest.stat().st_mtime)
    if wanted not in names:
        raise NotBuilt("The front end has no '{file}'; run `npm run build`.", file=wanted)
    return names[wanted]


def asset(wanted: str) -> str:
    """The address of a built file: `asset('app.js')`. Looked up once a request."""
    addresses: dict[str, str] = g.setdefault("assets", {})
    if wanted not in addresses:
        addresses[wanted] = url_for("static", filename=f"{FOLDER}/{name(wanted)}")
    return addresses[wanted]


def icon(wanted: str, look: str = "") -> Markup:
    """A drawing of the sprite; it says nothing to a screen reader, so a word stands beside it."""
    drawn: dict[tuple[str, str], Markup] = g.setdefault("icons", {})
    if (wanted, look) not in drawn:
        drawn[wanted, look] = Markup(  # noqa: S704  # every part is escaped
            f'<svg class="ico {escape(look)}" aria-hidden="true">'
            f'<use href="{escape(asset("icons.svg"))}#{escape(wanted)}"/></svg>'
        )
    return drawn[wanted, look]
