"""The network: encoders of text, sound and picture, a fusion, and a classifier."""

from affekt.encoders.multimodal.network import MultimodalNetwork


class MDN(MultimodalNetwork):
    """Emotion or sentiment of an utterance from any subset of its modalities."""
