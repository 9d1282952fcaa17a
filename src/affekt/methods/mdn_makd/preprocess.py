"""Words to token ids, shipped features to standardised vectors, and which of them are there."""

from affekt.encoders.multimodal.preprocess import MultimodalPreprocess


class MDNPreprocess(MultimodalPreprocess):
    """Samples with any subset of `text`, `audio` and `video`."""
