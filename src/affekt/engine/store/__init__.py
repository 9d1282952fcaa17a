"""The store of weights: each part of a network is kept once, by its content, for all checkpoints and runs.

RUNS/store/objects/<sha256>.safetensors     one part of a network; its name is the hash of its bytes
RUNS/store/lock                             held while a checkpoint is written, or objects are removed
RUNS/.../checkpoints/epoch-3/               files of weights in it are relative links to objects

RUNS is the folder of all runs that `train` is given, at any depth above the run. Prepared media are another
store: `affekt.data.store`.
"""
