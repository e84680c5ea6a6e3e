"""Tests of gans.networks."""
