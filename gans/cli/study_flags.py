"""The flags of the commands that study gradients, claims and published experiments."""

from __future__ import annotations

from collections.abc import Sequence

from gans.cli.command import Parser, add_executor, add_settings
from gans.cli.numbers import at_least_0, natural, positive, samples, share, steps_or_0
from gans.paths import user_path

MICROSCOPE = """\
Write a page about one training step of a run or a model: the updates side by side, with every gradient, rule
and number of them, one sample followed back from the loss, and the chain rule to each parameter. The page is
one file and needs no network. `gans microscope MODEL --help` shows the hyper-parameters of a model.
"""


EXPLAIN = """\
Compute both steps of MODEL (gan, dcgan or wgan-gp) on a few images twice: by hand, in a file of plain NumPy
with forward and backward written out, and with minigrad. The table has each loss and each gradient from both,
and as measured from two runs of the loss. --parameter shows the lines that lead to a gradient with their
numbers, and the op of minigrad that made the same ones.
"""


COMPARE = """\
Compute one training step of MODEL twice, with one thing changed, on the same weights, batch and noise, and
show the difference in every gradient. Without --change it lists the changes. `gans compare MODEL --help`
shows the hyper-parameters of a model, which decide its networks and losses.
"""


REPRODUCE = """\
Run a published experiment at its published settings, and write its figures beside the published ones into
reproductions/NAME.json and REPRODUCTIONS.md. Ctrl-C saves and stops; the same command goes on, after a kill
too. More --trials later only add to what is there. Without a name it lists the experiments and their state.
"""


STUDY = """\
Measure what is said about GANs: each CLAIM has a measurement over several seeds that can refute it, and gets
a verdict from the effect's 95% interval. Numbers, pictures and the page go into docs/claims/ and
docs/claims.md. Ctrl-C stops; the same command goes on with the seeds that are missing. Without a name it
lists the claims and their verdicts.
"""


DOCTOR = """\
Name the likely cause of what is wrong with a run, from its metrics and its checkpoint alone: D saturated, no
gradient in G, collapse, samples that leave the data, an exploding critic, a gradient norm off 1, rotation,
statistics of batch norm, labels ignored, a D that sees nothing. Each finding has its numbers and the remedy
of the literature; causes come before symptoms, and the strongest is first.
"""


def microscope(microscope: Parser, arguments: Sequence[str]) -> None:
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
    add_settings(microscope, "microscope", arguments)


def explain(explain: Parser) -> None:
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


def compare(compare: Parser, arguments: Sequence[str]) -> None:
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
    add_settings(compare, "compare", arguments)


def reproduce(reproduce: Parser) -> None:
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
    add_executor(reproduce, "a trial")
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


def study(study: Parser) -> None:
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
    add_executor(study, "a seed")
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


def doctor(doctor: Parser) -> None:
    doctor.add_argument("folder", type=user_path, metavar="RUN", help="the run's folder")
    doctor.add_argument("--json", action="store_true", help="print all statistics as JSON")
