"""The CUDA kernels, executed by the emulator, against the reference."""
