"""What NVRTC makes of the CUDA kernels for real targets, held to a budget; README.md says how."""
