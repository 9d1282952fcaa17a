"""Words, sound and picture to what encoders read, shipped features to vectors, and which are there."""

from affekt.encoders.multimodal.preprocess import MultimodalPreprocess


class MDNPreprocess(MultimodalPreprocess):
    """Samples with any subset of `text`, `audio` and `video`."""
