"""Uplinks in a catalogue file: a circuit takes its Mbps of the one it names, and follows them."""

from pathlib import Path

import pytest

from config.database import db, transaction
from portal.catalogue_files.loading import import_file
from portal.catalogue_files.reading import BadCatalogue
from rental import catalogue
from rental.models import Part
from tests import build

UPLINKS = """\
resources:
  - {code: F100, kind: circuit, name: F100, mbps: 100, uplink: UP-1}
  - {code: UP-1, kind: circuit, name: Đường lên, stock: 1000, is_uplink: true}
  - {code: UP-2, kind: circuit, name: Đường lên 2, stock: 1000, is_uplink: true}
"""


def taken(folder: Path, text: str) -> dict[str, int]:
    """Import it; what F100 takes of which uplink."""
    path = folder / "catalogue.yml"
    path.write_text(text, "utf-8")
    with transaction():
        import_file(path)
    db.session.expire_all()
    return {part.part.code: part.quantity for part in catalogue.get("F100").parts}


def again(folder: Path, more: str) -> dict[str, int]:
    return taken(folder, f"resources:\n  - {{code: F100, kind: circuit, name: F100, {more}}}\n")


def test_a_circuit_takes_its_mbps_of_the_uplink_it_names(house, tmp_path):
    with transaction():
        build.a_site()
    for _ in range(2):
        assert taken(tmp_path, UPLINKS) == {"UP-1": 100}
    assert again(tmp_path, "mbps: 200") == {"UP-1": 200}, "the uplink it had"
    assert again(tmp_path, "category: fibre") == {"UP-1": 200}
    assert again(tmp_path, "parts: []") == {"UP-1": 200}, "an uplink is no part that is listed"
    assert again(tmp_path, "uplink: UP-2") == {"UP-2": 200}
    assert again(tmp_path, "uplink: null") == {}
    assert db.session.query(Part).count() == 0


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("mbps: 100, uplink: UP-9", "neither in the file nor in the catalogue"),
        ("mbps: 100, uplink: H1", "is no uplink"),
        ("uplink: UP-1", "only a circuit with Mbps"),
        ("parts: [{resource: UP-1, quantity: 3}]", "name it as such"),
        ("is_uplink: true, mbps: 100, uplink: UP-1", "takes nothing"),
    ],
)
def test_a_wrong_uplink_is_told_with_its_place(house, tmp_path, more, said):
    with transaction():
        build.a_hall(code="H1")
        build.a_circuit(code="UP-1", mbps=None, stock=1000, is_uplink=True)
    with pytest.raises(BadCatalogue) as refused:
        again(tmp_path, more)
    (told,) = refused.value.details["problems"]
    assert said in told
    assert "catalogue.yml" in told
    assert catalogue.find("F100") is None
