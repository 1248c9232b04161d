"""Label sheets: rendered as a printer gets them, and read back as a telephone does."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from portal import labels
from rental.models import Asset
from tests import build

HOME = Path(__file__).parents[2]
# 203 dots per inch is the coarsest label printer in use.
DPI = 203
# Each place of the sheet is looked at for itself, as a camera held over one label does.
READ = """
const fs = require("fs");
const jsQR = require("jsqr");
const { width, height, columns, rows } = JSON.parse(process.argv[1]);
const rgba = fs.readFileSync(0);
const found = [];
for (let row = 0; row < rows; row++) for (let column = 0; column < columns; column++) {
  const [left, right] = [column, column + 1].map((n) => Math.round((n * width) / columns));
  const [top, bottom] = [row, row + 1].map((n) => Math.round((n * height) / rows));
  const across = right - left;
  const part = new Uint8ClampedArray(across * (bottom - top) * 4);
  for (let y = top; y < bottom; y++) {
    const line = rgba.subarray((y * width + left) * 4, (y * width + right) * 4);
    part.set(line, (y - top) * across * 4);
  }
  found.push(jsQR(part, across, bottom - top)?.data ?? null);
}
console.log(JSON.stringify(found));
"""


def assets(*tags: str) -> list[Asset]:
    resource = build.equipment(code="RX", name="Tai nghe phiên dịch <hồng ngoại> & “thử”")
    return [Asset(resource=resource, tag=tag, serial=f"S/N {tag}") for tag in tags]


def read_back(made: bytes, page: int = 1) -> list[str | None]:
    """What the code at each place of a printed page says; None where there is none."""
    if shutil.which("pdftoppm") is None or shutil.which("node") is None:
        pytest.skip("pdftoppm and node are needed to look at a printed sheet")
    drawn = subprocess.run(
        ["pdftoppm", "-r", str(DPI), "-f", str(page), "-l", str(page), "-"],
        input=made, capture_output=True, check=True, timeout=60,
    ).stdout  # fmt: skip
    magic, size, _most, pixels = drawn.split(b"\n", 3)
    assert magic == b"P6"
    width, height = (int(word) for word in size.split())
    rgba = bytearray(b"\xff" * (width * height * 4))
    for channel in range(3):
        rgba[channel::4] = pixels[channel::3]
    shape = {
        "width": width, "height": height, "columns": labels.COLUMNS, "rows": labels.ROWS,
    }  # fmt: skip
    said = subprocess.run(
        ["node", "-e", READ, json.dumps(shape)],
        input=bytes(rgba), capture_output=True, check=True, timeout=120, cwd=HOME,
    ).stdout  # fmt: skip
    return json.loads(said)


def test_a_printed_sheet_is_read_back_label_by_label(house):
    tags = [f"RX-{n:03}" for n in range(1, 31)]
    made = labels.sheet(assets(*tags), "https://centre.example/", start=5)
    first, second = read_back(made), read_back(made, 2)
    told = [f"https://centre.example/a/{tag}" for tag in tags]
    assert first == [None] * 4 + told[:20]
    assert second == told[20:] + [None] * 14


@pytest.mark.parametrize(
    ("tag", "address"),
    [
        ("CAM/01", "https://c.example/a/CAM%2F01"),  # a slash would end the address
        ("MÁY 7?#", "https://c.example/a/M%C3%81Y%207%3F%23"),
        ("A" * 60, f"https://c.example/a/{'A' * 60}"),  # the longest tag there is
    ],
)
def test_any_tag_fits_its_code(house, tag, address):
    made = labels.sheet(assets(tag), "https://c.example")
    assert read_back(made)[0] == address
