"""Features in place of media."""

import numpy as np
import pytest

from affekt.core.errors import MediaError
from affekt.core.files.content import media_key
from affekt.core.sample import Sample
from affekt.media.features import Features


@pytest.mark.parametrize(
    "values", [np.zeros((2, 3, 4)), np.zeros(0), np.array([np.nan]), np.array([1, 2]), np.array(1.0)]
)
def test_values_that_are_no_finite_vectors_are_refused(values):
    with pytest.raises(MediaError):
        Features(values)


def test_a_sample_is_known_by_the_values_of_its_features():
    def key(value):
        return media_key(Sample("a", {"audio": Features(np.full(3, value, np.float32))}))

    assert key(1.0) == key(1.0) != key(2.0)
