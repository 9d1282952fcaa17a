"""Samples to what a trained network reads, by its method's own preprocessing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from affekt.core import catalog
from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Sample
from affekt.core.spec import TensorSpec
from affekt.encoders.picture.read import spread
from affekt.encoders.trained.settings import TrainedEncoderSettings
from affekt.media.video import video_of


class TrainedReader:
    """The input of a trained network as the array `<name>`.

    A network of one picture reads frames of a video, which are the first axis then. Where the input has an
    open axis, such as cells of time, `<name>_real` is 1 for those that are there.

    Args:
        name: Of the input of the network.
        modality: `audio` or `video`.
        optional: Whether a sample may lack the modality.
    """

    def __init__(
        self, settings: TrainedEncoderSettings, *, name: str, modality: str, optional: bool = False
    ) -> None:
        self.settings, self.name, self.modality, self.optional = settings, name, modality, optional
        method = catalog.method(settings.method)
        self._preprocess = method.make_preprocess(method.make_config(settings.config), settings.state)
        self._input = self._preprocess.spec.inputs[0]
        self._by_frame = method.card.modalities == ("image",) or self._input.modality == "image"
        self._is_open = self._input.shape[0] is None

    @property
    def specs(self) -> tuple[TensorSpec, ...]:
        """The array, and which of its positions are real if their number is open."""
        own = self._input
        update = {"name": self.name, "modality": self.modality, "optional": self.optional}
        if self._by_frame:
            update |= {"axes": f"b f {own.axes[2:]}", "shape": (self.settings.frames, *own.shape)}
        if not self._is_open:
            return (own.model_copy(update=update),)
        real = TensorSpec(
            name=f"{self.name}_real",
            axes=" ".join(own.axes.split()[:2]),
            shape=(None,),
            meaning="1 for positions that are there, 0 for padding",
            modality=self.modality,
            padding=0,
            mask=True,
            optional=self.optional,
        )
        return own.model_copy(update={**update, "padding": 0}), real

    def __call__(self, sample: Sample) -> dict[str, np.ndarray]:
        """The arrays of one sample.

        Raises:
            MediaError: It lacks the modality, or cannot be read.
        """
        if self._by_frame:
            return {self.name: np.stack([self._values(one) for one in self._pictures(sample)])}
        values = self._values(sample)
        return {self.name: values} | (
            {f"{self.name}_real": np.ones(len(values), np.float32)} if self._is_open else {}
        )

    def cache_key(self, sample: Sample) -> str:
        """Hash of the media that are read, and of the span."""
        media = {name: one for name, one in sample.media.items() if name != "text"}
        return fingerprint("trained", self.modality, media, sample.span_s, sample.facts.get("rate_hz"))

    def _values(self, sample: Sample) -> np.ndarray:
        return self._preprocess(sample)[self._input.name]

    def _pictures(self, sample: Sample) -> list[Sample]:
        """The picture of a sample, repeated, or frames of its video."""
        if "image" in sample.media and "video" not in sample.media:
            return [sample] * self.settings.frames
        video = video_of(sample)
        frames = video.read(spread(len(video), self.settings.frames))
        return [replace(sample, media={"image": frame}, span_s=None) for frame in frames]
