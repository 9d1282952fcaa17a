"""Random numbers from counters.

Every random draw in training is a function of (seed, purpose, counters): the order of an epoch, the view of a
sample, the dropout of a step. No generator has a state to save. A run that was killed and resumed therefore
draws the same numbers, and so does a run with another number of loader workers.
"""

from __future__ import annotations

import numpy as np
import torch

INITIAL_WEIGHTS, ORDER, VIEW, STEP, CACHED_VIEW, VALIDATION, PREPARATION = range(7)


def generator(seed: int, purpose: int, *counters: int) -> np.random.Generator:
    """A generator for one purpose at one point of the run."""
    return np.random.default_rng([seed, purpose, *counters])


def seed_torch(seed: int, purpose: int, *counters: int) -> None:
    """Seed torch's generators (all devices) for one purpose at one point of the run."""
    state = np.random.SeedSequence([seed, purpose, *counters]).generate_state(1, np.uint64)[0]
    torch.manual_seed(int(state))
