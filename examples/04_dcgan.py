"""DCGAN by the trainer: a whole run in one call.

``gans.train`` takes a model, a data set and settings, and leaves a folder with metrics, pictures and a
checkpoint. You can sample, evaluate and go on from it, here or on the command line (``gans sample FOLDER``).
The 5,000 digits of the default come with the project.

    python examples/04_dcgan.py [STEPS [DATA]]

It prints both losses, the Frechet distance of 500 samples beside that of real images, and the folder.
"""

import sys

import gans

STEPS = int(sys.argv[1]) if len(sys.argv) > 1 else 60
DATA = sys.argv[2] if len(sys.argv) > 2 else "mnist5k"

run = gans.train("dcgan", data=DATA, steps=STEPS, seed=0, progress=False)
for record in run.history[:: max(STEPS // 5, 1)]:
    print(f"step {record['step']:4}   D {record['loss_d']:.3f}   G {record['loss_g']:.3f}")

figures = gans.evaluate(run, n=500)
print(f"Frechet distance {figures['fd']:.1f}, of real images {figures['fd_floor']:.2f}")

gans.sample(run, n=64).save("digits.png")
print(f"{run} in {run.path}, 64 samples in digits.png")

run = gans.resume(run, steps=STEPS + 1, progress=False)
print(f"one more step: {run}")
