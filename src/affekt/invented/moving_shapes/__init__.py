"""Moving shapes: a generated corpus of short clips with sound, without recordings of people."""

from affekt.invented.moving_shapes.corpus import DATASET as DATASET
