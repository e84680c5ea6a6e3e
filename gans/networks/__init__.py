"""Networks, a file per family: each function builds one network with its paper's initial weights."""
