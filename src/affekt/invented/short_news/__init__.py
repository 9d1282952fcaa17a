"""Short news: generated short videos as features, whose modalities carry known shares of the label."""

from affekt.invented.short_news.corpus import DATASET as DATASET
