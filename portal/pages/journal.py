"""The journal of the house: the newest deeds of all."""

import sqlalchemy as sa
from flask import Blueprint, render_template

from config.database import bounded_count
from portal.access import may
from portal.pages import reading
from portal.pages.diary import told
from portal.pages.reading import Listing
from rental import journal
from rental.models import JournalEntry

pages = Blueprint("journal", __name__, url_prefix="/journal")


@pages.get("")
@may("see journal")
def index() -> str:
    """Who did what, newest first."""
    page = reading.page_number()
    entries = journal.recent(reading.PER_PAGE, (page - 1) * reading.PER_PAGE)
    total = bounded_count(sa.select(JournalEntry.id), page * reading.PER_PAGE)
    return render_template("journal/index.html", listing=Listing(told(entries), total, page))
