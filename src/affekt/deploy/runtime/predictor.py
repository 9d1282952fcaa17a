"""A predictor: from media to predictions. It needs numpy only, with any engine for the network."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affekt.core import catalog
from affekt.core.answers.calibration import Calibration
from affekt.core.answers.networks import WholeNetwork
from affekt.core.answers.prediction import Prediction, Provenance
from affekt.core.claims.invented import NOTE, is_invented
from affekt.core.dialogues import link_dialogues
from affekt.core.errors import AffektError, UsageError
from affekt.core.labels import LabelSet
from affekt.core.sample import Preprocess, Sample, Skipped
from affekt.core.task import OnItem, Task, quiet
from affekt.core.wording import counted
from affekt.deploy.runtime.clip_words import word_sources
from affekt.deploy.runtime.conversations import earlier_turns_of
from affekt.deploy.runtime.faces import OpenDetector, with_faces
from affekt.deploy.runtime.input_types import PredictInput, checked_input, inputs_of, is_one
from affekt.deploy.runtime.samples import NOTHING_STATED, StatedSkeleton, as_samples

if TYPE_CHECKING:  # an engine is loaded with the first bundle, not before
    from affekt.deploy.backends.names import Backend, Precision
    from affekt.media.detection import Detector
    from affekt.media.speech import Recognizer


@dataclass(frozen=True)
class Predictor:
    """A network with all it needs to answer: preprocessing, labels, calibration.

    Attributes:
        network: Batch of the spec's inputs to logits and further outputs.
        task: What an answer is; it turns outputs into predictions.
        modality: What it takes, such as `image` or `video+audio`.
        calibration: Values that were fitted on validation samples.
        document: Manifest of the bundle or checkpoint behind it.
        backend: Engine and precision of the network, such as `openvino bf16`.
        path: The bundle, run folder or checkpoint that it was loaded from; None if it was made in memory.

    It can be pickled and copied. In a worker process the network is read from `path` again at the first
    use, and refused if the path holds another one by then. Several threads may use it at the same time.

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
    calibration: Calibration
    provenance: Provenance
    document: Mapping[str, Any]
    backend: str = "pytorch f32"
    path: Path | None = None

    def __repr__(self) -> str:
        takes = f"{self.modality} → {counted(len(self.labels), 'label')}"
        return f"Predictor({self.provenance.method}, {takes}, {self.backend}, {self.path or 'in memory'})"

    @property
    def decision(self) -> str:
        """What of the network answers, such as `prototype` or `classifier`; empty if it has one answer."""
        config = catalog.method(self.provenance.method).make_config(dict(self.document["config"]))
        return getattr(config, "decision", "")

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
            backend: `onnxruntime`; `openvino`, if installed; `jittor`, if set up; or `auto`, the faster one
                of the first two on this machine.
            precision: `bf16` is faster if the processor has it, less exact, and computed by OpenVINO only.
            threads: Processor cores a single answer may use; all if not given.
            expected: Number of inputs, if known: for a few, `auto` does not try OpenVINO.

        Raises:
            FolderError: The path is not a bundle, or the bundle is incomplete or altered.
            UsageError: The backend is not installed, or does not compute in that precision.
        """
        from affekt.deploy.runtime.bundle import open_bundle

        parts = open_bundle(
            Path(bundle), backend=backend, precision=precision, threads=threads, expected=expected
        )
        return cls(**parts._asdict())

    @property
    def earlier_turns(self) -> int:
        """Turns before a line that preprocessing reads."""
        return earlier_turns_of(self.preprocess)

    def __call__(
        self,
        source: PredictInput,
        *,
        text: str | None = None,
        transcript: Path | str | None = None,
        recognize: bool | Recognizer | None = None,
        faces: str = "auto",
        detector: Detector | OpenDetector | None = None,
    ) -> Prediction:
        """The answer to one input: a path, a sample, words, or decoded media.

        Args:
            source: One input, as in `predict`. A folder or an archive that holds one item stands for it.
            text, transcript: Words of a clip, as in `predict`.
            recognize: As in `predict`; all words that are heard are those of the whole clip.
            faces, detector: As in `predict`.

        Raises:
            UsageError: It is not an input of this network, or is several (use `predict`).
            AffektError: The input is broken, or holds several items (use `predict`), such as faces; or it is
                a photo without a face.
        """
        if not is_one(source):
            raise UsageError(
                f"one input is expected, found a {type(source).__name__}: use predict, which answers several"
            )
        inputs = [checked_input(source, self.modality)]
        words = word_sources(
            self.modality, inputs, text=text, transcript=transcript, recognize=recognize, one_answer=True
        )
        items = with_faces(
            as_samples(inputs, self.modality, earlier_turns=self.earlier_turns, words=words),
            self.preprocess,
            faces=faces,
            detector=detector,
        )
        found = list(islice(items, 2))
        if len(found) > 1:
            count = len(found) + sum(1 for _ in items)
            raise AffektError(f"{source} holds {counted(count, 'item')}: use predict, which answers each")
        (only,) = self.answers(found, batch_size=1)
        if isinstance(only, Skipped):
            raise AffektError(str(only))
        return only

    def predict(
        self,
        sources: PredictInput | Iterable[PredictInput],
        *,
        batch_size: int | None = None,
        joints: tuple[str, ...] | None = None,
        up: str | None = None,
        rate_hz: float | None = None,
        encoding: str | None = None,
        text: str | None = None,
        transcript: Path | str | None = None,
        recognize: bool | Recognizer | None = None,
        faces: str = "auto",
        detector: Detector | OpenDetector | None = None,
        on_cells: OnItem = quiet,
    ) -> Iterator[Prediction | Skipped]:
        """Answers in the order of the inputs, as they are computed; a broken item is skipped with its reason.

        Args:
            sources: One input, or several as a list, tuple, set, generator or column of a table. An input is
                a path (a folder stands for all files of the modality below it, a file of several walks for
                each of them; for networks that take video, a folder of frames is one clip), a `Sample` (in a
                list, turns of one dialogue are linked: see `affekt.core.dialogues`), or decoded media: a
                `Skeleton`, `VideoFrames` or `Waveform`; for
                networks that take pictures also a picture of Pillow, the bytes of a picture file, an open
                binary file, or an array or tensor. An array is (h, w), (h, w, 1), (h, w, 3) in RGB or
                (h, w, 4), or the same with channels first; uint8, or another type whose range is found as
                `affekt.media.image.values` documents. An array of four axes is several pictures.
                For networks that read words, a path is a file of lines (`affekt.media.text.read`): turns of a
                dialogue, each answered with those before it. A str is words, such as "I am so happy", unless
                it names a file that exists, such as "talk.srt"; one that could be both is refused.
                `affekt.media.text.Text(...)` is always words. A conversation is a path, or a list of samples,
                `Sample(id, {"text": words}, dialogue="d", turn=1, speaker="Ann")`: each needs its `turn`, and
                is answered with the turns before it. The strings of a list are independent lines.
                For networks of words with sound or picture, a clip is answered by what it holds, and by its
                subtitles if they lie beside it, line by line; `Sample(id, {"text": words, "audio": path,
                "video": path})` is any subset. A `Prediction` states in `modality` what it is based on, and
                in `notes` where its words come from, if nobody wrote them.
            batch_size: Inputs in one batch. Default: small enough for a few GB of memory. While a batch is
                computed, the next one is decoded; with 1, nothing is read before it is needed.
            joints: Joint order of skeleton files that do not state one.
            up: Axis that points up in skeleton files that do not state it: x, -x, y, -y, z or -z.
            rate_hz: Frames a second of skeleton files that do not state it, and of folders of frames.
            encoding: Of files of lines, such as `big5`; found if not given.
            text: For networks of words with sound or picture: the words of the only clip in `sources`.
            transcript: The same as a file of lines, such as subtitles; with times each line is answered by
                its part of the clip.
            recognize: Whether the words of a clip without any are recognised in its sound, in English; or
                another `affekt.media.speech.Recognizer` that does so. Default: if it is installed
                (`pip install "affekt[asr]"`, `affekt assets get whisper_tiny_en`). A clip of up to 15 s has
                one answer, of a longer one each line.
            faces: For networks of faces: whether pictures are searched for them. `auto`: photos are, and each
                face is answered with its `box` and the id `photo.jpg#face-1`, numbered from left to right;
                pictures of the size of a face crop are answered as they are (`deploy.runtime.faces`).
                `whole`: no picture is searched. `detect`: all are. A picture without a face is skipped.
            detector: What searches, or a function that opens it. Default: CenterFace (`affekt assets get
                centerface`); without it, `auto` skips photos.
            on_cells: For long media: called with the number of cells that are done, and of all.

        Raises:
            UsageError: Raised before anything is computed: `sources` is not an input of this network, a path
                does not exist, none of the inputs of a list can be used, words are stated that belong to no
                clip, speech recognition is asked for and not installed, or faces are asked for of a network
                that takes none.
            MissingAsset: `faces` is `detect`, and the default detector is not on this computer.
            DataError: Two samples of a list are the same turn of a dialogue.
        """
        samples = self.samples(
            sources,
            skeletons=StatedSkeleton(joints, up, rate_hz),
            encoding=encoding,
            text=text,
            transcript=transcript,
            recognize=recognize,
            faces=faces,
            detector=detector,
        )
        return self.answers(samples, batch_size=batch_size, on_cells=on_cells)

    def samples(
        self,
        sources: PredictInput | Iterable[PredictInput],
        *,
        skeletons: StatedSkeleton = NOTHING_STATED,
        encoding: str | None = None,
        text: str | None = None,
        transcript: Path | str | None = None,
        recognize: bool | Recognizer | None = None,
        faces: str = "auto",
        detector: Detector | OpenDetector | None = None,
    ) -> Iterator[Sample | Skipped]:
        """What `predict` answers: a sample for each item of the inputs; arguments and errors are the same."""
        inputs = inputs_of(sources, self.modality)
        words = word_sources(self.modality, inputs, text=text, transcript=transcript, recognize=recognize)
        if isinstance(inputs, Collection) and any(isinstance(item, Sample) for item in inputs):
            inputs = link_dialogues(inputs)
        samples = as_samples(
            inputs,
            self.modality,
            skeletons=skeletons,
            earlier_turns=self.earlier_turns,
            encoding=encoding,
            words=words,
        )
        return with_faces(samples, self.preprocess, faces=faces, detector=detector)

    def answers(
        self,
        samples: Iterable[Sample | Skipped],
        *,
        batch_size: int | None = None,
        on_cells: OnItem = quiet,
    ) -> Iterator[Prediction | Skipped]:
        """Answers to samples as they come, in their order. They are not linked; skipped ones are passed on.

        For streams: `affekt.deploy.runtime.conversations` makes linked samples of lines.
        """
        found = self.task.predict(self, samples, batch_size=batch_size, on_cells=on_cells)
        return (_with_note(answer) for answer in found) if is_invented(self.document) else found


def _with_note(answer: Prediction | Skipped) -> Prediction | Skipped:
    if isinstance(answer, Skipped):
        return answer
    return replace(answer, notes=(*answer.notes, NOTE))
