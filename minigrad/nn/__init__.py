"""Modules and layers, with the names, arguments, initial values and state_dict names of ``torch.nn``."""

from minigrad import ops
from minigrad.hints import of_module
from minigrad.nn import functional, fusion, init, utils
from minigrad.nn.activation import (
    ELU,
    GELU,
    SELU,
    Hardtanh,
    LeakyReLU,
    LogSigmoid,
    LogSoftmax,
    PReLU,
    ReLU,
    Sigmoid,
    SiLU,
    Softmax,
    Softplus,
    Tanh,
)
from minigrad.nn.containers import ModuleDict, ModuleList, Sequential
from minigrad.nn.conv import Conv2d, ConvTranspose2d
from minigrad.nn.conv1d import Conv1d, ConvTranspose1d
from minigrad.nn.dropout import Dropout, Dropout2d
from minigrad.nn.functional import functional_call
from minigrad.nn.linear import Linear
from minigrad.nn.loss import (
    BCEWithLogitsLoss,
    CrossEntropyLoss,
    HuberLoss,
    KLDivLoss,
    L1Loss,
    MSELoss,
    NLLLoss,
    SmoothL1Loss,
)
from minigrad.nn.module import Module, Parameter
from minigrad.nn.norm import BatchNorm1d, BatchNorm2d, LayerNorm
from minigrad.nn.pad import CircularPad2d, ConstantPad2d, ReflectionPad2d, ReplicationPad2d, ZeroPad2d
from minigrad.nn.parameters import ParameterDict, ParameterList
from minigrad.nn.pool import AdaptiveAvgPool2d, AdaptiveMaxPool2d, AvgPool2d, MaxPool2d
from minigrad.nn.progressive import MinibatchStdDev, PixelNorm
from minigrad.nn.ranks import synchronised
from minigrad.nn.recurrent import GRU, LSTM, GRUCell, LSTMCell
from minigrad.nn.sample_norm import GroupNorm, InstanceNorm1d, InstanceNorm2d
from minigrad.nn.shape import Flatten, Identity, Unflatten
from minigrad.nn.sparse import Embedding
from minigrad.nn.state import LoadResult
from minigrad.nn.summary import Summary, summary
from minigrad.nn.upsample import PixelShuffle, PixelUnshuffle, Upsample

__all__ = [
    "AdaptiveAvgPool2d",
    "AdaptiveMaxPool2d",
    "AvgPool2d",
    "BCEWithLogitsLoss",
    "BatchNorm1d",
    "BatchNorm2d",
    "CircularPad2d",
    "ConstantPad2d",
    "Conv1d",
    "Conv2d",
    "ConvTranspose1d",
    "ConvTranspose2d",
    "CrossEntropyLoss",
    "Dropout",
    "Dropout2d",
    "ELU",
    "Embedding",
    "Flatten",
    "GELU",
    "GRU",
    "GRUCell",
    "GroupNorm",
    "Hardtanh",
    "HuberLoss",
    "Identity",
    "InstanceNorm1d",
    "InstanceNorm2d",
    "KLDivLoss",
    "L1Loss",
    "LSTM",
    "LSTMCell",
    "LayerNorm",
    "LeakyReLU",
    "Linear",
    "LoadResult",
    "LogSigmoid",
    "LogSoftmax",
    "MSELoss",
    "MaxPool2d",
    "MinibatchStdDev",
    "Module",
    "ModuleDict",
    "ModuleList",
    "NLLLoss",
    "PReLU",
    "Parameter",
    "ParameterDict",
    "ParameterList",
    "PixelNorm",
    "PixelShuffle",
    "PixelUnshuffle",
    "ReLU",
    "ReflectionPad2d",
    "ReplicationPad2d",
    "SELU",
    "Sequential",
    "SiLU",
    "Sigmoid",
    "SmoothL1Loss",
    "Softmax",
    "Softplus",
    "Summary",
    "Tanh",
    "Unflatten",
    "Upsample",
    "ZeroPad2d",
    "functional",
    "functional_call",
    "fusion",
    "init",
    "summary",
    "synchronised",
    "utils",
]

__getattr__ = of_module(__name__, minigrad_ops=ops)
