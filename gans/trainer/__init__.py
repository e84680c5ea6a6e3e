"""Training runs: the loop, the folder on disk, resume, and the displays.

As a library, without a folder:

    data = gans.data.load("ring")
    mg.manual_seed(0)
    gan = build(settings_for("gan", "points"), data.shape)
    train(Training(gan, data, seed=0), steps=1_000)
"""

from __future__ import annotations

from gans.asks import ask_of
from gans.streams import random_stream
from gans.trainer.callback import Callback, train
from gans.trainer.config import RunConfig, Schedule, default_epochs, digest_of, versions
from gans.trainer.folder import LockedError, RunFolder
from gans.trainer.loop import DivergedError, Record, Training
from gans.trainer.metrics_log import read_metrics
from gans.trainer.pictures import sample_picture
from gans.trainer.ranks import SharedError, together
from gans.trainer.run import Ended, Length, load_data, load_system, new_config, new_training, resume, start
from gans.trainer.signals import StopOnSignal

__all__ = [
    "Callback",
    "DivergedError",
    "Ended",
    "Length",
    "LockedError",
    "Record",
    "RunConfig",
    "RunFolder",
    "Schedule",
    "SharedError",
    "StopOnSignal",
    "Training",
    "ask_of",
    "default_epochs",
    "digest_of",
    "load_data",
    "load_system",
    "new_config",
    "new_training",
    "random_stream",
    "read_metrics",
    "resume",
    "sample_picture",
    "start",
    "together",
    "train",
    "versions",
]
