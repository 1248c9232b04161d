"""Which invoices a booking of the bank pays: certain, or a ranked list for a person. Pure.

The rule above all others: no wrong match, ever. It is certain only where something written checks
out (reference, booking or invoice number), the amount agrees, and nothing speaks against it; all
else waits for a person with the reasons in words.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from billing.parties import Fit, Parties
from billing.sightings import Bodies, Grade, Kind, Numbers, Sighting, digits_of
from billing.spelling import is_near, squeezed

MOST = 5
# A sum of more invoices than these is a person's to find.
LARGEST_SUM = 3
SUMMED_FROM = 12
_WRITTEN = {
    Kind.REFERENCE: {Grade.EXACT: 60, Grade.CLOSE: 48, Grade.WEAK: 25},
    Kind.BOOKING: {Grade.EXACT: 55, Grade.CLOSE: 44, Grade.WEAK: 22},
    Kind.NUMBER: {Grade.EXACT: 52, Grade.CLOSE: 42, Grade.WEAK: 25},
}
_PAYER = {Fit.NAME: 15, Fit.ACCOUNT: 15, Fit.UNKNOWN: 0, Fit.OTHER: -30}


@dataclass(slots=True, eq=False)
class Owed:
    """An issued invoice; `left` zero where nothing is owed on it any more."""

    invoice_id: int
    unit_id: int
    left: int
    # `IV-4T9Q-W2M7`, `1C26TMC-00000042`, `BK-4T9Q-W2M7`.
    reference: str
    number: str
    booking: str | None = None
    currency: str = "VND"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came in, and what the bank says of it."""

    amount: int
    text: str
    payer_name: str = ""
    payer_account: str = ""
    currency: str = "VND"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why, or why not: a code the portal says in words, and its values."""

    code: str
    words: tuple[tuple[str, str | int], ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The code with its values."""
        return {"code": self.code, **dict(self.words)}


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A unit paid these invoices with these amounts; what is over stays on its balance."""

    unit_id: int
    shares: tuple[tuple[int, int], ...]
    score: int
    reasons: tuple[Reason, ...]

    def as_json(self) -> dict[str, Any]:
        """The form kept with the booking of the bank."""
        return {
            "unit": self.unit_id,
            "shares": [list(one) for one in self.shares],
            "score": self.score,
            "reasons": [one.as_json() for one in self.reasons],
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """The certain match if there is one, and what a person chooses from if not; best first."""

    certain: Suggestion | None
    ranked: tuple[Suggestion, ...]


@dataclass(frozen=True, slots=True)
class _Claim:
    """Invoices that something written points at, together or one of them."""

    sighting: Sighting
    invoices: tuple[Owed, ...]


class Book:
    """What is owed, indexed: made once, asked for many bookings of the bank."""

    def __init__(self, owed: Iterable[Owed], parties: Parties) -> None:
        self.parties = parties
        everything = list(owed)
        self.by_id = {one.invoice_id: one for one in everything}
        self.by_body = {squeezed(one.reference)[2:]: one for one in everything}
        self.by_number = {one.number: one for one in everything}
        self.by_booking: dict[str, list[Owed]] = defaultdict(list)
        self.by_unit: dict[int, list[Owed]] = defaultdict(list)
        self.by_amount: dict[tuple[int, str], list[Owed]] = defaultdict(list)
        for one in everything:
            if one.booking is not None:
                self.by_booking[squeezed(one.booking)[2:]].append(one)
        for one in (each for each in everything if each.left > 0):
            self.by_unit[one.unit_id].append(one)
            self.by_amount[one.left, one.currency].append(one)
        self.readers: tuple[Bodies, Bodies] = (
            Bodies(Kind.REFERENCE, "IV", self.by_body),
            Bodies(Kind.BOOKING, "BK", self.by_booking),
        )
        self.numbers = Numbers(self.by_number)

    def pay(self, shares: Iterable[tuple[int, int]]) -> None:
        """Take off what a match paid, so that the next booking is judged by what is left."""
        for invoice_id, share in shares:
            one = self.by_id[invoice_id]
            self.by_amount[one.left, one.currency].remove(one)
            one.left -= share
            if one.left > 0:
                self.by_amount[one.left, one.currency].append(one)
            else:
                self.by_unit[one.unit_id].remove(one)

    def judge(self, receipt: Receipt) -> Verdict:
        """The certain match, or the ranked suggestions."""
        claims = self._claims(receipt)
        found = [*self._written(receipt, claims), *self._by_payer(receipt)]
        if not found:
            found = list(self._by_amount(receipt))
        best: dict[tuple[int, tuple[tuple[int, int], ...]], Suggestion] = {}
        for one in found:
            key = one.unit_id, one.shares
            if key not in best or best[key].score < one.score:
                best[key] = one
        ranked = sorted(best.values(), key=lambda one: (-one.score, one.shares))[:MOST]
        return Verdict(self._certain(receipt, claims, best), tuple(ranked))

    def _claims(self, receipt: Receipt) -> list[_Claim]:
        compact = squeezed(receipt.text)
        seen = [one for reader in self.readers for one in reader.sightings(compact)]
        seen += self.numbers.sightings(receipt.text)
        # Only where nothing better is: what is weak by chance must not unsettle what is written.
        seen = seen or [one for reader in self.readers for one in reader.weak(compact)]
        return [_Claim(one, tuple(self._meant(one))) for one in seen]

    def _meant(self, seen: Sighting) -> Sequence[Owed]:
        if seen.kind is Kind.REFERENCE:
            return [self.by_body[seen.key]]
        if seen.kind is Kind.NUMBER:
            return [self.by_number[seen.key]]
        return self.by_booking[seen.key]

    def fit(self, receipt: Receipt, unit_id: int) -> Fit:
        """What the payer's name and account say about a unit."""
        return self.parties.fit(unit_id, receipt.payer_name, receipt.payer_account, receipt.text)

    # -- suggestions ------------------------------------------------------------------------------

    def _written(self, receipt: Receipt, claims: Sequence[_Claim]) -> Iterator[Suggestion]:
        for claim in claims:
            seen = claim.sighting
            told = Reason(f"{seen.kind}_{seen.grade.name.lower()}", (("seen", seen.seen),))
            base = _WRITTEN[seen.kind][seen.grade]
            for one in claim.invoices:
                yield self._suggest(receipt, [one], base, told)
            if len(_open(claim.invoices)) > 1:
                yield self._suggest(receipt, _open(claim.invoices), base, told)
        together = _together(claims)
        if len(together) > 1 and len({one.unit_id for one in together}) == 1:
            grade = min(c.sighting.grade for c in claims)
            base = _WRITTEN[Kind.NUMBER][grade]
            told = Reason("several_named", (("count", len(together)),))
            yield self._suggest(receipt, together, base, told)

    def _by_payer(self, receipt: Receipt) -> Iterator[Suggestion]:
        units = self.parties.candidates(receipt.payer_name, receipt.payer_account, receipt.text)
        for unit in sorted(units)[:MOST]:
            owed = [one for one in self.by_unit[unit] if one.currency == receipt.currency]
            for one in owed:
                if one.left == receipt.amount:
                    yield self._suggest(receipt, [one], 30, None)
            for several in _sums(owed, receipt.amount):
                yield self._suggest(receipt, several, 22, None)
            if len(owed) == 1:
                yield self._suggest(receipt, owed, 12, None)
            told = Reason("balance")
            yield Suggestion(unit, (), 20, (self._payer(self.fit(receipt, unit)), told))

    def _by_amount(self, receipt: Receipt) -> Iterator[Suggestion]:
        equal = self.by_amount.get((receipt.amount, receipt.currency), [])
        if len(equal) <= MOST:
            for one in equal:
                yield self._suggest(receipt, [one], 5, Reason("amount_only"))

    def _suggest(
        self, receipt: Receipt, owed: Sequence[Owed], base: int, told: Reason | None
    ) -> Suggestion:
        unit = owed[0].unit_id
        fit = self.fit(receipt, unit)
        amount, points = _amount(receipt, owed)
        reasons = [one for one in (told, amount, self._payer(fit)) if one is not None]
        score = max(1, min(99, base + points + _PAYER[fit]))
        return Suggestion(unit, _shares(receipt, owed), score, tuple(reasons))

    @staticmethod
    def _payer(fit: Fit) -> Reason:
        return Reason(f"payer_{fit.value}")

    # -- certainty --------------------------------------------------------------------------------

    def _certain(
        self,
        receipt: Receipt,
        claims: Sequence[_Claim],
        found: Mapping[tuple[int, tuple[tuple[int, int], ...]], Suggestion],
    ) -> Suggestion | None:
        owed = self._sure(receipt, claims)
        if not owed:
            return None
        return found.get((owed[0].unit_id, _shares(receipt, owed)))

    def _sure(self, receipt: Receipt, claims: Sequence[_Claim]) -> list[Owed]:
        """The invoices that are certain; empty where anything speaks against them."""
        named = [one for claim in claims for one in claim.invoices]
        units = {one.unit_id for one in named}
        if len(units) != 1 or any(one.currency != receipt.currency for one in named):
            return []
        fit = self.fit(receipt, units.pop())
        if fit is Fit.OTHER:
            return []
        owed = _agreed(receipt, claims)
        if not owed:
            return _not_in_full(claims, fit)
        trusted = [claim for claim in claims if self._is_trusted(receipt, claim, fit)]
        covered = {one.invoice_id for claim in trusted for one in claim.invoices}
        return owed if all(one.invoice_id in covered for one in owed) else []

    def _is_trusted(self, receipt: Receipt, claim: _Claim, fit: Fit) -> bool:
        """Whether what is written is enough, the amount being right and the payer no other unit."""
        seen, is_known = claim.sighting, fit is not Fit.UNKNOWN
        if seen.kind is Kind.NUMBER:
            return self._has_no_rival(claim.invoices[0], seen, is_known=is_known) and (
                seen.grade is Grade.EXACT or is_known
            )
        return seen.grade >= Grade.CLOSE or (is_known and self._is_alone(receipt, claim))

    def _has_no_rival(self, one: Owed, seen: Sighting, *, is_known: bool) -> bool:
        """Whether no other invoice of this amount has a number near what was read.

        Numbers count up: a digit lost or changed makes another invoice's number.
        """
        rivals = self.by_amount[one.left, one.currency]
        if is_known:
            rivals = [rival for rival in rivals if rival.unit_id == one.unit_id]
        return not any(
            rival is not one
            and (
                is_near(digits_of(rival.number), digits_of(one.number), 2)
                or str(int(digits_of(rival.number))).startswith(seen.seen.lstrip("0") or "-")
            )
            for rival in rivals
        )

    def _is_alone(self, receipt: Receipt, claim: _Claim) -> bool:
        """Whether the unit has no other invoice of this amount."""
        unit = claim.invoices[0].unit_id
        return sum(one.left == receipt.amount for one in self.by_unit[unit]) == 1


def _open(invoices: Iterable[Owed]) -> list[Owed]:
    return [one for one in invoices if one.left > 0]


def _together(claims: Sequence[_Claim]) -> list[Owed]:
    """Every open invoice that something points at, once, in the sequence of their ids."""
    named = {one.invoice_id: one for claim in claims for one in _open(claim.invoices)}
    return [named[key] for key in sorted(named)]


def _agreed(receipt: Receipt, claims: Sequence[_Claim]) -> list[Owed]:
    """The one way in which amount and all that is written agree; empty for none or several."""
    if not claims or any(not _open(claim.invoices) for claim in claims):
        return []
    together = _together(claims)
    ways = []
    if sum(one.left for one in together) == receipt.amount:
        ways.append(together)
    # One invoice that everything written points at: a booking may have several.
    for one in together:
        is_meant = all(one in claim.invoices for claim in claims)
        if is_meant and one.left == receipt.amount and len(together) > 1:
            ways.append([one])
    return ways[0] if len(ways) == 1 else []


def _not_in_full(claims: Sequence[_Claim], fit: Fit) -> list[Owed]:
    """A part, or more than is owed: only on a whole reference, from the unit itself."""
    exact = [
        claim
        for claim in claims
        if (claim.sighting.kind, claim.sighting.grade) == (Kind.REFERENCE, Grade.EXACT)
    ]
    named = {one.invoice_id for claim in claims for one in claim.invoices}
    is_single = len(exact) == 1 and len(named) == 1 and exact[0].invoices[0].left > 0
    return list(exact[0].invoices) if is_single and fit is not Fit.UNKNOWN else []


def _amount(receipt: Receipt, owed: Sequence[Owed]) -> tuple[Reason, int]:
    total = sum(one.left for one in owed)
    if any(one.currency != receipt.currency for one in owed):
        return Reason("other_currency"), -40
    if total == 0:
        return Reason("settled"), -25
    if total == receipt.amount:
        return (Reason("amount_equal"), 24) if len(owed) == 1 else (Reason("amount_sum"), 22)
    if receipt.amount < total:
        return Reason("amount_part", (("left", total),)), 4
    return Reason("amount_over", (("over", receipt.amount - total),)), 2


def _shares(receipt: Receipt, owed: Sequence[Owed]) -> tuple[tuple[int, int], ...]:
    """What each invoice gets, the earlier first, until the amount is used up."""
    rest = receipt.amount
    shares = []
    for one in owed:
        share = min(rest, one.left) if one.currency == receipt.currency else 0
        if share > 0:
            shares.append((one.invoice_id, share))
            rest -= share
    return tuple(shares)


def _sums(owed: Sequence[Owed], amount: int) -> Iterator[list[Owed]]:
    """Two or three invoices, or all, that come to the amount."""
    if len(owed) > 1 and sum(one.left for one in owed) == amount:
        yield list(owed)
    few = sorted(owed, key=lambda one: one.invoice_id)[:SUMMED_FROM]
    for size in range(2, LARGEST_SUM + 1):
        for several in combinations(few, size):
            if len(several) < len(owed) and sum(one.left for one in several) == amount:
                yield list(several)
