"""The mean of D's judgements of patches is one fully convolutional D."""

from __future__ import annotations

import numpy as np

import minigrad as mg
from gans.study.board.claim import Claim, Numbers, identity
from gans.study.board.pictures import arms
from gans.study.board.trial import Trial
from minigrad import nn, tensor


def measure(trial: Trial) -> Numbers:
    """A convolutional D on whole images, and on each of its receptive fields by itself."""
    mg.manual_seed(trial.seed)
    D = nn.Sequential(nn.Conv2d(1, 8, 4, 2), nn.LeakyReLU(0.2), nn.Conv2d(8, 1, 3))
    images = trial.rng.normal(size=(4, 1, 16, 16)).astype(np.float32)
    whole = D(tensor(images)).numpy()
    field, jump, places = 8, 2, whole.shape[2]
    patches = [
        D(tensor(np.ascontiguousarray(images[:, :, jump * i :, jump * j :][:, :, :field, :field]))).numpy()
        for i in range(places)
        for j in range(places)
    ]
    means = np.mean(patches, axis=0).reshape(4), whole.mean(axis=(1, 2, 3))
    return {
        "error": float(np.abs(means[0] - means[1]).max()),
        "patches": float(means[0][0]),
        "whole": float(means[1][0]),
    }


CLAIM = Claim(
    says="A PatchGAN that judges each patch and takes the mean is one fully convolutional D.",
    source="documents 003; Isola et al. 2017, section 3.2.2",
    measured="the mean judgement of all patches of random images, each by itself and by one convolution.",
    refuted_by="two different means.",
    effect=identity("error", "largest difference", 1e-5),
    measure=measure,
    picture=arms("mean of the first image", {"patches": "patch by patch", "whole": "at once"}),
)
