"""What all families share: sources and their compilation, the launchers' arrays, common device code."""
