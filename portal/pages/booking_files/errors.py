"""The refusals of files of bookings: of a whole file, and of one row of it."""

from config.errors import Conflict, Invalid


class BadSheet(Invalid):
    """The file cannot be read as a table; save it as XLSX or as CSV in UTF-8 and send it again."""


class BadRow(Invalid):
    """The row does not say enough, or says what cannot be; correct it."""


class TakenThen(Conflict):
    """Not free at that time; choose another time, another quantity or another resource."""


class RefusedFile(Invalid):
    """Nothing was imported; correct the rows named and send the file again."""


class OtherFile(Conflict):
    """This is not the file that was looked at; look at this one first, then import it."""


class ImportedBefore(Conflict):
    """This file was imported before; nothing was imported again."""
