"""Cost against batch, size, channels and threads, beside the machine's ceilings."""
