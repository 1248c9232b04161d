"""Price lists that come with a catalogue file keep all that they say."""

import pytest
import yaml

from billing import tariff
from billing.tariff import Tariff
from config.database import transaction
from portal.catalogue_files.loading import import_file
from portal.catalogue_files.reading import BadCatalogue

RICH = """\
tariffs:
  - code: studio-2027
    title: {vi: Giá, en: Prices}
    decision: "12/2027"
    source: "test"
    valid_from: 2027-01-01
    tax_inclusive: true
    weekend: [sunday]
    windows: [{code: evening, title: {vi: tối, en: evening}, hours: "18:00-22:00"}]
    rates:
      - key: new_studio
        per: day
        service: hall_hire
        prices: {political: 1, partner: 2, other: 3}
        lasts_minutes: 600
        minimum_minutes: 60
        maximum_minutes: 4320
        over_time: {prices: {political: 1, partner: 1, other: 1}}
        special:
          - {day: holiday, window: evening, percent: 250}
          - {day: weekend, prices: {political: 4, partner: 5, other: 6}}
    kits: [{key: new_kit, service: hall_hire, percent: 85}]
    add_ons:
      - code: light
        title: {vi: Đèn, en: Light}
        keys: [new_studio]
        per: attendee
        prices: {political: 1, partner: 1, other: 1}
"""


def _written(folder, text):
    path = folder / "catalogue.yml"
    path.write_text(text, "utf-8")
    return path


def test_a_list_is_kept_with_all_that_it_says_and_a_wrong_one_is_told_by_its_line(house, tmp_path):
    folder = tmp_path / "tariffs"
    folder.mkdir()
    with transaction():
        import_file(_written(tmp_path, RICH), tariffs_folder=folder)
    (kept,) = tariff.read(folder)
    (wanted,) = yaml.safe_load(RICH)["tariffs"]
    assert kept == Tariff.model_validate(wanted)
    negative = RICH.replace("political: 4", "political: -4").replace("studio-2027", "other")
    with pytest.raises(BadCatalogue, match=r"line 21.*below zero"), transaction():
        import_file(_written(tmp_path, negative), tariffs_folder=folder)
    assert [file.name for file in folder.iterdir()] == ["studio-2027.yml"]
