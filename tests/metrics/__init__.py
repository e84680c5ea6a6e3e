"""Tests of gans.metrics."""
