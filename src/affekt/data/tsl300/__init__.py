"""TSL-300: untrimmed videos, what is negative or positive in them and when (Zhang and Yang, ACM MM 2022)."""

from affekt.data.tsl300.corpus import DATASET as DATASET
