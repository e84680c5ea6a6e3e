"""The optimizers' updates, in place: SGD, RMSprop, Adam and AdamW; and the sum of squares, for clipping.

Read ``kernels`` first: each update's loop and its public function. ``end_to_end`` lays many parameters end to
end and checks the arrays.
"""
