"""Does it train? Experiments with a figure to reach, each kept as JSON with the command that made it."""
