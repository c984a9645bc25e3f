"""Every five minutes: keeps the agenda and linked Google calendars together."""
