"""How fast documents reach the folder of e-invoices, and whether a full year slows it down.

`python -m benchmarks.einvoices [DOCUMENTS]` (10 000 unless given), each of 6 kB, in one process:
written with fsync into a temporary folder, then handed in once more as after a lost answer.
"""

import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from billing.einvoice.file_provider import FileProvider
from billing.einvoice.provider import Document, DocumentKind, Verdict

DAY = date(2026, 11, 26)
FILLING = "<HHDVu>Thuê hội trường</HHDVu>" * 190


def document(number: int) -> Document:
    """An invoice of 6 kB."""
    content = f"<HDon><SHDon>{number}</SHDon>{FILLING}</HDon>".encode()
    return Document(f"1C26TMC-{number:08d}", DocumentKind.INVOICE, DAY, content)


def handed_in(provider: FileProvider, first: int, last: int) -> str:
    """Hand a span of numbers in; the figures of one row."""
    cpu, wall = time.process_time(), time.perf_counter()
    for number in range(first, last + 1):
        if provider.submit(document(number)).verdict is not Verdict.ACCEPTED:
            raise AssertionError(f"document {number} was not accepted")
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    count = last - first + 1
    return f"{wall:.2f} s | {cpu:.2f} s | {1000 * wall / count:.2f} ms"


def main() -> None:
    """The first tenth, the rest, and the last tenth again."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    tenth = max(1, count // 10)
    print("| documents | wall | CPU | a document |\n|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        provider = FileProvider(Path(folder))
        print(f"| 1 … {tenth} | {handed_in(provider, 1, tenth)} |")
        print(f"| {tenth + 1} … {count} | {handed_in(provider, tenth + 1, count)} |")
        print(f"| the last {tenth} again | {handed_in(provider, count - tenth + 1, count)} |")
        print(f"\n{len(list(Path(folder).rglob('*.xml')))} files, one line each in the manifest")


if __name__ == "__main__":
    main()
