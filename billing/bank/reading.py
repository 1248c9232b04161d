"""A bank's file as sheets, whatever its format: read, and reckoned through."""

from billing.bank import camt_files, csv_files, decoding, mt940_files
from billing.bank.csv_files import Mapping
from billing.bank.rows import Sheet
from billing.errors import BadBankFile, UnknownMapping

MT940, CAMT, CSV = "mt940", "camt.053", "csv"


def format_of(text: str) -> str:
    """Which of the three the text is."""
    if mt940_files.is_mt940(text):
        return MT940
    return CAMT if camt_files.is_camt(text) else CSV


def sheets_of(
    content: bytes, account: str = "", mapping: Mapping | None = None
) -> tuple[str, list[Sheet]]:
    """The format and every statement of the file; raises BadBankFile, or UnknownMapping for CSV.

    Account and mapping matter to CSV alone: the other formats say both themselves.
    """
    text = decoding.text_of(content)
    kind = format_of(text)
    if kind == MT940:
        sheets = mt940_files.sheets_of(text)
    elif kind == CAMT:
        sheets = camt_files.sheets_of(text)
    else:
        if mapping is None:
            if not csv_files.head_of(text):
                raise BadBankFile(
                    "The file is neither MT940 nor CAMT.053 nor a table (CSV); fetch it from the "
                    "bank in one of them."
                )
            raise UnknownMapping
        sheets = [csv_files.sheet_of(text, account, mapping)]
    for sheet in sheets:
        _require_sound(sheet)
    return kind, sheets


def _require_sound(sheet: Sheet) -> None:
    if not sheet.account:
        raise BadBankFile("The statement names no account; fetch it from the bank again.")
    _require_balance(sheet)
    if not sheet.is_balanced:
        _require_single_ids(sheet)


def _require_balance(sheet: Sheet) -> None:
    if sheet.opening_minor is None or sheet.closing_minor is None:
        return
    moved = sum(row.amount_minor for row in sheet.rows)
    if sheet.opening_minor + moved != sheet.closing_minor:
        raise BadBankFile(
            "The opening balance {opening} and the bookings {moved} do not make the closing "
            "balance {closing}; a booking is missing or changed. Fetch the file from the bank "
            "again.",
            opening=sheet.opening_minor,
            moved=moved,
            closing=sheet.closing_minor,
        )


def _require_single_ids(sheet: Sheet) -> None:
    """One number twice is a booking listed twice, unless balances prove that it is not."""
    seen: dict[str, int] = {}
    for row in sheet.rows:
        key = row.id_key()
        if key is not None and seen.setdefault(key, row.line) != row.line:
            raise BadBankFile(
                "Lines {first} and {line} have the same number {bank_id}, day and amount; a "
                "booking stands there twice. Fetch the file from the bank again.",
                first=seen[key],
                line=row.line,
                bank_id=row.bank_id,
            )
