"""Experiments that train and must reach a figure, each kept as JSON with the command that made it."""
