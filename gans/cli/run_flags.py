"""The flags of the commands that make runs and look at them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from gans.cli.command import Parser, add_checkpoint, add_device, add_settings, add_weights
from gans.cli.numbers import length, natural, positive, samples, size, steps_or_0
from gans.paths import user_path

TRAIN = """\
Train MODEL and keep everything in a folder: config.json, metrics.jsonl (a line for each step),
checkpoint.safetensors, samples/ (a picture after each epoch, always from the same noise), samples.gif and
losses.png; with --evaluate-every also evaluations.jsonl and figures.png. Ctrl-C saves and stops; --resume
goes on as if nothing had happened. `gans train MODEL --help` shows the hyper-parameters of a model.
"""


PLOT = """\
Draw a picture of a run, of one of these KINDs; without one, those that fit the run are listed.

  interpolation  samples on a path from one z to another (--path, --frames)
  arithmetic     G(a - b + c) of means of three z (--class A B C: those of samples read as these digits)
  traversal      samples while one axis of z changes (--axes, --frames)
  neighbours     samples beside their nearest training images (--nearest)
  saliency       what D looks at: the gradient of its logit by the pixels
  surface        D over the plane, and arrows at samples: minus the gradient of G's loss, to scale
  gradients      norms of gradients by layer, over further steps of a copy of the training (--steps)
  updates        sizes of updates by layer, as a share of the weights, over such steps (--steps)
"""


EXPORT = """\
Write the generator of a run alone: its weights as safetensors, and beside them a Python file with the same
layers as a PyTorch module, whose function load() gives the trained module.
"""


RESIZE = """\
Write the pictures of a folder, of any size and in PNG, JPEG, WebP, BMP, GIF or TIFF, into a new folder as PNG
of one size. Each is cut around its centre to the new shape, then made smaller or larger. Class folders stay.
"""


def train(train: Parser, arguments: Sequence[str]) -> None:
    train.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help="for example dcgan (`gans list` shows all), or a class of yours, FILE.py:CLASS",
    )
    add_config(train)
    where = add_data(train)
    folder = where.add_mutually_exclusive_group()
    folder.add_argument(
        "--out", type=user_path, metavar="DIR", help="the run's folder (default runs/MODEL-DATA)"
    )
    folder.add_argument(
        "--resume",
        type=user_path,
        metavar="DIR",
        help="go on with the run in DIR; --epochs or --steps may grow",
    )
    add_length(train)
    add_settings(train, "train", arguments)
    train.add_argument("--seed", type=natural, metavar="N", help="decides all random numbers (default 0)")
    add_schedule(train)
    add_device(train, "default cpu, or where a resumed run was; cuda needs CuPy and an NVIDIA GPU")
    train.add_argument(
        "--batch-norm",
        choices=("synchronised", "local"),
        help="in several processes (mpiexec): with the statistics of the whole batch (default), or of each "
        "share",
    )
    add_capture(train)


def add_config(command: Parser) -> None:
    """Options from a file."""
    command.add_argument(
        "--config",
        type=user_path,
        metavar="FILE",
        help="options from FILE.toml, or a run's config.json; flags win over it",
    )


def add_data(command: Parser) -> argparse._ArgumentGroup:
    """The data; returns the group, for the folder."""
    where = command.add_argument_group("data and folder")
    where.add_argument(
        "--data",
        metavar="DATA",
        help="mnist5k (default for most), mnist, a toy such as ring, or a path (`gans list` shows all)",
    )
    where.add_argument("--data-dir", metavar="DIR", help="where the data lie, or are downloaded to")
    return where


def add_length(command: Parser) -> None:
    """The length of a run."""
    long = command.add_argument_group("length").add_mutually_exclusive_group()
    long.add_argument(
        "--epochs",
        type=length,
        metavar="N",
        help="default by model; an epoch of a toy is 500 steps",
    )
    long.add_argument("--steps", type=length, metavar="N", help="training steps")


def add_schedule(command: Parser) -> None:
    """When a run saves and measures."""
    command.add_argument(
        "--checkpoint-every",
        type=length,
        metavar="STEPS",
        help="default 100; also at each epoch's end",
    )
    command.add_argument(
        "--evaluate-every",
        type=steps_or_0,
        metavar="EPOCHS",
        help="epochs from one measurement of samples to the next, into evaluations.jsonl (default 0: none)",
    )
    command.add_argument(
        "--keep-best",
        metavar="FIGURE",
        help="keep the checkpoint with the best FIGURE of those measured, such as fd, in best.safetensors",
    )


def add_capture(command: Parser) -> None:
    """How updates are computed."""
    command.add_argument(
        "--no-capture",
        dest="capture",
        action="store_false",
        help="compute each update op by op instead of replaying a recorded one: slower, the same numbers",
    )


def sample(sample: Parser) -> None:
    sample.add_argument("folder", type=user_path, metavar="RUN", help="a run's folder")
    sample.add_argument("--n", type=samples, default=64, metavar="N", help="how many (default 64)")
    sample.add_argument(
        "--out",
        type=user_path,
        required=True,
        metavar="FILE",
        help="FILE.npz: array `images`, float32 (n, c, h, w) in [-1, 1], `points` or `tokens`, and `labels` "
        "where classes were asked for; FILE.png: a picture",
    )
    sample.add_argument(
        "--class",
        dest="classes",
        type=natural,
        nargs="+",
        metavar="CLASS",
        help="the class of the samples, or several in turn, of a model that was trained on labels",
    )
    sample.add_argument(
        "--from",
        dest="sources",
        type=user_path,
        metavar="PATH",
        help="images to translate: a folder, .npz or data set (default: the run's first test images)",
    )
    sample.add_argument(
        "--back",
        action="store_true",
        help="translate from the second set to the first one, with a model that does both",
    )
    _add_truncation(sample)
    sample.add_argument(
        "--style",
        dest="styles",
        type=natural,
        nargs="+",
        metavar="NUMBER",
        help="the cluster of features of all objects, or several, each for every map, with pix2pixhd",
    )
    add_weights(sample)
    sample.add_argument("--seed", type=natural, default=0, metavar="N", help="decides the noise (default 0)")
    add_device(sample, "where the generator runs (default cpu)")


def _add_truncation(command: Parser) -> None:
    command.add_argument(
        "--truncation",
        type=float,
        metavar="BOUND",
        help="the largest size of a number of z, at least 0.1: samples get more alike, or clearer in a class",
    )


def evaluate(evaluate: Parser) -> None:
    evaluate.add_argument("folder", type=user_path, metavar="RUN", help="a run's folder")
    evaluate.add_argument(
        "--n", type=samples, metavar="N", help="samples (default 10,000 images or 2,500 points)"
    )
    evaluate.add_argument(
        "--seed", type=natural, default=0, metavar="N", help="decides the noise (default 0)"
    )
    evaluate.add_argument(
        "--data-dir", metavar="DIR", help="where the data lie, if not where they were in training"
    )
    evaluate.add_argument(
        "--json",
        type=user_path,
        metavar="FILE",
        help="the figures' file (default RUN/evaluation.json or bias.json); - for standard output, no table",
    )
    evaluate.add_argument(
        "--bias-curve",
        action="store_true",
        help="measure fewer and fewer samples, each time half as many, into RUN/bias.json and bias.png",
    )
    evaluate.add_argument(
        "--draws", type=positive, metavar="K", help="draws of each size for --bias-curve (default 4)"
    )
    _add_truncation(evaluate)
    add_weights(evaluate)
    add_device(evaluate, "where the generator runs (default cpu); the classifier runs on the CPU")


def plot(plot: Parser) -> None:
    plot.add_argument("folder", type=user_path, metavar="RUN", help="a run's folder")
    plot.add_argument(
        "kind", nargs="?", metavar="KIND", help="for example interpolation (without one: a list)"
    )
    plot.add_argument(
        "--out", type=user_path, metavar="FILE", help="FILE.png (default RUN/KIND.png, which is replaced)"
    )
    plot.add_argument(
        "--n", type=samples, metavar="N", help="rows, samples or axes (default by kind; not of layers)"
    )
    plot.add_argument("--seed", type=natural, metavar="N", help="decides z (default 0)")
    plot.add_argument(
        "--path",
        choices=("spherical", "linear"),
        help="of an interpolation (default spherical, or linear with --prior uniform)",
    )
    plot.add_argument("--frames", type=positive, metavar="K", help="samples in a row (default 9)")
    plot.add_argument("--axes", type=natural, nargs="+", metavar="AXIS", help="the axes, counted from 0")
    plot.add_argument(
        "--class", dest="classes", type=natural, nargs=3, metavar="DIGIT", help="the digits a, b and c"
    )
    plot.add_argument("--nearest", type=positive, metavar="K", help="training images a sample (default 5)")
    plot.add_argument("--steps", type=positive, metavar="K", help="training steps of the copy (default 30)")
    plot.add_argument(
        "--data-dir", metavar="DIR", help="where the data lie, if not where they were in training"
    )
    add_weights(plot)
    add_device(plot, "where the networks run (default cpu)")


def export(export: Parser) -> None:
    export.add_argument("folder", type=user_path, metavar="RUN", help="a run's folder")
    export.add_argument(
        "--out",
        type=user_path,
        metavar="FILE",
        help="FILE.safetensors; the layers go into FILE.py (default RUN/generator.safetensors)",
    )
    add_checkpoint(export)


def resize(resize: Parser) -> None:
    resize.add_argument(
        "folder", type=user_path, metavar="FOLDER", help="the pictures, also in its sub-folders"
    )
    resize.add_argument("--out", type=user_path, required=True, metavar="FOLDER", help="the new folder")
    resize.add_argument(
        "--size",
        type=size,
        default=(32, 32),
        metavar="N",
        help="pixels of each side, 8 to 64, or WIDTHxHEIGHT (default 32)",
    )
