"""Damaged references against what is owed: `python -m benchmarks.bank_rows [ROWS] [INVOICES]`.

10 000 bookings of a bank against 20 000 invoices of 400 units that share 40 amounts, the numbers
running on without a gap: the worst neighbours a number can have. Texts are damaged as banks and
people damage them; some name an invoice that is paid, some none, some are paid twice. Prints the
match rate for each damage, every wrong match, and the seconds: of judging alone, then of the whole
way (file read, rows written, payments made) on an embedded PostgreSQL.

`sound` rows name what is owed, with the amount that is open, from a payer who is no other unit.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

import sqlalchemy as sa

from billing.bank import intake, matches
from billing.bank.csv_files import Mapping
from billing.bank.intake import BankFile
from billing.matching import Book, Owed, Receipt, Verdict
from billing.models import Allocation, BankEntry, BankMatch
from billing.parties import Parties, Party
from billing.spelling import plain
from config import embedded, references
from config.database import db, transaction
from config.settings import Settings
from portal import schema
from portal.app import create_app

UNITS, AMOUNTS = 400, 40
KINDS = ("reference", "booking", "number")
FIRST_WORDS = ("Báo", "Đài Truyền hình", "Công ty TNHH", "Tạp chí", "Công ty CP Truyền thông")
MORE_WORDS = (
    "Sao Mai", "Biển Xanh", "Nhịp Phố", "Cửu Long", "Ánh Dương", "Hoa Sen", "Tân Thời", "Đồng Khởi",
    "Phương Nam", "Bến Thành", "Lúa Vàng", "Trường Sơn", "Hải Đăng", "Mây Trắng", "Gió Mới",
    "Thời Nay", "Sông Tiền", "Hừng Đông", "Đất Việt", "Nắng Mai",
)  # fmt: skip

Damage = Callable[[str, Random], str]


def _drop(text: str, dice: Random) -> str:
    at = dice.randrange(len(text))
    return text[:at] + text[at + 1 :]


def _swap(text: str, dice: Random) -> str:
    at = dice.randrange(len(text) - 1)
    return text[:at] + text[at + 1] + text[at] + text[at + 2 :]


def _change(text: str, dice: Random) -> str:
    at = dice.randrange(len(text))
    return text[:at] + dice.choice("0123456789ABCDEFGHKLMNOPQRSTUVXY") + text[at + 1 :]


def _spaced(text: str, dice: Random) -> str:
    return "".join(c + (" " if dice.random() < 0.3 else "") for c in text)


def _alike(text: str, _dice: Random) -> str:
    return text.translate(str.maketrans("01I5", "OIlS"))


def _zeros(text: str, _dice: Random) -> str:
    head, dash, tail = text.rpartition("-")
    return f"{head}{dash}{tail.lstrip('0')}" if tail.isdecimal() else text.replace("0", "", 1)


DAMAGES: dict[str, Damage] = {
    "none": lambda text, _dice: text,
    "no separators": lambda text, _dice: text.replace("-", ""),
    "lower case": lambda text, _dice: text.lower(),
    "spaces inside": _spaced,
    "one dropped": _drop,
    "two dropped": lambda text, dice: _drop(_drop(text, dice), dice),
    "one changed": _change,
    "two changed": lambda text, dice: _change(_change(text, dice), dice),
    "two swapped": _swap,
    "letters for digits": _alike,
    "zeros lost": _zeros,
    "cut short": lambda text, dice: text[: len(text) - dice.randint(1, 4)],
    "glued": lambda text, dice: f"CK{text.replace('-', '')}{dice.choice(('CT', '26', 'TT', 'X9'))}",
}


@dataclass(frozen=True, slots=True)
class Case:
    """One booking of the bank, and the invoices it truly pays (none: a person's to say)."""

    receipt: Receipt
    truth: tuple[int, ...]
    damage: str
    written: str
    is_sound: bool = False


def units(dice: Random) -> dict[int, str]:
    """Names of which no two are the same."""
    names: set[str] = set()
    while len(names) < UNITS:
        words = dice.sample(MORE_WORDS, 2)
        names.add(f"{dice.choice(FIRST_WORDS)} {words[0]} {words[1]}")
    return dict(enumerate(sorted(names), start=1))


def invoices(count: int, dice: Random) -> list[Owed]:
    """Open ones, a tenth of them settled; two in five belong to a booking with another."""
    amounts = [dice.randrange(50, 2000) * 10_000 for _ in range(AMOUNTS)]
    bookings = [references.new("BK") for _ in range(count)]
    owed: list[Owed] = []
    for number in range(1, count + 1):
        shares_one = number % 5 == 1
        owed.append(
            Owed(
                invoice_id=number,
                unit_id=owed[-1].unit_id if shares_one and owed else dice.randrange(1, UNITS + 1),
                left=0 if number % 10 == 9 else dice.choice(amounts),
                reference=references.new("IV"),
                number=f"1C26TMC-{number:08d}",
                booking=bookings[number - 1 - shares_one],
            )
        )
    return owed


def payer(unit_id: int, names: dict[int, str], dice: Random) -> str:
    """The unit in capitals, cut, a person, nobody, or another unit."""
    chance = dice.random()
    name = plain(names[unit_id]).replace("CONG TY", "CTY")
    if chance < 0.45:
        return name[:35] if chance < 0.35 else name[:16]
    if chance < 0.75:
        return ""
    return "NGUYEN VAN AN" if chance < 0.96 else plain(names[dice.randrange(1, UNITS + 1)])


def cases(count: int, owed: list[Owed], names: dict[int, str], dice: Random) -> list[Case]:
    """Each names one invoice that none before has named, but one in fifty is paid twice."""
    chosen = dice.sample(owed, min(count, len(owed)))
    made: list[Case] = []
    for one in chosen:
        damage = dice.choice(list(DAMAGES))
        kind = dice.choices(("reference", "number", "booking", "nothing"), (60, 25, 10, 5))[0]
        written = {
            "reference": one.reference,
            "number": one.number,
            "booking": one.booking or "",
            "nothing": "tien thue hoi truong",
        }[kind]
        amount = one.left or 5_000_000
        chance = dice.random()
        if chance > 0.85:
            amount = amount // 2 if chance > 0.93 else amount + 10_000
        text = f"MBVCB.{dice.randrange(10**9)}.TT {DAMAGES[damage](written, dice)} thang 11"
        receipt = Receipt(amount, text, payer(one.unit_id, names, dice))
        truth = (one.invoice_id,) if one.left else ()
        who = Parties([Party(one.unit_id, names[one.unit_id])], {}).named(receipt.payer_name)
        from_another = receipt.payer_name not in ("", "NGUYEN VAN AN") and not who
        is_sound = bool(truth) and amount == one.left and kind != "nothing" and not from_another
        made.append(Case(receipt, truth, damage, kind, is_sound))
        if dice.random() < 0.02:
            # Half of it twice pays it; all of it twice is a person's to say.
            again = truth if amount * 2 <= one.left else ()
            made.append(Case(receipt, again, damage, kind))
    return made[:count]


def judged(owed: list[Owed], names: dict[int, str], rows: list[Case]) -> None:
    """Judge all of it in memory and print the table."""
    begun = time.perf_counter()
    book = Book(owed, Parties((Party(unit, name) for unit, name in names.items()), {}))
    indexed = time.perf_counter()
    tally = Tally()
    for case in rows:
        verdict = book.judge(case.receipt)
        tally.add(case, verdict)
        if verdict.certain is not None:
            book.pay(verdict.certain.shares)
    ended = time.perf_counter()
    tally.print(len(rows))
    print(f"index {indexed - begun:.1f} s, judging {ended - indexed:.1f} s")


class Tally:
    """Counts what became of the rows."""

    def __init__(self) -> None:
        self.seen: Counter[tuple[str, str]] = Counter()
        self.hit: Counter[tuple[str, str]] = Counter()
        self.matched = self.suggested = self.wrong = 0

    def add(self, case: Case, verdict: Verdict) -> None:
        """Hold a verdict against the truth."""
        key = case.damage, case.written
        self.seen[key] += case.is_sound
        if verdict.certain is not None:
            found = tuple(one for one, _minor in verdict.certain.shares)
            self.matched += 1
            self.hit[key] += case.is_sound and found == case.truth
            if found != case.truth:
                self.wrong += 1
                print("WRONG", case, found)
        elif case.truth:
            self.suggested += any(case.truth[0] in dict(one.shares) for one in verdict.ranked)

    def print(self, count: int) -> None:
        """The table of sound rows, and the sums of all."""
        print("| damage | sound rows | by reference | by booking | by number |")
        print("|---|---|---|---|---|")
        for name in DAMAGES:
            shares = " | ".join(self._share(name, kind) for kind in KINDS)
            print(f"| {name} | {sum(self.seen[name, kind] for kind in KINDS)} | {shares} |")
        sound, hit = self.seen.total(), self.hit.total()
        print(f"| **all** | {sound} | **{hit / sound:.1%}** together | | |")
        rest = count - self.matched
        print(f"of {count} rows {self.matched} matched; of the {rest} that wait {self.suggested}")
        print(f"have the right invoice among their suggestions; wrong matches: {self.wrong}")

    def _share(self, name: str, kind: str) -> str:
        return f"{self.hit[name, kind] / max(self.seen[name, kind], 1):.0%}"


SEED_INVOICE = """
INSERT INTO invoice (
    id, reference, unit_id, status, symbol, year, number, drafted_at, issued_at, tax_date, due_on,
    currency, net_minor, vat_minor, total_minor, paid_minor, credited_minor, snapshot)
VALUES (:id, :reference, :unit, :status, '1C26TMC', 2026, :id, now(), now(), now(), now(),
    'VND', :total, 0, :total, :paid, 0, '{}')
"""
SEED_UNIT = """
INSERT INTO unit (id, slug, name, unit_class, is_centre)
VALUES (:id, :slug, :name, 'other', false)
"""
MAPPING = Mapping(booked_on="d", amount="a", text="t", payer_name="p", bank_id="i", thousands="")


def seed(owed: list[Owed], names: dict[int, str]) -> None:
    """Units and issued invoices by SQL alone."""
    with transaction():
        db.session.execute(
            sa.text(SEED_UNIT),
            [{"id": i, "slug": f"u{i}", "name": name} for i, name in names.items()],
        )
        db.session.execute(
            sa.text(SEED_INVOICE),
            [
                {
                    "id": one.invoice_id,
                    "reference": one.reference,
                    "unit": one.unit_id,
                    "status": "open" if one.left else "paid",
                    "total": one.left or 1,
                    "paid": 0 if one.left else 1,
                }
                for one in owed
            ],
        )


def stored(owed: list[Owed], names: dict[int, str], rows: list[Case]) -> None:
    """The same through file, tables and ledger; bookings' references are left out."""
    seed(owed, names)
    day = f"{date(2026, 11, 25):%d/%m/%Y}"
    lines = [
        f"{day};{c.receipt.amount};{c.receipt.text};{c.receipt.payer_name};FT{i}"
        for i, c in enumerate(rows)
    ]
    content = "\n".join(["d;a;t;p;i", *lines]).encode()
    begun = time.perf_counter()
    with transaction():
        intake.take_in(BankFile("benchmark.csv", content, "1", MAPPING), by=None)
    read = time.perf_counter()
    with transaction():
        counts = matches.run()
    ended = time.perf_counter()
    print(f"file to rows {read - begun:.1f} s, rows to payments {ended - read:.1f} s")
    print(f"{counts.matched} matched, {counts.queued} wait")
    truth = {f"FT{i}": case.truth for i, case in enumerate(rows)}
    paid = db.session.execute(
        sa.select(BankEntry.bank_id, Allocation.invoice_id)
        .join(BankMatch, BankMatch.entry_id == BankEntry.id)
        .join(Allocation, Allocation.payment_id == BankMatch.payment_id)
    ).tuples()
    print(f"wrong matches in the ledger: {sum((one,) != truth[key] for key, one in paid)}")


def main(count: int = 10_000, open_count: int = 20_000) -> None:
    """Run both parts on the same rows."""
    dice = Random(20261126)
    names = units(dice)
    owed = invoices(open_count, dice)
    rows = cases(count, owed, names, dice)
    left = [one.left for one in owed]
    judged(owed, names, rows)
    # Judging takes off what was paid; the tables begin anew.
    for one, before in zip(owed, left, strict=True):
        one.left = before
    with tempfile.TemporaryDirectory() as folder, embedded.serve(Path(folder) / "pg") as url:
        app = create_app(Settings(database_url=url, data=Path(folder), log_level="ERROR"))
        with app.app_context():
            schema.upgrade(app)
            stored(owed, names, rows)
            db.session.remove()


if __name__ == "__main__":
    main(*(int(each) for each in sys.argv[1:]))
