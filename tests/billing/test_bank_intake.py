"""Statements come in whole or not at all, and no booking of the bank twice."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import sqlalchemy as sa

from billing.bank import intake
from billing.bank.csv_files import Mapping
from billing.bank.intake import BankFile
from billing.errors import BadBankFile, StatementKnown, UnknownMapping
from billing.models import BankEntry, BankStatement, EntryState
from config.database import db, transaction
from tests.billing.bank_files import ACCOUNT, CSV_COLUMNS, camt, csv, mt940

DAY, NEXT = date(2026, 11, 20), date(2026, 11, 21)
MAPPING = Mapping(**{**CSV_COLUMNS, "balance": ""})
UNNUMBERED = Mapping(**{**CSV_COLUMNS, "balance": "", "bank_id": ""})


def taken(content: str, mapping: Mapping | None = None) -> tuple[int, int]:
    """How many bookings were new and how many known."""
    file = BankFile("sao-ke.txt", content.encode(), ACCOUNT, mapping)
    statements = intake.take_in(file, by=None)
    return sum(s.new_rows for s in statements), sum(s.known_rows for s in statements)


def row(amount: str = "7.000.000", text: str = "TT", number: str = "") -> tuple[str, ...]:
    return ("20/11/2026", "", amount, "", text, "BAO SAO MAI", number)


def count() -> int:
    return db.session.scalar(sa.select(sa.func.count(BankEntry.id))) or 0


def test_the_same_file_again_is_refused(house):
    told = mt940((DAY, 7_000, "FT1", "A"))
    assert taken(told) == (1, 0)
    with pytest.raises(StatementKnown, match="taken in on"):
        taken(told)
    assert count() == 1


def test_an_overlapping_statement_brings_only_what_is_new(house):
    assert taken(mt940((DAY, 7_000, "FT1", "A"), (DAY, 8_000, "FT2", "B"))) == (2, 0)
    overlap = mt940((DAY, 8_000, "FT2", "B"), (NEXT, 9_000, "FT3", "C"), opening=8_000)
    assert taken(overlap) == (1, 1)
    assert count() == 3


def test_the_same_bookings_in_another_format_are_known_by_the_banks_number(house):
    assert taken(mt940((DAY, 7_000, "FT1", "A"))) == (1, 0)
    assert taken(camt((DAY, 7_000, "FT1", "Sao Mai", "Other words of the same"))) == (0, 1)


def test_a_number_shared_by_a_batch_stands_for_each_of_its_amounts(house):
    assert taken(mt940((DAY, 7_000, "FT1", "A"), (DAY, 8_000, "FT1", "A"))) == (2, 0)


def test_two_honest_equal_payments_of_one_day_are_two_and_stay_two(house):
    both = csv(row(), row())
    assert taken(both, UNNUMBERED) == (2, 0)
    again = csv(row(), row(), row(text="another"))
    assert taken(again, UNNUMBERED) == (1, 2)
    three = csv(row(), row(), row())
    assert taken(three, UNNUMBERED) == (1, 2)


def test_equal_payments_with_different_numbers_are_two_across_statements(house):
    assert taken(csv(row(number="FT1")), MAPPING) == (1, 0)
    assert taken(csv(row(number="FT1"), row(number="FT2")), MAPPING) == (1, 1)


def test_a_statement_without_numbers_knows_what_came_with_numbers(house):
    assert taken(csv(row(number="FT1"), row(number="FT2")), MAPPING) == (2, 0)
    assert taken(csv(row(number="9"), row(number="8")), UNNUMBERED) == (0, 2)
    assert taken(csv(row(), row(), row(text="more")), UNNUMBERED) == (1, 2)


def test_a_statement_with_numbers_knows_what_came_without(house):
    assert taken(csv(row(), row()), UNNUMBERED) == (2, 0)
    assert taken(csv(row(number="FT1"), row(number="FT2"), row(number="FT3")), MAPPING) == (1, 2)


def test_what_went_out_is_kept_and_asks_nobody(house):
    taken(mt940((DAY, -11_000, "FT1", "Phi"), opening=50_000))
    (entry,) = db.session.scalars(sa.select(BankEntry))
    assert (entry.state, entry.reason) == (EntryState.IGNORED, intake.WENT_OUT)


def test_a_file_with_one_wrong_line_leaves_nothing_behind(house):
    wrong = csv(row(), row(amount="1.500,000.00"))
    with pytest.raises(BadBankFile, match="Line 5"), transaction():
        taken(wrong, MAPPING)
    assert count() == 0
    assert db.session.scalar(sa.select(sa.func.count(BankStatement.id))) == 0


def test_a_mapping_is_kept_for_the_accounts_next_file(house):
    with pytest.raises(UnknownMapping):
        taken(csv(row(number="FT1")))
    taken(csv(row(number="FT1")), MAPPING)
    assert taken(csv(row(number="FT2"))) == (1, 0)
    assert intake.mapping_of(ACCOUNT) == MAPPING


def test_the_same_file_sent_by_four_at_once_comes_in_once(house):
    told = mt940((DAY, 7_000, "FT1", "A")).encode()

    def send(_number: int) -> str:
        with house.app_context():
            try:
                with transaction():
                    intake.take_in(BankFile("a", told), by=None)
            except StatementKnown:
                return "known"
            return "new"

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(send, range(4))) == ["known", "known", "known", "new"]
    assert count() == 1
