"""All checks and benchmarks that need a GPU, in one call of under ten minutes: ``make gpu-check``.

Tests, compute-sanitizer's tools, derivatives to second order, a short DCGAN, and the benchmarks against
PyTorch, with nothing to download. Each step is a process with a time limit of its own; if one fails, the
others still run. The folder OUT gets gpu-check.json (the machine, each step, the benchmarks' records),
gpu-check.log and pictures; measurements, and the last lines of a failed step, are shown at once. ``--only``
takes steps or parts by name, to run those that the ten minutes did not reach or that you have mended.

The exit status is the sum of the failed parts: 1 tests, 2 sanitizers, 4 derivatives, 8 training, 16
benchmarks; 64 if there is no GPU. A step whose tool is missing is reported as not run; a step for which no
time is left has failed.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TextIO

from benchmarks import gpu, record

ALL = 570.0  # seconds
STATUS = {"tests": 1, "sanitizers": 2, "derivatives": 4, "training": 8, "benchmarks": 16}
NOTHING_TO_CHECK_ON = 64

LOG = "gpu-check.log"

TOOLS = ("memcheck", "racecheck", "initcheck", "synccheck")
LISTED = ("conv ", "transposed", "batch norm")  # kernels
TESTED = "tests/gpu/device", "tests/gpu/kernels"  # where the tests marked gpu are
SHOWN = 25  # the last lines of a failed step's output

ENVIRONMENT = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONUNBUFFERED": "1"}
"""Variables of each step: no plugins, whose warnings would be errors here; no buffered output, which a killed
step would lose."""


class Step(NamedTuple):
    """A command with its time limit; ``files`` are its files in the work folder that are kept."""

    name: str
    part: str
    command: list[str]
    seconds: float
    files: tuple[str, ...] = ()
    missing: str = ""


class Outcome(NamedTuple):
    """How a step ended: ok, failed, timed out, no time left, or not run."""

    name: str
    part: str
    state: str
    seconds: float
    command: str
    reason: str = ""

    @property
    def failed(self) -> bool:
        return self.state not in ("ok", "not run")


def python(*words: str) -> list[str]:
    return [sys.executable, *words]


def steps(work: Path) -> list[Step]:
    """The steps, the most important first."""
    pytest = python(
        "-m", "pytest", "-q", "-n", "0", "-m", "gpu", "-p", "no:cacheprovider", "--tb=short", "--durations=10"
    )
    pytest += ["--continue-on-collection-errors", *TESTED]
    run, samples = str(work / "dcgan"), str(work / "samples.png")
    train = python("-m", "gans", "train", "dcgan", "--device", "cuda", "--epochs", "3", "--out", run)
    draw = python("-m", "gans", "sample", run, "--device", "cuda", "--n", "64", "--out", samples)
    return [
        Step("compilation", "tests", python("-m", "tests.gpu.kernels.compilation"), 90),
        Step("tests", "tests", [*pytest, "-k", "not second_order"], 150),
        Step("second order", "derivatives", [*pytest, "-k", "second_order"], 100),
        Step("dcgan", "training", train, 90),
        Step("samples", "training", draw, 30, ("samples.png",)),
        benchmark(work, "steps", 64, tf32=False),
        benchmark(work, "steps", 64, tf32=True),
        benchmark(work, "kernels", 64, tf32=True),
        benchmark(work, "kernels", 256, tf32=True),
        *(sanitizer(tool) for tool in TOOLS),
        benchmark(work, "steps", 256, tf32=True),
        benchmark(work, "kernels", 256, tf32=False),
        benchmark(work, "steps", 256, tf32=False),
        benchmark(work, "kernels", 64, tf32=False),
    ]


def benchmark(work: Path, what: str, batch: int, *, tf32: bool) -> Step:
    """One comparison with PyTorch, or without it where it is not installed."""
    name = f"{what}-{batch}{'-tf32' if tf32 else ''}"
    command = python("-m", "benchmarks", what, "--device", "cuda", "--batch", str(batch))
    command += ["--only", *(("dcgan", "wgan-gp", "mlp") if what == "steps" else LISTED), "--turns", "3"]
    files = [f"{name}.json"]
    against_torch = importlib.util.find_spec("torch") is not None
    if against_torch:
        command += ["--against", "torch"]
    if tf32:
        command.append("--tf32")
    if tf32 and against_torch:
        command += ["--picture", str(work / f"{name}.png")]
        files.append(f"{name}.png")
    return Step(name, "benchmarks", [*command, "--json", str(work / files[0])], 90, tuple(files))


def sanitizer(tool: str) -> Step:
    """One of compute-sanitizer's tools on the kernels' directed cases."""
    homes = [os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"]
    places = os.pathsep.join([os.environ.get("PATH", ""), *(f"{home}/bin" for home in homes if home)])
    program = shutil.which("compute-sanitizer", path=places)
    command = [program or "compute-sanitizer", "--tool", tool, "--error-exitcode", "1"]
    missing = "" if program else "compute-sanitizer is not on this machine"
    return Step(
        tool, "sanitizers", [*command, *python("-m", "tests.gpu.kernels.directed")], 75, missing=missing
    )


def run(step: Step, log: TextIO, left: float) -> Outcome:
    """The step's outcome. Its output goes into the log; at its limit it ends, with its child processes."""
    words = " ".join(step.command)
    if step.missing:
        return Outcome(step.name, step.part, "not run", 0.0, words, step.missing)
    limit = min(step.seconds, left)
    if limit < 5:
        return Outcome(step.name, step.part, "no time left", 0.0, words, f"all of the {ALL:.0f} s were used")
    log.write(f"\n== {step.name}: {words}\n")
    log.flush()
    start = time.monotonic()
    process = subprocess.Popen(
        step.command,
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        env={**os.environ, **ENVIRONMENT},
    )
    try:
        status = process.wait(limit)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return Outcome(step.name, step.part, "timed out", limit, words, f"not done after {limit:.0f} s")
    state, reason = ("ok", "") if status == 0 else ("failed", f"exit status {status}; see the log")
    return Outcome(step.name, step.part, state, time.monotonic() - start, words, reason)


def exit_status(outcomes: Sequence[Outcome]) -> int:
    """The sum over the parts that failed."""
    return sum(STATUS[part] for part in {outcome.part for outcome in outcomes if outcome.failed})


def chosen(todo: Sequence[Step], only: Sequence[str] | None) -> list[Step]:
    """The steps whose name or part is among ``only``; without it, all."""
    return [step for step in todo if not only or step.name in only or step.part in only]


def figures(record: dict[str, Any]) -> list[str]:
    """A line for each case of a benchmark's record: milliseconds, and how many times longer rivals take."""
    lines = []
    for row in record["rows"]:
        ratios = [f"{side} {ratio['median']:.2f} times as long" for side, ratio in row["ratio"].items()]
        lines.append(", ".join([f"{row['name']}: {row['seconds']['minigrad'] * 1e3:.4g} ms", *ratios]))
    return lines + [f"{case}: {fault}" for case, fault in record["faults"].items()]


def check(todo: Sequence[Step], work: Path, out: Path, surroundings: dict[str, Any]) -> int:
    """Run the steps, keep their files, and print how each ended; the exit status."""
    start, outcomes, results = time.monotonic(), list[Outcome](), dict[str, Any]()
    with (out / LOG).open("w", encoding="utf-8") as log:
        for step in todo:
            log.flush()
            begin = (out / LOG).stat().st_size
            outcome = run(step, log, ALL - (time.monotonic() - start))
            outcomes.append(outcome)
            said = (out / LOG).read_bytes()[begin:].decode("utf-8", "replace")
            say = f"{outcome.name}: {outcome.state.upper()}, {outcome.seconds:.0f} s {outcome.reason}"
            print(say, flush=True)
            if outcome.failed:
                print(*said.splitlines()[-SHOWN:], sep="\n", flush=True)
            log.write(f"== {say}\n")
            for file in (work / name for name in step.files if (work / name).exists()):
                if file.suffix == ".json" and outcome.state == "timed out":
                    continue  # it may end anywhere
                if file.suffix == ".json":
                    results[file.stem] = json.loads(file.read_text("utf-8"))
                    print(*figures(results[file.stem]), sep="\n", flush=True)
                else:
                    shutil.copy(file, out)
            kept = surroundings | {"steps": [o._asdict() for o in outcomes], "results": results}
            (out / "gpu-check.json").write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
    bad = [outcome.name for outcome in outcomes if outcome.state != "ok"]
    print(f"{out / 'gpu-check.json'}: " + (f"not ok: {', '.join(bad)}" if bad else "all is well"))
    return exit_status(outcomes)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu_check", description=__doc__)
    parser.add_argument("--out", type=Path, default=Path(os.environ.get("OUT") or "gpu-check"), metavar="DIR")
    parser.add_argument("--only", nargs="+", metavar="STEP", help="run these steps or parts alone")
    arguments = parser.parse_args()
    out: Path = arguments.out
    try:
        surroundings = {**record.surroundings(), "gpu": gpu.description()}
    except (ImportError, RuntimeError) as error:
        print(f"gpu-check: {error}", file=sys.stderr)
        return NOTHING_TO_CHECK_ON
    with tempfile.TemporaryDirectory() as work:
        todo = chosen(steps(Path(work)), arguments.only)
        if not todo:
            parser.error(f"--only: no step is called {' or '.join(arguments.only)}")
        out.mkdir(parents=True, exist_ok=True)
        return check(todo, Path(work), out, surroundings)


if __name__ == "__main__":
    sys.exit(main())
