"""The Lambda around: settings, observability, HTTP errors, identity, wiring."""
