"""Read-only calendar feeds (ICS) at addresses that clinics give us."""
