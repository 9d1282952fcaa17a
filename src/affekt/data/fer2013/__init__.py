"""FER2013: grey faces of 48 x 48 pixels, seven classes, and the votes of FER+."""

from affekt.data.fer2013.corpus import DATASET as DATASET
