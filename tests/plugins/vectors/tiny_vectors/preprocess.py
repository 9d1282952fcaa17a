import numpy as np

from affekt.core.spec import InputSpec, TensorSpec


class TinyVectorsPreprocess:
    def __init__(self, config, state=None):
        self.spec = InputSpec(
            inputs=(TensorSpec(name="vector", axes="b d", shape=(4,), meaning="four numbers"),)
        )

    def fit(self, samples):
        return {}

    def views(self, sample):
        return [self(sample)]

    def __call__(self, sample, *, rng=None):
        vector = np.asarray(sample.media["audio"], np.float32)
        noise = 0 if rng is None else rng.normal(0, 0.01, 4)
        return {"vector": (vector + noise).astype(np.float32)}
