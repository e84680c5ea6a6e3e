"""The published experiments, a file each, with the sources of their figures and settings."""
