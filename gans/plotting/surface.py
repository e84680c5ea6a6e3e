"""D over the plane, and where G's loss pushes each sample."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from gans import plots
from gans.plotting.picture import Picture
from gans.plotting.trained import Trained
from minigrad import grad

__all__ = ["surface"]


def surface(trained: Trained, *, n: int = 100, seed: int = 0) -> Picture:
    """D's readout as colours, and at each of ``n`` samples an arrow: minus the gradient of G's loss there.

        arrow_i = -n dL_G/dx_i

    L_G is the run's own loss of G, a mean over the batch x_1 .. x_n, so that n times its gradient is the
    sample's own. G's weights get this vector through the chain rule. It is not the gradient of D(x): with
    GAN's non-saturating loss it is (1 - D(x)) times that of the logit, with minimax D(x) times, so the same D
    draws other arrows for another loss. All arrows have one scale, and a bar says which.

    Both are those of the last weights, since no average is trained, with D in evaluation mode and without
    instance noise. A D that judges packs has arrows and no colours. ``numbers``: ``points`` and ``arrows``
    (n, 2), ``loss``.
    """
    system = trained.system
    pack = getattr(system.settings, "pack", 1)
    n = -(-n // pack) * pack
    points = trained.samples(n, seed, average=False).samples
    steps, loss = _pushes(trained, points, seed)
    judges = system.judge(points[:1]) is not None
    shown = plots.Surface(system.judge, system.judges_by_probability) if judges else None  # type: ignore[arg-type]
    title = trained.title("where G's loss pushes samples")
    content = plots.arrows(points, steps, trained.real_points(), title, shown, what="−n ∂L/∂x")
    return Picture("surface", content, {"points": points, "arrows": steps, "loss": np.asarray(loss)})


def _pushes(trained: Trained, points: NDArray[np.float32], seed: int) -> tuple[NDArray[np.float32], float]:
    """-n dL/dx at each point, and L."""
    real = trained.tensor(trained.data.sample(len(points), trained.rng(seed)))
    x = trained.tensor(points)
    with trained.system.evaluating(average=False, gradients=True):
        loss = trained.system.loss_of_samples(x, real)
        assert loss is not None, "the kind fits systems with a loss of samples"
        (gradient,) = grad(loss, [x])
    return -len(points) * gradient.numpy(), loss.item()
