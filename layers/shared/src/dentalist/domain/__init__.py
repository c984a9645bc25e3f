"""What we know: the entities and their rules. No I/O."""
