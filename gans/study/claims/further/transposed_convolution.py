"""A transposed convolution is a convolution of an input with zeros around and between its pixels."""

from __future__ import annotations

import numpy as np

from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import tensor
from minigrad.ops import conv2d, conv_transpose2d


def measure(trial: Trial) -> Numbers:
    """Both, for the documents' 2 x 2 image and 3 x 3 kernel, and for a stride of 2."""
    numbers = {}
    for name, side, kernel, stride in (("stride_1", 2, 3, 1), ("stride_2", 5, 4, 2)):
        x, w = trial.rng.normal(size=(2, 3, side, side)), trial.rng.normal(size=(3, 4, kernel, kernel))
        spread = np.zeros((2, 3, (side - 1) * stride + 1, (side - 1) * stride + 1))
        spread[:, :, ::stride, ::stride] = x
        padded = np.pad(spread, ((0, 0), (0, 0), (kernel - 1,) * 2, (kernel - 1,) * 2))
        turned = np.ascontiguousarray(w.transpose(1, 0, 2, 3)[:, :, ::-1, ::-1])
        made = conv_transpose2d(tensor(x), tensor(w), stride=stride).numpy()
        numbers[name] = float(np.abs(made - conv2d(tensor(padded), tensor(turned)).numpy()).max())
    return {"error": max(numbers.values()), **numbers}


CLAIM = Claim(
    says="A transposed convolution is a convolution of the zero-padded input with the turned kernel.",
    source="documents 001 (2 x 2 to 4 x 4); Dumoulin and Visin 2016",
    measured="both on random images, with strides of 1 and 2.",
    refuted_by="a pixel that differs.",
    effect=identity("error", "largest difference", 1e-10),
    measure=measure,
    picture=arms("largest difference", {"stride_1": "stride 1", "stride_2": "stride 2"}),
)
