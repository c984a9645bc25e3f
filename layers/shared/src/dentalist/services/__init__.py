"""What we do: one module per use case."""
