"""Google: its OAuth, through which calendars are linked."""
