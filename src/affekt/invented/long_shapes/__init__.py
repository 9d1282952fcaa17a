"""Long shapes: generated untrimmed videos for temporal localization, without recordings of people."""

from affekt.invented.long_shapes.corpus import DATASET as DATASET
