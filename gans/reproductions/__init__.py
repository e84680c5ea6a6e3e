"""Reproductions: published experiments at their published settings, and what they gave here.

experiment   rows of a published table, and the function that runs one trial of a row
trial        one trial, which goes on from its folder after a kill
running      which trials are due, and how each becomes a result (gans.jobs: in processes, or on a cluster)
results      reproductions/NAME.json, to which trials are only ever added
table        REPRODUCTIONS.md, made from these files alone
experiments  a file for each experiment; registry: their names
"""

from __future__ import annotations

from gans.reproductions.experiment import Experiment, Figure, Published, Row
from gans.reproductions.registry import EXPERIMENTS, find, short_name
from gans.reproductions.results import Document, Place
from gans.reproductions.running import Due, check_rows, due_trials, results_of
from gans.reproductions.table import page, table_of
from gans.reproductions.trial import Trial

__all__ = [
    "EXPERIMENTS",
    "Document",
    "Due",
    "Experiment",
    "Figure",
    "Place",
    "Published",
    "Row",
    "Trial",
    "check_rows",
    "due_trials",
    "find",
    "page",
    "results_of",
    "short_name",
    "table_of",
]
