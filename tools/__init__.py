"""Maintainers' commands, run from a checkout's root: what made the files that gans ships."""
