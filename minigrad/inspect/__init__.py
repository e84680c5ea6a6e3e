"""Looking into a step: what each op computed, and how each gradient came about.

``minigrad.trace`` makes a Trace of a step, ``minigrad.draw`` a picture of it.

    records, statistics, formulas    what a trace holds of calls, values and gradients
    observer                         what sees a step run; the door is minigrad.tracing, as for captures
    traces, names                    the function that users call, and the names of what it met
    stops                            where gradients stop, and why
    differences                      every gradient against finite differences
    drawing, graph, layout           pictures: what is folded into which box, and where the boxes stand
"""

from minigrad.inspect.differences import Difference, differences_of
from minigrad.inspect.drawing import Drawing, draw
from minigrad.inspect.records import Call, Kernel, Note, Place, Pull, Update, Value, Visit, Walk
from minigrad.inspect.statistics import Statistics
from minigrad.inspect.stops import Stop, reach_of, stops_of
from minigrad.inspect.traces import Trace, trace

__all__ = [
    "Call",
    "Difference",
    "Drawing",
    "Kernel",
    "Note",
    "Place",
    "Pull",
    "Statistics",
    "Stop",
    "Trace",
    "Update",
    "Value",
    "Visit",
    "Walk",
    "differences_of",
    "draw",
    "reach_of",
    "stops_of",
    "trace",
]
