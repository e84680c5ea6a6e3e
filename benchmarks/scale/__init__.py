"""How a training scales over processes: measured with those at hand, and computed for larger clusters."""
