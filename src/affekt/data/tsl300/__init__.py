"""TSL-300: untrimmed videos with negative and positive segments (Zhang and Yang, ACM MM 2022)."""

from affekt.data.tsl300.corpus import DATASET as DATASET
