"""Long shapes: generated untrimmed videos, to try temporal localization without a film of a person."""

from affekt.invented.long_shapes.corpus import DATASET as DATASET
