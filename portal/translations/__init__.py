"""The Vietnamese of the pages, and how its catalogue is drawn from the source."""
