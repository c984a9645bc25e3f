"""What we do: one module per use case; what answers a contact and what looks after accounts have folders."""
