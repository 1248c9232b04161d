"""Every sentence of the pages has its Vietnamese."""

import io
import re
from collections import Counter
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po

HOME = Path(__file__).parents[2]
CATALOGUE = HOME / "portal" / "translations" / "vi" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "gettext": None, "lazy_gettext": None, "ngettext": (1, 2)}
SKIPPED = {"node_modules", ".venv", ".git", "build", "var", "static", "tests"}
# `%(count)s` in what a page says, `{count}` in what a refusal says.
PLACE = re.compile(r"%\([a-z_]+\)s|\{[a-z_]+\}")


def _said() -> set[str]:
    methods, options = parse_mapping_cfg(io.StringIO((HOME / "babel.cfg").read_text("utf-8")))
    found = extract_from_dir(
        HOME,
        methods,
        options,
        keywords=KEYWORDS,
        directory_filter=lambda folder: Path(folder).name not in SKIPPED,
    )
    return {message for _file, _line, message, _notes, _context in found if message}


def _catalogue() -> Catalog:
    with CATALOGUE.open("rb") as file:
        return read_po(file, locale="vi")


def test_every_sentence_has_its_vietnamese() -> None:
    catalogue = _catalogue()
    missing = sorted(
        said
        for said in _said()
        if (found := catalogue.get(said)) is None or not found.string or found.fuzzy
    )
    assert missing == []


def test_a_translation_fills_the_same_places() -> None:
    for message in _catalogue():
        if message.id:
            assert set(PLACE.findall(message.string)) == set(PLACE.findall(message.id)), message.id


def test_nothing_is_translated_that_nobody_says_any_more() -> None:
    said = _said()
    assert sorted(m.id for m in _catalogue() if m.id and m.id not in said) == []


def test_no_sentence_is_translated_twice() -> None:
    # The reader keeps the first and says nothing: one of two rooms would speak the other's words.
    said = re.findall(r'^msgid ((?:".*"\n)+)', CATALOGUE.read_text("utf-8"), re.MULTILINE)
    assert [words for words, times in Counter(said).items() if times > 1] == []


def test_tone_marks_stand_where_they_stand_everywhere_else() -> None:
    # One spelling, so that a search finds it: khóa and khỏe, not khoá and khoẻ.
    old = re.compile(r"\w*o[áàảãạéèẻẽẹ]\b")
    texts = [CATALOGUE, *sorted((HOME / "config").rglob("*.yml"))]
    found = {path.name: old.findall(path.read_text("utf-8")) for path in texts}
    assert {name: words for name, words in found.items() if words} == {}
