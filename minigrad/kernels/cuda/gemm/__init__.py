"""Matrix products, alone or in stacks, and the linear layer."""
