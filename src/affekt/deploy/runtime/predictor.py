"""A predictor: media in, predictions out. Numpy only; who computes the network is not its business."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from affekt.core.answering import WholeNetwork, answer, cell_logits, mean_logits, prepare, rows_at_once
from affekt.core.dataset import Task
from affekt.core.errors import AffektError, UsageError
from affekt.core.labels import LabelSet
from affekt.core.notes import collect_notes
from affekt.core.prediction import Moment, Prediction, Provenance
from affekt.core.sample import Localized, Localizing, Preprocess, Sample, Skipped, Timed
from affekt.core.segment import Segment
from affekt.deploy.runtime.inputs import StatedSkeleton, as_samples, notes_of
from affekt.deploy.runtime.sources import Source, inputs_of, is_one, taken
from affekt.metrics.calibration import sigmoid, softmax
from affekt.metrics.multi_label import THRESHOLD

if TYPE_CHECKING:  # an engine is loaded with the first bundle, not before
    from affekt.deploy.backends.network import Backend, Precision


@dataclass(frozen=True)
class Predictor:
    """A network with all it needs to answer: preprocessing, labels, calibration.

    Attributes:
        network: Batch of the spec's inputs to logits (b, k), and to what else it tells.
        modality: What it takes, such as `image` or `video+audio`.
        temperature: What logits are divided by; 1 where nothing was calibrated.
        segment_bar: Score from which found segments are told; None tells all.
        thresholds: Of several labels: score by class from which it is present; 0.5 for one that is absent.
        document: Manifest of the bundle or checkpoint behind it.
        backend: What computes the network, and in which precision, such as `openvino bf16`.
        path: The bundle, run folder or checkpoint that it was loaded from; None where it was made in memory.

    It can be pickled and copied. In a worker process the network is read from `path` again where it is first
    used, and refused if the path holds another one by then. Several threads may use it at once.

    Example:
        >>> predictor = Predictor.open("walks.affekt")  # doctest: +SKIP
        >>> predictor("walk.npz").label  # doctest: +SKIP
        'happy'
    """

    preprocess: Preprocess
    network: WholeNetwork
    labels: LabelSet
    task: Task
    modality: str
    temperature: float
    provenance: Provenance
    document: Mapping[str, Any]
    backend: str = "pytorch f32"
    segment_bar: float | None = None
    thresholds: Mapping[str, float] = field(default_factory=dict)
    path: Path | None = None

    def __repr__(self) -> str:
        takes = f"{self.modality} → {len(self.labels)} labels"
        return f"Predictor({self.provenance.method}, {takes}, {self.backend}, {self.path or 'in memory'})"

    @classmethod
    def open(
        cls,
        bundle: Path | str,
        *,
        backend: Backend = "auto",
        precision: Precision = "f32",
        threads: int | None = None,
        expected: int | None = None,
    ) -> Predictor:
        """A predictor from a bundle, without torch.

        Args:
            backend: `onnxruntime`; `openvino`, if installed; or `auto`, the one that is faster here and now.
            precision: `bf16` is faster where the processor has it, less exact, and OpenVINO's alone.
            threads: Processor cores a single answer may use; all if not given.
            expected: How many inputs will come, if known: for a few, `auto` does not try OpenVINO.

        Raises:
            FolderError: The bundle is incomplete, altered, or none.
            UsageError: The backend is not installed, or does not compute in that precision.
        """
        from affekt.deploy.runtime.bundle import open_bundle

        parts = open_bundle(
            Path(bundle), backend=backend, precision=precision, threads=threads, expected=expected
        )
        return cls(**parts._asdict())

    def __call__(self, source: Source) -> Prediction:
        """The answer to one input: a path, a sample, or decoded media.

        Args:
            source: As one input of `predict`. A folder or an archive that holds one item stands for it.

        Raises:
            UsageError: It is no input of this network, or several (use `predict`).
            AffektError: The input is broken, or holds several items (use `predict`).
        """
        if not is_one(source):
            raise UsageError(
                f"one input is expected, found a {type(source).__name__}: use predict, which answers several"
            )
        items = as_samples([taken(source, self.modality)], self.modality)
        found = list(islice(items, 2))
        if len(found) > 1:
            count = len(found) + sum(1 for _ in items)
            raise AffektError(f"{source} holds {count} items: use predict, which answers each")
        (only,) = self._answers(found)
        if isinstance(only, Skipped):
            raise AffektError(str(only))
        return only

    def predict(
        self,
        sources: Source | Iterable[Source],
        *,
        batch_size: int | None = None,
        joints: tuple[str, ...] | None = None,
        up: str | None = None,
        rate_hz: float | None = None,
        on_cells: Callable[[int, int], None] = lambda done, total: None,
    ) -> Iterator[Prediction | Skipped]:
        """Answers in the order of the inputs, as they come; a broken item is skipped with its reason.

        Args:
            sources: One input, or several as a list, tuple, set, generator or column of a table. An input is
                a path (a folder stands for all files of the modality below it, a file of several walks for
                each of them), a `Sample`, or decoded media: a `Skeleton`, `VideoFrames` or `Waveform`; for
                networks that take pictures also a picture of Pillow, the bytes of a picture file, an open
                binary file, or an array or tensor. An array is (h, w), (h, w, 1), (h, w, 3) in RGB or
                (h, w, 4), or the same with channels first; uint8, or another type whose range is found as
                `affekt.media.image.values` says. An array of four axes is several pictures.
            batch_size: Inputs at once; as many as fit into modest memory if not given.
            joints: Joint order of skeleton files that do not state one.
            up: Axis that points up in skeleton files that do not state it: x, -x, y, -y, z or -z.
            rate_hz: Frames a second of skeleton files that do not state it.
            on_cells: Of long media: called with how many of how many cells of one are done.

        Raises:
            UsageError: At once, before anything is computed: `sources` is no input of this network, its path
                does not exist, or none of the inputs of a list can be used.
        """
        inputs = inputs_of(sources, self.modality)
        return self._answers(
            as_samples(inputs, self.modality, skeletons=StatedSkeleton(joints, up, rate_hz)),
            batch_size=batch_size,
            on_cells=on_cells,
        )

    def localize(
        self, sample: Sample, *, on_cells: Callable[[int, int], None] = lambda done, total: None
    ) -> Localized:
        """All that a localization network says of a sample, whatever the bar.

        Raises:
            MediaError: The sample cannot be read.
        """
        assert isinstance(self.preprocess, Localizing), "this network does not look for segments"
        logits = cell_logits(sample, self.preprocess, self.network, on_cells=on_cells)
        return self.preprocess.localize(sample, logits)

    def logits(self, samples: list[Sample]) -> tuple[np.ndarray, list[Sample], list[Skipped]]:
        """Logits (n, k) of the usable samples, these samples, and the others with their reasons."""
        return answer(samples, self.preprocess, self.network, self.task)

    def probability(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated probabilities (n, k)."""
        scaled = logits.astype(float) / self.temperature
        return softmax(scaled) if self.task == "single_label" else sigmoid(scaled)

    def limits(self) -> np.ndarray:
        """Threshold (k,) of each class, where several may be present."""
        return np.array([self.thresholds.get(name, THRESHOLD) for name in self.labels.names])

    def decided(self, probability: np.ndarray) -> tuple[str, ...]:
        """Labels whose probability (k,) reaches their threshold, the likeliest first; `multi_label` only."""
        if self.task != "multi_label":
            return ()
        chosen = np.flatnonzero(probability >= self.limits())
        return tuple(self.labels.names[k] for k in sorted(chosen, key=lambda k: -probability[k]))

    def _answers(
        self,
        samples: Iterable[Sample | Skipped],
        *,
        batch_size: int | None = None,
        on_cells: Callable[[int, int], None] = lambda done, total: None,
    ) -> Iterator[Prediction | Skipped]:
        if isinstance(self.preprocess, Localizing):
            for item in samples:
                yield item if isinstance(item, Skipped) else self._localized(item, self.preprocess, on_cells)
            return
        batch_size = batch_size or rows_at_once(self.preprocess.spec, many=32)
        items: list[Sample | Skipped] = []
        for item in samples:
            items.append(item)
            if len(items) == batch_size:
                yield from self._answer(items)
                items = []
        if items:
            yield from self._answer(items)

    def _answer(self, items: list[Sample | Skipped]) -> Iterator[Prediction | Skipped]:
        samples = [item for item in items if isinstance(item, Sample)]
        batch, counts, usable, skipped, notes = prepare(samples, self.preprocess)
        answers: Iterator[Prediction] = iter(())
        if usable:
            outputs = self.network.outputs(batch)
            probability = self.probability(mean_logits(outputs["logits"], counts, self.task))
            first = (np.cumsum(counts) - counts).tolist()
            answers = (
                self._prediction(
                    sample, probability[row], self._moments(sample, outputs, first[row]), notes[row]
                )
                for row, sample in enumerate(usable)
            )
        good, bad = iter(usable), iter(skipped)
        expected = next(good, None)
        # By place, not by id: two inputs may share a name and still be two.
        for item in items:
            if isinstance(item, Skipped):
                yield item
            elif item is expected:
                yield next(answers)
                expected = next(good, None)
            else:
                yield next(bad)

    def _localized(
        self, sample: Sample, preprocess: Localizing, on_cells: Callable[[int, int], None]
    ) -> Prediction | Skipped:
        try:
            with collect_notes() as notes:
                found = self.localize(sample, on_cells=on_cells)
        except AffektError as error:
            return Skipped(sample.id, str(error))
        moments = tuple(
            Moment(float(start), float(end), float(foreground), self._named(scores))
            for (start, end), foreground, scores in zip(
                found.cells_s, found.foreground, found.curves, strict=True
            )
        )
        segments = tuple(
            Segment(float(start), float(end), self.labels.names[label], float(score))
            for (start, end), label, score in sorted(
                zip(found.spans_s, found.labels.tolist(), found.scores.tolist(), strict=True),
                key=lambda one: -one[2],
            )
            if self.segment_bar is None or score >= self.segment_bar
        )
        return replace(self._prediction(sample, found.video, moments, tuple(notes)), segments=segments)

    def _moments(self, sample: Sample, outputs: Mapping[str, np.ndarray], row: int) -> tuple[Moment, ...]:
        """When it shows, by the sample's first view."""
        if not isinstance(self.preprocess, Timed):
            return ()
        spans_s, weights = self.preprocess.moments(sample)
        attention = weights @ outputs["attention"][row].astype(float)
        scores = self.probability(weights @ outputs["segment_logits"][row].astype(float))
        return tuple(
            Moment(float(start), float(end), float(weight), self._named(probability))
            for (start, end), weight, probability in zip(spans_s, attention, scores, strict=True)
        )

    def _named(self, probability: np.ndarray) -> dict[str, float]:
        return {name: float(value) for name, value in zip(self.labels.names, probability, strict=True)}

    def _prediction(
        self, sample: Sample, probability: np.ndarray, moments: tuple[Moment, ...], notes: tuple[str, ...]
    ) -> Prediction:
        best = int(probability.argmax())
        found = [name for name in self.preprocess.spec.modalities if name in sample.media]
        return Prediction(
            id=sample.id,
            label=self.labels.names[best],
            scores=self._named(probability),
            confidence=float(probability[best]),
            modality="+".join(found) or self.modality,
            provenance=self.provenance,
            span_s=(moments[0].start_s, moments[-1].end_s) if moments else sample.span_s,
            moments=moments,
            notes=tuple(dict.fromkeys((*notes_of(sample), *notes))),
            labels=self.decided(probability),
        )
