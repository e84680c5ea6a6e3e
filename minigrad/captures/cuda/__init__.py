"""The GPU's half of a captured step: its lines as one CUDA graph."""
