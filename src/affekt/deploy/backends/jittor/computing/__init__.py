"""The side of Jittor: the file of a graph, its import operator by operator, and the process that answers.

It imports NumPy, safetensors and Jittor only, and its own modules by relative names, so that it can be
loaded in Jittor's environment, where affekt is not installed.
"""

READY = "ready.json"  # in the folder of kernels, once Jittor has compiled itself
