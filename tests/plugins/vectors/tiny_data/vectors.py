import numpy as np


def vectors(count):
    """Vectors (n, 4), and the subject of each."""
    rows = np.random.default_rng(0).standard_normal((count, 4)).astype(np.float32)
    return rows, [f"s{number % 8}" for number in range(count)]
