"""What all kernels need to run: compiling, machine code kept on disk, threads, scratch memory, kept tables.

``compiling`` is the file to read first: ``jit`` compiles a function that Python calls, ``launch`` holds the
threads and ``workspace`` for it. ``inner`` compiles the functions that only compiled code calls, as a part of
their caller, and ``parallel`` spreads one of them over the threads. ``caching`` keeps machine code on disk,
``keeping`` tables in memory, and ``forking`` serves a process that was forked from one with threads.
"""
