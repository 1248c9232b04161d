"""The codes of units in a catalogue file: the rules of invoices, told with file and line."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from config.database import db, transaction
from portal.catalogue_files.loading import import_file
from portal.catalogue_files.reading import BadCatalogue
from rental.models import Unit

UNITS_OF_CODES = """\
units:
  - {slug: mot, name: Một, tax_code: "MST: 0301 234 562", invoice_name: Công ty Một}
  - {slug: hai, name: Hai, tax_code: "079203000123"}
  - {slug: ba, name: Ba, budget_code: "1 000 001", invoice_email: ketoan@ba.example}
  - {slug: bon, name: Bốn}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "catalogue.yml"
    path.write_text(text, "utf-8")
    return path


def errors(path: Path) -> list[str]:
    with pytest.raises(BadCatalogue) as refused, transaction():
        import_file(path)
    return refused.value.details["problems"]


def test_the_codes_of_units_are_kept_in_one_form(house, tmp_path):
    with transaction():
        import_file(written(tmp_path, UNITS_OF_CODES))
    units = {one.slug: one for one in db.session.scalars(sa.select(Unit))}
    assert (units["mot"].tax_code, units["mot"].invoice_name) == ("0301234562", "Công ty Một")
    assert (units["hai"].tax_code, units["hai"].personal_id) == (None, "079203000123")
    assert units["ba"].budget_code == "1000001"
    assert units["bon"].tax_code is None


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ('tax_code: "0301234567"', "check digit"),
        ('tax_code: "12"', "10 digits"),
        ('budget_code: "12"', "7 digits"),
        ('personal_id: "079299000123"', "2099"),
    ],
)
def test_a_wrong_code_of_a_unit_is_told_with_its_line(house, tmp_path, field, said):
    (told,) = errors(written(tmp_path, f"units:\n  - slug: mot\n    name: Một\n    {field}\n"))
    assert "line 4: " in told
    assert said in told
