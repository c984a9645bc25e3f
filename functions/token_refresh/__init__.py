"""Every day: looks after the tokens of linked accounts."""
