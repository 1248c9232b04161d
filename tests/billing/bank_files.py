"""Files as banks send them, made from a few values."""

from datetime import date
from xml.sax.saxutils import escape

ACCOUNT = "0011000000000"
CSV_HEAD = "Ngày giao dịch;Ghi nợ;Ghi có;Số dư;Nội dung;Người chuyển;Số bút toán"
CSV_COLUMNS = {
    "booked_on": "Ngày giao dịch",
    "debit": "Ghi nợ",
    "credit": "Ghi có",
    "balance": "Số dư",
    "text": "Nội dung",
    "payer_name": "Người chuyển",
    "bank_id": "Số bút toán",
}


def mt940(
    *rows: tuple[date, int, str, str], opening: int = 1_000, closing: int | None = None
) -> str:
    """Rows are day, signed amount, the bank's number and the text."""
    end = opening + sum(row[1] for row in rows) if closing is None else closing
    day = max((row[0] for row in rows), default=date(2026, 11, 20))
    lines = [
        "{1:F01BFTVVNVXAXXX0000000000}{2:I940BFTVVNVXXXXXN}{4:",
        ":20:STMT",
        f":25:{ACCOUNT}",
        ":28C:1/1",
        f":60F:C{day:%y%m%d}VND{opening},",
    ]
    for booked, amount, number, text in rows:
        mark = "C" if amount > 0 else "D"
        lines.append(f":61:{booked:%y%m%d}{booked:%m%d}{mark}{abs(amount)},NTRFNONREF//{number}")
        cut = [text[i : i + 65] for i in range(0, len(text), 65)]
        lines.append(":86:" + "\n".join(cut))
    return "\n".join([*lines, f":62F:C{day:%y%m%d}VND{end},", "-}", ""])


def camt(
    *rows: tuple[date, int, str, str, str],
    opening: int = 1_000,
    closing: int | None = None,
    version: str = "02",
) -> str:
    """Rows are day, signed amount, the bank's number, the payer and the text."""
    end = opening + sum(row[1] for row in rows) if closing is None else closing

    def balance(kind: str, minor: int) -> str:
        return (
            f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy='VND'>{minor}</Amt>"
            "<CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>"
        )

    def name(payer: str) -> str:
        inner = f"<Nm>{escape(payer)}</Nm>"
        return inner if version < "08" else f"<Pty>{inner}</Pty>"

    entries = "".join(
        f"<Ntry><Amt Ccy='VND'>{abs(amount)}</Amt>"
        f"<CdtDbtInd>{'CRDT' if amount > 0 else 'DBIT'}</CdtDbtInd>"
        f"{'<Sts>BOOK</Sts>' if version < '08' else '<Sts><Cd>BOOK</Cd></Sts>'}"
        f"<BookgDt><Dt>{day}</Dt></BookgDt><ValDt><Dt>{day}</Dt></ValDt>"
        f"<AcctSvcrRef>{number}</AcctSvcrRef><NtryDtls><TxDtls><RltdPties><Dbtr>"
        f"{name(payer)}"
        "</Dbtr></RltdPties>"
        f"<RmtInf><Ustrd>{escape(text)}</Ustrd></RmtInf></TxDtls></NtryDtls></Ntry>"
        for day, amount, number, payer, text in rows
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}"><BkToCstmrStmt>'
        f"<Stmt><Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>VND</Ccy></Acct>"
        f"{balance('OPBD', opening)}{balance('CLBD', end)}{entries}"
        "</Stmt></BkToCstmrStmt></Document>"
    )


def csv(*rows: tuple[str, str, str, str, str, str, str]) -> str:
    """Rows as the columns of CSV_HEAD."""
    return "\n".join(["Sao kê tài khoản", "", CSV_HEAD, *(";".join(row) for row in rows), ""])
