"""Files of bookings, CSV or XLSX: read row by row, tried as a whole, taken in once."""
