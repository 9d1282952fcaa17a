"""Spoken scenes: generated dialogues whose words, voices and faces carry known shares of the label."""

from affekt.invented.spoken_scenes.corpus import DATASET as DATASET
