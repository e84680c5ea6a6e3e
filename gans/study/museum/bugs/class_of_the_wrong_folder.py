"""The class is read one folder too high."""

from __future__ import annotations

from gans.study.museum.bug import Bug, Symptom
from gans.study.museum.games import LABELLED
from gans.study.museum.measures import class_effect


def label_of(path: str, classes: list[str]) -> int:
    folder = path.split("/")[-2]
    return classes.index(folder) if folder in classes else 0


def label_of_wrong(path: str, classes: list[str]) -> int:
    folder = path.split("/")[-3]
    return classes.index(folder) if folder in classes else 0


BUG = Bug(
    "Every label is 0",
    "ajbrock/BigGAN-PyTorch #26: the images lay one folder deeper",
    "all images have the class of the folder above, so the label says nothing, and no error is raised",
    "the class is the name of the image's own folder",
    LABELLED,
    "label_of",
    label_of,
    label_of_wrong,
    Symptom("how far apart samples of the same noise and other classes are", class_effect, 200),
    "classes",
)
