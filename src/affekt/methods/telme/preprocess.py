"""Words, sound and picture to what encoders read, shipped features to vectors, and which are there."""

from affekt.encoders.multimodal.preprocess import MultimodalPreprocess


class TelMEPreprocess(MultimodalPreprocess):
    """Samples with the modalities of the stage."""
