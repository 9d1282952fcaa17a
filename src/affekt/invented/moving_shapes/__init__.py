"""Moving shapes: an invented corpus of short clips with sound, for trying video without a film of anybody."""

from affekt.invented.moving_shapes.corpus import DATASET as DATASET
