"""Words to token ids, shipped features to standardised vectors, and which of them are there."""

from affekt.encoders.multimodal.preprocess import MultimodalPreprocess


class TelMEPreprocess(MultimodalPreprocess):
    """Samples with the modalities of the stage."""
