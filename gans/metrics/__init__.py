"""Figures for images, translations, points and sequences, each with its formula, range and paper."""

from __future__ import annotations

from gans.metrics.classifier import Classifier, load_classifier
from gans.metrics.clips import colour_spread, evaluate_clips, flicker, relative_flicker
from gans.metrics.diversity import class_histogram, classifier_score, effective_classes, entropy
from gans.metrics.evaluate import evaluate_images, evaluate_points
from gans.metrics.frechet import (
    Gaussian,
    fit_gaussian,
    frechet_between,
    frechet_distance,
    frechet_floor,
    frechet_infinity,
)
from gans.metrics.kernel import kernel_distance
from gans.metrics.manifold import ManifoldScores, manifold_scores
from gans.metrics.meaning import FIGURES, MEANINGS, Meaning, cost, of_real, remarks
from gans.metrics.neighbours import (
    NearestTraining,
    memorised_share,
    nearest_neighbour_error,
    nearest_training,
)
from gans.metrics.objects import cut_out, object_accuracy
from gans.metrics.outlook import outlook
from gans.metrics.parzen import ParzenEstimate, parzen_estimate, parzen_log_likelihood
from gans.metrics.pyramid import pyramid_wasserstein
from gans.metrics.rank import rank_correlation, ranks
from gans.metrics.sequences import distinct, evaluate_sequences, self_bleu
from gans.metrics.similarity import l1, psnr, sharpness, ssim
from gans.metrics.stacked import divergence, evaluate_stacked
from gans.metrics.toys import ModeCoverage, mode_coverage
from gans.metrics.translation import evaluate_domains, evaluate_translations
from gans.metrics.wasserstein import sliced_wasserstein, wasserstein_1d, wasserstein_to_gaussian

__all__ = [
    "evaluate_images",
    "evaluate_points",
    "evaluate_stacked",
    "evaluate_translations",
    "evaluate_domains",
    "evaluate_clips",
    "evaluate_sequences",
    "Classifier",
    "load_classifier",
    "Gaussian",
    "fit_gaussian",
    "frechet_between",
    "frechet_distance",
    "frechet_floor",
    "frechet_infinity",
    "kernel_distance",
    "class_histogram",
    "classifier_score",
    "effective_classes",
    "entropy",
    "ManifoldScores",
    "manifold_scores",
    "MEANINGS",
    "FIGURES",
    "Meaning",
    "cost",
    "of_real",
    "outlook",
    "remarks",
    "NearestTraining",
    "memorised_share",
    "nearest_neighbour_error",
    "nearest_training",
    "l1",
    "psnr",
    "ssim",
    "sharpness",
    "colour_spread",
    "flicker",
    "relative_flicker",
    "cut_out",
    "object_accuracy",
    "distinct",
    "self_bleu",
    "divergence",
    "ModeCoverage",
    "mode_coverage",
    "ParzenEstimate",
    "parzen_estimate",
    "parzen_log_likelihood",
    "wasserstein_1d",
    "wasserstein_to_gaussian",
    "sliced_wasserstein",
    "pyramid_wasserstein",
    "rank_correlation",
    "ranks",
]
