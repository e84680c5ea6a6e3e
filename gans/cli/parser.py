"""The commands and their arguments.

A command's module is imported when it runs, so that ``--help`` answers at once.
"""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from gans.cli.numbers import at_least_0, jobs, length, natural, positive, samples, share, size, steps_or_0
from gans.errors import UserError
from gans.paths import user_path

__all__ = ["parser"]

DESCRIPTION = "Train GANs on minigrad, look at what they make, and measure it."

EXAMPLES = """\
examples:
  gans train dcgan                             handwritten digits, into runs/dcgan-mnist5k
  gans train gan --data ring                   eight Gaussians in the plane
  gans train --resume runs/dcgan-mnist5k --epochs 50
  gans sample runs/dcgan-mnist5k --n 100 --out digits.png
"""

TRAIN = """\
Train MODEL and keep everything in a folder: config.json, metrics.jsonl (a line for each step),
checkpoint.safetensors, samples/ (a picture after each epoch, always from the same noise), samples.gif and
losses.png; with --evaluate-every also evaluations.jsonl and figures.png. Ctrl-C saves and stops; --resume
goes on as if nothing had happened. `gans train MODEL --help` shows the hyper-parameters of a model.
"""


EXPORT = """\
Write the generator of a run alone: its weights as safetensors, and beside them a Python file with the same
layers as a PyTorch module, whose function load() gives the trained module.
"""


EXPLAIN = """\
Compute both steps of MODEL (gan, dcgan or wgan-gp) on a few images twice: by hand, in a file of plain NumPy
with forward and backward written out, and with minigrad. The table has each loss and each gradient from both,
and as measured from two runs of the loss. --parameter shows the lines that lead to a gradient with their
numbers, and the op of minigrad that made the same ones.
"""


REPRODUCE = """\
Run a published experiment at its published settings, and write its figures beside the published ones into
reproductions/NAME.json and REPRODUCTIONS.md. Ctrl-C saves and stops; the same command goes on, after a kill
too. More --trials later only add to what is there. Without a name it lists the experiments and their state.
"""


MICROSCOPE = """\
Write a page about one training step of a run or a model: the updates side by side, with every gradient, rule
and number of them, one sample followed back from the loss, and the chain rule to each parameter. The page is
one file and needs no network. `gans microscope MODEL --help` shows the hyper-parameters of a model.
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


DOCTOR = """\
Name the likely cause of what is wrong with a run, from its metrics and its checkpoint alone: D saturated, no
gradient in G, collapse, samples that leave the data, an exploding critic, a gradient norm off 1, rotation,
statistics of batch norm, labels ignored, a D that sees nothing. Each finding has its numbers and the remedy
of the literature; causes come before symptoms, and the strongest is first.
"""


COMPARE = """\
Compute one training step of MODEL twice, with one thing changed, on the same weights, batch and noise, and
show the difference in every gradient. Without --change it lists the changes. `gans compare MODEL --help`
shows the hyper-parameters of a model, which decide its networks and losses.
"""


STUDY = """\
Measure what is said about GANs: each CLAIM has a measurement over several seeds that can refute it, and gets
a verdict from the effect's 95% interval. Numbers, pictures and the page go into docs/claims/ and
docs/claims.md. Ctrl-C stops; the same command goes on with the seeds that are missing. Without a name it
lists the claims and their verdicts.
"""


RESIZE = """\
Write the pictures of a folder, of any size and in PNG, JPEG, WebP, BMP, GIF or TIFF, into a new folder as PNG
of one size. Each is cut around its centre to the new shape, then made smaller or larger. Class folders stay.
"""


class Parser(argparse.ArgumentParser):
    """Reports a mistake as a UserError, with the option that was probably meant."""

    def __init__(self, **options: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter, **options)

    def error(self, message: str) -> NoReturn:
        raise UserError(f"{message} (see {self.prog} --help)")

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            command = parsed.parser if hasattr(parsed, "parser") else self
            hint = meant(unknown[0].split("=")[0], command, self)
            command.error(f"unrecognized arguments: {' '.join(unknown)}{hint}")
        return parsed

    @property
    def flags(self) -> list[str]:
        """The flags in their long form."""
        return [flag for flag in self._option_string_actions if flag.startswith("--")]


def meant(flag: str, command: Parser, whole: Parser) -> str:
    """A hint: the flag of ``command`` that is spelt almost like ``flag``, or a command that has it."""
    if flag == "--model":
        return "; the model has no flag: gans train dcgan"
    begun = [own for own in command.flags if flag.startswith(own)]
    near = begun or difflib.get_close_matches(flag.replace("_", "-"), command.flags, n=1, cutoff=0.75)
    if near:
        return f"; did you mean {near[0]}?"
    commands: dict[str, Parser] = next(
        (action.choices for action in whole._actions if isinstance(action, argparse._SubParsersAction)), {}
    )
    owners = [f"`gans {name}`" for name, other in commands.items() if flag in other.flags]
    return f"; it is a flag of {' and '.join(owners)}" if owners else ""


def parser(arguments: Sequence[str] = ()) -> argparse.ArgumentParser:
    """The parser of the whole command line; its result has ``command``, a function of that result.

    With the ``arguments`` to come, ``gans train`` has the flags of the model that they name.
    """
    made = Parser(prog="gans", description=DESCRIPTION, epilog=EXAMPLES)
    made.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    commands = made.add_subparsers(title="commands", metavar="COMMAND", required=True, parser_class=Parser)

    def add(name: str, summary: str, description: str) -> Parser:
        command: Parser = commands.add_parser(name, help=summary, description=description)
        command.set_defaults(command=_later(name), parser=command)
        return command

    _train(add("train", "train a model, or go on with a run", TRAIN), arguments)
    _sample(
        add(
            "sample", "make images or points with a trained model", "Draw new samples from a run's generator."
        )
    )
    _evaluate(
        add("evaluate", "measure what a run's generator makes", "Measure samples of a run against its data.")
    )
    _plot(add("plot", "draw a picture of a trained model", PLOT))
    _export(add("export", "write a generator for PyTorch", EXPORT))
    _microscope(add("microscope", "show a training step with every gradient", MICROSCOPE), arguments)
    _explain(add("explain", "show a step by hand beside minigrad's", EXPLAIN))
    _reproduce(add("reproduce", "run a published experiment, and compare", REPRODUCE))
    _compare(add("compare", "compute a step twice, with one thing changed", COMPARE), arguments)
    _study(add("study", "measure what is said about GANs", STUDY))
    _doctor(add("doctor", "name what is wrong with a run", DOCTOR))
    _resize(add("resize", "make pictures of one size, to train on", RESIZE))
    add(
        "list",
        "show the models and data sets",
        "Show the models with their papers and settings, and the data sets.",
    )
    return made


def _train(train: Parser, arguments: Sequence[str]) -> None:
    train.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help="for example dcgan (`gans list` shows all), or a class of yours, FILE.py:CLASS",
    )
    train.add_argument(
        "--config",
        type=user_path,
        metavar="FILE",
        help="options from FILE.toml, or a run's config.json; flags win over it",
    )
    where = train.add_argument_group("data and folder")
    where.add_argument(
        "--data",
        metavar="DATA",
        help="mnist5k (default for most), mnist, a toy such as ring, or a path (`gans list` shows all)",
    )
    where.add_argument("--data-dir", metavar="DIR", help="where the data lie, or are downloaded to")
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
    long = train.add_argument_group("length").add_mutually_exclusive_group()
    long.add_argument(
        "--epochs",
        type=length,
        metavar="N",
        help="default by model; an epoch of a toy is 500 steps",
    )
    long.add_argument("--steps", type=length, metavar="N", help="training steps")
    _settings(train, "train", arguments)
    train.add_argument("--seed", type=natural, metavar="N", help="decides all random numbers (default 0)")
    train.add_argument(
        "--checkpoint-every",
        type=length,
        metavar="STEPS",
        help="default 100; also at each epoch's end",
    )
    train.add_argument(
        "--evaluate-every",
        type=steps_or_0,
        metavar="EPOCHS",
        help="epochs from one measurement of samples to the next, into evaluations.jsonl (default 0: none)",
    )
    train.add_argument(
        "--keep-best",
        metavar="FIGURE",
        help="keep the checkpoint with the best FIGURE of those measured, such as fd, in best.safetensors",
    )
    _device(train, "default cpu, or where a resumed run was; cuda needs CuPy and an NVIDIA GPU")
    train.add_argument(
        "--no-capture",
        dest="capture",
        action="store_false",
        help="compute each update op by op instead of replaying a recorded one: slower, the same numbers",
    )


def _sample(sample: Parser) -> None:
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
    sample.add_argument(
        "--truncation",
        type=float,
        metavar="BOUND",
        help="the largest size of a number of z, at least 0.1, with a model that truncates its noise",
    )
    sample.add_argument(
        "--style",
        dest="styles",
        type=natural,
        nargs="+",
        metavar="NUMBER",
        help="the cluster of features of all objects, or several, each for every map, with pix2pixhd",
    )
    _weights(sample)
    sample.add_argument("--seed", type=natural, default=0, metavar="N", help="decides the noise (default 0)")
    _device(sample, "where the generator runs (default cpu)")


def _evaluate(evaluate: Parser) -> None:
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
    _weights(evaluate)
    _device(evaluate, "where the generator runs (default cpu); the classifier runs on the CPU")


def _plot(plot: Parser) -> None:
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
    _weights(plot)
    _device(plot, "where the networks run (default cpu)")


def _weights(command: Parser) -> None:
    _checkpoint(command)
    command.add_argument(
        "--no-average",
        dest="average",
        action="store_false",
        help="take the last weights, not their average (of a run with --ema)",
    )


def _checkpoint(command: Parser) -> None:
    command.add_argument(
        "--checkpoint",
        choices=("last", "best"),
        default="last",
        help="the last one (default), or the best (of a run with --keep-best)",
    )


def _export(export: Parser) -> None:
    export.add_argument("folder", type=user_path, metavar="RUN", help="a run's folder")
    export.add_argument(
        "--out",
        type=user_path,
        metavar="FILE",
        help="FILE.safetensors; the layers go into FILE.py (default RUN/generator.safetensors)",
    )
    _checkpoint(export)


def _microscope(microscope: Parser, arguments: Sequence[str]) -> None:
    microscope.add_argument(
        "what", metavar="RUN|MODEL", help="a run's folder, or a model, for example dcgan, or FILE.py:CLASS"
    )
    microscope.add_argument(
        "--step",
        type=positive,
        metavar="N",
        help="which step (default: of a run the next one, else the first)",
    )
    microscope.add_argument(
        "--out", type=user_path, metavar="FILE", help="the page, FILE.html (default MODEL-step.html)"
    )
    microscope.add_argument(
        "--verify",
        action="store_true",
        help="compute in float64, and compare every gradient with finite differences",
    )
    microscope.add_argument(
        "--unfold", type=positive, default=2, metavar="N", help="1 draws whole networks, 2 layers (default 2)"
    )
    microscope.add_argument("--data", metavar="DATA", help="of a model, as in `gans train`")
    microscope.add_argument("--data-dir", metavar="DIR", help="where the data lie, or are downloaded to")
    microscope.add_argument(
        "--seed", type=natural, default=0, metavar="N", help="of a model: decides all numbers (default 0)"
    )
    _settings(microscope, "microscope", arguments)


def _explain(explain: Parser) -> None:
    explain.add_argument("model", metavar="MODEL", help="gan, dcgan or wgan-gp")
    explain.add_argument("--data", metavar="DATA", help="images, as in `gans train` (default mnist5k)")
    explain.add_argument("--data-dir", metavar="DIR", help="where the data lie, or are downloaded to")
    explain.add_argument("--n", type=samples, default=4, metavar="N", help="images in the batch (default 4)")
    explain.add_argument(
        "--seed", type=natural, default=0, metavar="N", help="decides weights, images and z (default 0)"
    )
    explain.add_argument(
        "--steps", type=steps_or_0, default=0, metavar="N", help="training steps before (default 0)"
    )
    shown = explain.add_mutually_exclusive_group()
    shown.add_argument(
        "--parameter",
        metavar="NAME",
        help="show the lines that lead to a quantity of the table, such as G.0.weight or fake",
    )
    shown.add_argument("--step", choices=("D", "G"), help="show all lines of a step")
    explain.add_argument(
        "--json", type=user_path, metavar="FILE", help="write the numbers; - for standard output, no table"
    )
    sizes = explain.add_argument_group("sizes", "those that are not given are as in `gans train`")
    sizes.add_argument("--latent", type=positive, metavar="N", help="length of the noise vector z")
    sizes.add_argument(
        "--features", type=positive, metavar="N", help="channels next to the image (dcgan, wgan-gp)"
    )
    sizes.add_argument(
        "--base", type=positive, metavar="N", help="most pixels a side of the smallest maps (dcgan, wgan-gp)"
    )
    sizes.add_argument(
        "--penalty", type=at_least_0, metavar="WEIGHT", help="weight of the gradient penalty (wgan-gp)"
    )


def _reproduce(reproduce: Parser) -> None:
    reproduce.add_argument(
        "experiment",
        nargs="?",
        metavar="NAME",
        help="for example pacgan, or an experiment of yours, FILE.py:NAME (without one: a list)",
    )
    reproduce.add_argument(
        "--trials",
        type=positive,
        metavar="K",
        help="trials of each row, with the seeds from 0 (default: as published)",
    )
    reproduce.add_argument(
        "--jobs",
        type=jobs,
        default=1,
        metavar="J",
        help="processes of one thread each, a trial at a time in each (default: this process alone)",
    )
    reproduce.add_argument(
        "--share",
        type=share,
        default=1.0,
        metavar="SHARE",
        help="run only this share of the published length; such rows stand beside the others and say so",
    )
    reproduce.add_argument(
        "--rows", nargs="+", metavar="ROW", help="only these rows of the table (default: all)"
    )
    reproduce.add_argument("--data-dir", metavar="DIR", help="where the data lie, or are downloaded to")
    reproduce.add_argument(
        "--out",
        type=user_path,
        metavar="DIR",
        help="folder of reproductions/, REPRODUCTIONS.md and, under runs/, of the trials (default: this one)",
    )


def _compare(compare: Parser, arguments: Sequence[str]) -> None:
    compare.add_argument(
        "model",
        nargs="?",
        metavar="MODEL",
        help="a GAN of two players, for example dcgan, or a class of yours, FILE.py:CLASS",
    )
    compare.add_argument("--change", metavar="WHAT", help="for example detach (without it: a list)")
    compare.add_argument("--data", metavar="DATA", help="as in `gans train`")
    compare.add_argument("--data-dir", metavar="DIR", help="where the data lie, or are downloaded to")
    compare.add_argument(
        "--seed", type=natural, default=0, metavar="N", help="decides weights, batch and noise (default 0)"
    )
    compare.add_argument(
        "--n", type=samples, default=16, metavar="N", help="real samples in the batch, and fakes (default 16)"
    )
    compare.add_argument(
        "--steps", type=steps_or_0, default=0, metavar="N", help="training steps before (default 0)"
    )
    compare.add_argument(
        "--json", type=user_path, metavar="FILE", help="write the numbers; - for standard output, no table"
    )
    _settings(compare, "compare", arguments)


def _settings(command: Parser, name: str, arguments: Sequence[str]) -> None:
    """The flags of the model's settings, if ``arguments`` are those of this command."""
    if arguments[:1] == [name] and not set(arguments[1:]) <= {"--help", "-h"}:
        settings = import_module("gans.cli.settings")
        settings.add_flags(command, settings.model_in(arguments[1:]))


def _study(study: Parser) -> None:
    study.add_argument(
        "claims",
        nargs="*",
        metavar="CLAIM",
        help="for example optimal-d, or a claim of yours, FILE.py:NAME (without one: a list)",
    )
    study.add_argument("--all", action="store_true", help="all claims")
    study.add_argument(
        "--bug",
        nargs="?",
        const="",
        metavar="NAME",
        help="a bug of the museum, its symptom and what catches it (without a name: a list)",
    )
    study.add_argument(
        "--seeds", type=positive, metavar="K", help="seeds from 0 (default: as many as each claim says)"
    )
    study.add_argument(
        "--jobs",
        type=jobs,
        default=1,
        metavar="J",
        help="processes of one thread each, a seed at a time in each (default: this process alone)",
    )
    study.add_argument(
        "--quick",
        action="store_true",
        help="one seed cut short, to see that it runs: prints its numbers, and keeps nothing",
    )
    study.add_argument(
        "--out",
        type=user_path,
        metavar="DIR",
        help="folder of docs/claims/ and docs/claims.md (default: this one)",
    )


def _doctor(doctor: Parser) -> None:
    doctor.add_argument("folder", type=user_path, metavar="RUN", help="the run's folder")
    doctor.add_argument("--json", action="store_true", help="print all statistics as JSON")


def _resize(resize: Parser) -> None:
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


def _device(command: Parser, what: str) -> None:
    command.add_argument("--device", choices=("cpu", "cuda"), help=what)


def _later(name: str) -> Callable[[argparse.Namespace], int]:
    def command(arguments: argparse.Namespace) -> int:
        status: int = import_module(f"gans.cli.{name}").run(arguments)
        return status

    return command


class _Version(argparse.Action):
    def __call__(self, parser: argparse.ArgumentParser, *rest: object) -> None:
        from minigrad import __version__

        print(f"minigrad-gans {__version__}")
        parser.exit()
