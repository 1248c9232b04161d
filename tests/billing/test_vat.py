"""VAT by service and day, rounded per rate group."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from billing import money, vat
from billing.errors import NoVatRate
from billing.money import Money
from billing.vat import Taxable, VatCode, VatRates


def test_three_lines_of_10_006_at_8_percent_bear_2_401() -> None:
    taxed = vat.tax([Taxable(Money(10_006), VatCode.EIGHT)] * 3)
    assert [line.vat.minor for line in taxed] == [801, 800, 800]
    (group,) = vat.groups(taxed)
    assert (group.net, group.vat) == (Money(30_018), Money(2_401))


@pytest.mark.parametrize(
    ("service", "day", "code"),
    [
        ("equipment_hire", date(2025, 7, 1), VatCode.EIGHT),  # the first day of the reduction
        ("equipment_hire", date(2026, 12, 31), VatCode.EIGHT),  # the last
        ("equipment_hire", date(2027, 1, 1), VatCode.TEN),  # and the day after
        ("hall_hire", date(2026, 11, 22), VatCode.EIGHT),
        ("hall_hire", date(2027, 1, 1), VatCode.TEN),  # falls back to the general rate
        ("telecom", date(2026, 11, 22), VatCode.TEN),  # never reduced
        ("something_new", date(2026, 11, 22), VatCode.EIGHT),
    ],
)
def test_the_rate_hangs_on_service_and_tax_date(service: str, day: date, code: VatCode) -> None:
    assert vat.code_on(vat.rates(), service, day) is code


def test_a_day_without_a_rate_is_refused_not_guessed() -> None:
    with pytest.raises(NoVatRate, match="config/vat"):
        vat.code_on(vat.rates(), "hall_hire", date(2019, 1, 1))


def test_every_shipped_rate_names_its_source() -> None:
    assert all(rate.source for rate in vat.rates())


def test_a_price_with_the_tax_in_it_keeps_its_total() -> None:
    (line,) = vat.tax([Taxable(Money(9_000_000), VatCode.EIGHT, tax_inclusive=True)])
    assert (line.net.minor, line.vat.minor) == (8_333_333, 666_667)
    assert line.total == Money(9_000_000)


@pytest.mark.parametrize("code", [VatCode.NOT_SUBJECT, VatCode.NOT_DECLARED, VatCode.ZERO])
def test_codes_without_tax_bear_none(code: VatCode) -> None:
    for inclusive in (True, False):
        (line,) = vat.tax([Taxable(Money(1_000), code, inclusive)])
        assert (line.net, line.vat) == (Money(1_000), Money(0))


taxables = st.lists(
    st.builds(
        Taxable,
        st.integers(-(10**9), 10**9).map(Money),
        st.sampled_from(VatCode),
        st.booleans(),
    ),
    max_size=12,
)


@given(taxables)
def test_the_groups_add_up_to_the_lines_and_are_rounded_once(lines: list[Taxable]) -> None:
    taxed = vat.tax(lines)
    groups = vat.groups(taxed)
    assert money.total(g.vat for g in groups) == money.total(line.vat for line in taxed)
    assert money.total(g.net for g in groups) == money.total(line.net for line in taxed)
    for group in groups:
        exact = sum(line.exact_vat for line in lines if line.code is group.code)
        assert group.vat.minor == money.half_up(exact)
    for line, result in zip(lines, taxed, strict=True):
        assert abs(result.vat.minor - line.exact_vat) < 1
        assert (result.total if line.tax_inclusive else result.net) == line.amount


@given(taxables)
def test_the_same_lines_are_always_taxed_the_same(lines: list[Taxable]) -> None:
    assert vat.tax(lines) == vat.tax(list(lines))


def test_two_rates_of_a_service_on_one_day_are_refused() -> None:
    rate = {"service": "x", "code": "8", "valid_from": "2026-01-01", "source": "s"}
    with pytest.raises(ValidationError, match="overlap"):
        VatRates.model_validate({"rates": [rate, {**rate, "valid_from": "2026-06-01"}]})
