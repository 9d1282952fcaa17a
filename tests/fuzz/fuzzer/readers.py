"""The readers of affekt: how each reads a file, down to an answer where it gives one."""

import os
from collections.abc import Callable
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from fuzzer.reader import Reader


def given() -> Path:
    """The folder of what was made once: a run and its bundle."""
    return Path(os.environ["FUZZ_GIVEN"])


PICTURE = np.random.default_rng(0).integers(0, 255, (48, 48, 3)).astype(np.uint8)


def _answers(path: Path, source: Any, backend: Any) -> Any:
    import affekt

    return [_answer(one) for one in affekt.load(path, backend=backend, threads=1).predict([source])]


def _answer(one: Any) -> Any:
    from affekt.core.errors import MediaError

    if hasattr(one, "reason"):  # what was skipped
        raise MediaError(one.reason)
    return one.to_dict()


def _faces(path: Path) -> Any:
    return _answers(path, PICTURE, "onnxruntime")


def _faces_openvino(path: Path) -> Any:
    return _answers(path, PICTURE, "openvino")


def _words(path: Path) -> Any:
    from affekt.media.text import Text

    return _answers(path, Text("I am so happy."), "onnxruntime")


@cache
def _walker() -> Any:
    import affekt

    return affekt.load(given() / "walks.affekt", backend="onnxruntime", threads=1)


def _walk(path: Path) -> Any:
    return [_answer(one) for one in _walker().predict([path])]


def _run(path: Path) -> Any:
    import affekt
    from affekt.engine.runs.run import open_run
    from affekt.engine.runs.summaries import list_runs
    from affekt.engine.weights.checkpoint import read_checkpoint

    list(list_runs(path.parent))
    run = open_run(path)
    facts = [run.recipe, run.result, run.temperature, run.epochs_done, run.identity, run.metrics()]
    read_checkpoint(run.last)
    return facts[2:4], [_answer(one) for one in affekt.load(path).predict([given() / "walk.npz"])]


def _recipe(path: Path) -> Any:
    from affekt.core.recipe import Recipe

    return Recipe.load([path]).digest()


def _plan(path: Path) -> Any:
    from affekt.studies.plans.check import check_plan
    from affekt.studies.plans.plan import read_plan
    from affekt.studies.plans.roots import Roots

    plan, problems = read_plan(path / "plan.toml")
    if plan is not None:
        check_plan(plan, path, Roots(), source=str(path), problems=problems)


def _project(path: Path) -> Any:
    from affekt.project.settings.project import read_settings

    read_settings(path)


def _weights(path: Path) -> Any:
    from affekt.engine.weights.foreign import read_foreign

    read_foreign(path)


def _picture(path: Path) -> Any:
    from affekt.media.image import read_image

    return read_image(path)


def _sound(path: Path) -> Any:
    from affekt.media.sound import read_sound, sound_blocks, sound_duration_s

    sound_duration_s(path)
    list(islice(sound_blocks(path, seconds=1.0, rate_hz=16000), 20))
    return read_sound(path, rate_hz=16000, stop_s=2.0).samples


def _video(path: Path) -> Any:
    from affekt.media.video import open_video

    video = open_video(path)
    video.read([0, len(video) - 1], height=32)


def _lines(path: Path) -> Any:
    from affekt.media.text.read import read_lines

    return [getattr(one, "span_s", None) for one in read_lines(path)]


def _manifest(path: Path) -> Any:
    from affekt.data.layouts.manifest import read_manifest

    read_manifest(path)


def _dataset(name: str, **options: Any) -> Callable[[Path], Any]:
    def read(path: Path) -> Any:
        from affekt.data.open import open_dataset

        corpus = open_dataset(name, path, options)
        return [sample.span_s for sample in corpus.samples if getattr(sample, "span_s", None)]

    return read


def _release(path: Path) -> Any:
    from affekt.data.open import open_dataset

    corpus = open_dataset("release", path)
    return [[sample.media[name].values for name in sample.media] for sample in corpus.samples]


def _store(path: Path) -> Any:
    from affekt.data.store.index import read_index, samples_of

    index = read_index(path)
    samples_of(path, index)


def _detector(path: Path) -> Any:
    from affekt.media.detection.onnx_file import OnnxDetector

    return OnnxDetector(path, threads=1).detect(PICTURE)


def _encoder(path: Path) -> Any:
    from affekt.encoders.settings import EncoderSettings
    from affekt.encoders.source import resolved
    from affekt.encoders.text import TextEncoder
    from affekt.media.text.tokens import Tokenizer

    settings = resolved(EncoderSettings(source=str(path)))
    Tokenizer((path / "tokenizer.json").read_bytes(), settings.tokens).ids("I am so happy.")
    TextEncoder(settings).load_pretrained()


def _features(path: Path) -> Any:
    from affekt.data.multimodal.mmsa_files import convert

    convert(path, path.with_name("folder"))


def _vectors(path: Path) -> Any:
    from affekt.project.ratings.agreement.suspects import read_vectors

    read_vectors(path)


def _load_walker() -> Any:
    _walk(given() / "walk.npz")


def _load_torch() -> Any:
    import torch

    from affekt.engine.create import create

    return torch, create


def _load_encoders() -> Any:
    import transformers

    from affekt.encoders.text import TextEncoder

    return transformers.BertModel, TextEncoder


READERS: dict[str, Reader] = {
    "bundle folder": Reader(_faces),
    "bundle zip": Reader(_faces),
    "bundle of words": Reader(_words),
    "graph, ONNX Runtime": Reader(_faces),
    "graph, OpenVINO": Reader(_faces_openvino),
    "run folder": Reader(_run, _load_torch),
    "recipe": Reader(_recipe),
    "plan": Reader(_plan),
    "project": Reader(_project),
    "weights": Reader(_weights, _load_torch),
    "walk npz": Reader(_walk, _load_walker),
    "walk text": Reader(_walk, _load_walker),
    "picture": Reader(_picture),
    "sound": Reader(_sound),
    "video": Reader(_video),
    "subtitles and lines": Reader(_lines),
    "manifest": Reader(_manifest),
    "dialogue table": Reader(_dataset("dialogues")),
    "class folders": Reader(_dataset("images")),
    "arrays of BPM-GCN": Reader(_dataset("bpm_gcn_arrays")),
    "release": Reader(_release),
    "prepared store": Reader(_store),
    "detector": Reader(_detector),
    "encoder folder": Reader(_encoder, _load_encoders),
    "features of MMSA": Reader(_features),
    "vectors": Reader(_vectors),
}
