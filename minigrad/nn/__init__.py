"""Modules and layers, with the names, arguments, initial values and state_dict names of ``torch.nn``."""

from minigrad.nn import init
from minigrad.nn.activation import Dropout, LeakyReLU, ReLU, Sigmoid, Softmax, Softplus, Tanh
from minigrad.nn.containers import ModuleList, Sequential
from minigrad.nn.conv import Conv2d, ConvTranspose2d
from minigrad.nn.functional import functional_call
from minigrad.nn.linear import Linear
from minigrad.nn.module import Fused, LoadResult, Module, Parameter
from minigrad.nn.norm import BatchNorm1d, BatchNorm2d, LayerNorm
from minigrad.nn.shape import Flatten, Identity, Unflatten
from minigrad.nn.summary import Summary, summary

__all__ = [
    "BatchNorm1d",
    "BatchNorm2d",
    "Conv2d",
    "ConvTranspose2d",
    "Dropout",
    "Flatten",
    "Fused",
    "Identity",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LoadResult",
    "Module",
    "ModuleList",
    "Parameter",
    "ReLU",
    "Sequential",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Summary",
    "Tanh",
    "Unflatten",
    "functional_call",
    "init",
    "summary",
]
