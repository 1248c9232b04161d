"""`media-center import` of agreements: added, corrected by their number, or told with the line."""

from pathlib import Path

import pytest

from config.database import transaction
from portal.catalogue_files.loading import import_file
from portal.catalogue_files.reading import BadCatalogue
from rental import agreements

UNITS = "units:\n  - {slug: bao-a, name: Báo A}\n  - {slug: bao-b, name: Báo B}\n"
AGREED = """\
agreements:
  - number: 12/2026
    unit: bao-a
    title: Hợp đồng khung
    kind: framework
    valid_from: 2026-01-01
    valid_to: 2026-12-31
    rate_class: partner
    discount_percent: 7.5
    targets:
      - {year: 2027, measure: hours, goal: 40}
      - {year: 2026, measure: events, goal: 12, event_kind: press_conference}
"""


@pytest.fixture
def written(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "catalogue.yml"
        path.write_text(text, "utf-8")
        return path

    return write


def errors(path: Path) -> list[str]:
    with pytest.raises(BadCatalogue) as refused, transaction():
        import_file(path)
    return refused.value.details["problems"]


def test_agreements_are_loaded_once_and_corrected_by_their_number(house, written):
    counts = []
    for text in (UNITS + AGREED, AGREED, AGREED.replace("7.5", "10"), AGREED.replace("7.5", "10")):
        with transaction():
            counts.append(import_file(written(text)).counts["agreements"])
    assert counts == [{"added": 1}, {"unchanged": 1}, {"changed": 1}, {"unchanged": 1}]
    [kept] = agreements.everyone()
    assert (kept.unit.slug, kept.discount_percent) == ("bao-a", 10)
    assert [target.goal for target in kept.targets] == [12, 40]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("bao-a", "bao-z"), "the unit bao-z is neither in the file nor in the catalogue"),
        (("goal: 40", "goal: 0"), "too small"),
        (("7.5", "101"), "too large"),
        (("2026-12-31", "2025-12-31"), "The last day lies before the first"),
    ],
)
def test_a_wrong_agreement_is_told_with_its_line(house, written, wrong, said):
    [told] = errors(written(UNITS + AGREED.replace(*wrong)))
    assert said in told
    assert ", line " in told


def test_the_number_of_another_units_agreement_is_refused(house, written):
    with transaction():
        import_file(written(UNITS + AGREED))
    [told] = errors(written(AGREED.replace("bao-a", "bao-b")))
    assert "another unit's" in told
    assert agreements.everyone()[0].unit.slug == "bao-a"
