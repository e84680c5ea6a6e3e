"""Both steps of a GAN in plain NumPy, forward and backward written out: one file a model, to be read.

Each file stands alone but for the three convolutions, which ``convolution`` has, and for WGAN-GP's G, which
is DCGAN's. Nothing here imports the engine: ``gans.study.explain`` puts the two side by side.
"""
