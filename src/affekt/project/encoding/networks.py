"""Frozen networks as encoders: of text, of pictures one by one, of whole sounds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch

from affekt.core.errors import UsageError
from affekt.core.files.fingerprint import fingerprint
from affekt.core.sample import Sample
from affekt.encoders.media import media_reader, resolved_media
from affekt.encoders.media_network import make_media_encoder
from affekt.encoders.picture.read import prepared
from affekt.encoders.picture.settings import PictureEncoderSettings
from affekt.encoders.settings import EncoderSettings
from affekt.encoders.sound.settings import SoundEncoderSettings
from affekt.encoders.source import resolved
from affekt.encoders.text import TextEncoder
from affekt.encoders.trained.settings import TrainedEncoderSettings
from affekt.encoders.width import vector_width
from affekt.encoders.words import WordsInput
from affekt.media.text.context import ContextSettings
from affekt.project.settings.encoding import PretrainedEncoding, TextEncoding, TrainedEncoding

BATCH = 32


class TextNetwork:
    """Lines by a pretrained encoder of text; an empty line is the zero vector."""

    def __init__(self, chosen: TextEncoding) -> None:
        settings = EncoderSettings(
            source=chosen.source, mode="frozen", pooling=chosen.pooling, layers=chosen.layers
        )
        self._settings = resolved(settings)
        self._tokens = chosen.tokens
        self.name = chosen.source
        self.width = vector_width(self._settings)
        self.key = fingerprint("text", self._settings.model_dump(mode="json"), chosen.tokens)

    @cached_property
    def _network(self) -> TextEncoder:
        network = TextEncoder(self._settings)
        network.load_pretrained()
        return network.eval()

    @cached_property
    def _words(self) -> WordsInput:
        context = ContextSettings(turns=0, tokens=self._tokens)
        empty = WordsInput(self._settings, context)
        return WordsInput(self._settings, context, assets=empty.fit_assets([]))

    def __call__(self, inputs: Sequence[str]) -> np.ndarray:
        """Vectors of lines."""
        found = np.zeros((len(inputs), self.width), np.float32)
        # A subtitle is shown for several seconds: each line is computed once.
        lines = list(dict.fromkeys(line for line in inputs if line.strip()))
        vectors = {line: self._vector(line) for line in lines}
        for number, line in enumerate(inputs):
            if line in vectors:
                found[number] = vectors[line]
        return found

    def _vector(self, line: str) -> np.ndarray:
        arrays = self._words(Sample(line[:40], {"text": line}))
        ids, own = (torch.from_numpy(arrays[name])[None] for name in ("text", "own"))
        with torch.inference_mode():
            return self._network(ids, own > 0)[0].numpy()


class MediaNetwork:
    """Pictures or sounds by a pretrained network, or by one that affekt trained."""

    def __init__(
        self, chosen: PretrainedEncoding | TrainedEncoding, modality: Literal["audio", "video"]
    ) -> None:
        self._modality: Literal["audio", "video"] = modality
        self._settings: Any = resolved_media(_settings(chosen, modality), modality)
        if isinstance(self._settings, PictureEncoderSettings) and self._settings.reads_video:
            raise UsageError(f"{chosen.source} reads videos: frames are encoded by networks of one picture")
        self._read = media_reader(self._settings, modality)
        self.name = chosen.source
        self.width = int(self._settings.width)
        self.key = fingerprint("media", modality, self._settings.model_dump(mode="json"))

    @cached_property
    def _network(self) -> Any:
        network = make_media_encoder(self._settings)
        network.load_pretrained()
        return network.eval()

    def __call__(self, inputs: Sequence[Any]) -> np.ndarray:
        """Vectors of pictures (h, w, 3) uint8, or of files with sound."""
        key = "image" if self._modality == "video" else "audio"
        samples = [Sample(str(number), {key: one}) for number, one in enumerate(inputs)]
        # Sounds differ in length, pictures do not.
        size = BATCH if self._modality == "video" else 1
        batches = [samples[start : start + size] for start in range(0, len(samples), size)]
        return np.concatenate([self._batch(batch) for batch in batches])

    def _batch(self, samples: Sequence[Sample]) -> np.ndarray:
        arrays = [self._arrays(sample) for sample in samples]
        given = []
        for spec in self._read.specs:
            values = torch.from_numpy(np.stack([one[spec.name] for one in arrays]))
            given.append(values > 0 if spec.name.endswith("_real") else values)
        with torch.inference_mode():
            return self._network(*given).numpy()

    def _arrays(self, sample: Sample) -> dict[str, np.ndarray]:
        if self._modality == "video" and isinstance(self._settings, PictureEncoderSettings):
            return {"video": prepared(sample.media["image"], self._settings.input)[None]}
        return self._read(sample)


def _settings(chosen: PretrainedEncoding | TrainedEncoding, modality: str) -> Any:
    if isinstance(chosen, TrainedEncoding):
        return TrainedEncoderSettings(kind="trained", source=chosen.source, frames=1)
    values = {"source": chosen.source, "mode": "frozen", "pooling": chosen.pooling, "layers": chosen.layers}
    if modality == "audio":
        return SoundEncoderSettings.model_validate(values)
    return PictureEncoderSettings.model_validate({**values, "frames": 1})
