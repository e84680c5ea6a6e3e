"""GANs on minigrad: systems, data, training runs, metrics and the command line (``python -m gans``)."""
