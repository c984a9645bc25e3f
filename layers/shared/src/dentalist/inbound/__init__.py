"""What reaches us: bytes and headers become typed events. No I/O."""
