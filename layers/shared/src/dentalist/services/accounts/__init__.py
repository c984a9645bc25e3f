"""Accounts of Meta, Instagram and Google: linked, looked after, changed, disconnected."""
