"""The tables of every room: each module `*_rules.py` here says who may use its addresses."""

from importlib import import_module
from pathlib import Path

ROOMS = [
    import_module(f"tests.portal.{path.stem}")
    for path in sorted(Path(__file__).parent.glob("*_rules.py"))
    if path.stem != "gathered_rules"
]
PAGES: dict[str, str] = {}
API: dict[str, str] = {}
for room in ROOMS:
    PAGES |= room.PAGES
    API |= getattr(room, "API", {})
