"""Verbs that are killed at random moments and called again end as those that were not, byte for byte.

A warm process forks for each command (the fixture `warm`), so that none waits for imports. Half of the kills
come before a change of the disk that is drawn from all of its changes, half after a drawn share of its time;
both are seeded. `AFFEKT_KILLS=20` asks for as many kills of each verb.
"""

import json
import os
import random
import shutil
import signal
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch

from affekt.core.files.sealed import read_sealed, write_sealed
from affekt.core.files.whole import LOCK, is_partial
from affekt.testing.encoders import save_tiny_encoder

pytestmark = pytest.mark.xdist_group("warm")

KILLS = int(os.environ.get("AFFEKT_KILLS", "2"))
AT_ONCE = 2  # kills before a command is let to its end
RUN = "run"
TWO_DAYS_S = 48 * 3600.0
# What states times: logs, and the record of evaluations, whose lines are counted.
TIMED = ("log.txt", "events.out.tfevents", "record.jsonl")
FACES = """
method = "compact_face"
data = {name = "drawn_faces", options = {people = 12, faces_per_emotion = 1, size = 24}}
config = {size = 24, width = 4, units = 1}
optimizer = {name = "adamw", lr = 3e-3}
train = {epochs = 3, batch_size = 16, threads = 1}
"""
WORDS = """
method = "spcl"
data = {name = "dialogues"}
optimizer = {name = "adamw", lr = 1e-3}
train = {epochs = 1, batch_size = 8, threads = 1, cached_views = 1}
[config]
num_classes = 3
context = {tokens = 40, turns = 2}
projection = true
projection_width = 6
[config.encoders.T]
source = "SOURCE"
mode = "frozen"
[config.losses.contrast]
kind = "spcl"
pool_size = 8
support = 4
"""


@dataclass(frozen=True)
class Verb:
    """How a verb is called in a folder, and what it may do.

    Attributes:
        arguments: Paths of inputs are absolute, those of outputs are below the working folder.
        output: What it writes, below the working folder.
        again: What is added after a kill.
        given: Makes what the working folder holds before the call.
        is_whole: The output is an old or a new folder, never some files of each.
    """

    arguments: tuple
    output: str
    again: tuple[str, ...] = ()
    given: Callable[[Path], None] = lambda folder: None
    is_whole: bool = True


def content(folder: Path) -> dict[str, bytes | str]:
    """All files and links below a folder; neither what states times, nor what was not finished."""
    found: dict[str, bytes | str] = {}
    for above, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if not is_partial(Path(name))]
        for path in (Path(above, name) for name in (*files, *folders)):
            if is_partial(path) or path.name.startswith(TIMED) or (path.is_dir() and not path.is_symlink()):
                continue
            name = path.relative_to(folder).as_posix()
            found[name] = f"to {path.readlink()}" if path.is_symlink() else path.read_bytes()
    return found


def left_over(folder: Path) -> list[Path]:
    """What was not finished, apart from locks."""
    return [path for path in folder.rglob("*") if is_partial(path) and path.name != LOCK]


@pytest.fixture(scope="module")
def face_runs(warm, tmp_path_factory):
    """A folder with a run, whose path below it is always the same."""
    folder = tmp_path_factory.mktemp("faces")
    (folder / "recipe.toml").write_text(FACES)
    done = warm(["train", "recipe.toml", "--runs", RUN], folder)
    assert done["ended"] == 0, Path(f"{folder}.log").read_text()
    return folder, done


@pytest.fixture(scope="module")
def place(face_runs, talks, clip_files, tmp_path_factory):
    """Inputs of all verbs."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "words.toml").write_text(WORDS.replace("SOURCE", str(save_tiny_encoder(folder / "encoder"))))
    for number, clip in enumerate(sorted(clip_files.iterdir())):
        label = folder / "clips" / ("happy", "sad")[number % 2]
        label.mkdir(parents=True, exist_ok=True)
        shutil.copy(clip, label)
    from affekt.methods.poster_v2.config import PosterV2Config
    from affekt.methods.poster_v2.model import PosterV2
    from affekt.methods.poster_v2.weights import WEIGHTS

    small = {"size": 32, "width": 8, "image_units": (1, 1, 1), "landmark_units": (1, 1, 1), "token_blocks": 1}
    torch.manual_seed(0)
    state = PosterV2(PosterV2Config(**small)).state_dict()
    names = WEIGHTS.to_theirs(state)
    torch.save({names[key]: value for key, value in state.items()}, folder / "theirs.pth")
    return folder


@pytest.fixture(scope="module")
def verbs(place, face_runs, talks):
    run = next((face_runs[0] / RUN).rglob("recipe.toml")).parent.relative_to(face_runs[0])

    def recipe(folder: Path) -> None:
        shutil.copy(face_runs[0] / "recipe.toml", folder)

    def trained(folder: Path) -> None:
        shutil.copytree(face_runs[0] / RUN, folder / RUN, symlinks=True)

    words, store = place / "words.toml", ("--data-root", place / "clips", "--output", "store", "--workers", 0)
    return {
        "train": Verb(("train", "recipe.toml", "--runs", RUN), RUN, again=("--resume",), given=recipe),
        "prepare": Verb(("data", "prepare", "clips", *store), "store"),
        "cache": Verb(("data", "cache", words, "--data-root", talks, "--cache", "cache"), "cache"),
        "export": Verb(("export", run, "--output", "faces.affekt"), "faces.affekt", given=trained),
        "convert": Verb(
            ("convert", "poster_v2", place / "theirs.pth", "--labels", "raf-7", "--output", "ours"), "ours"
        ),
        "evaluate": Verb(
            ("evaluate", run, "--output", "scores"), "scores", given=trained, is_whole=False
        ),
    }  # fmt: skip


def make_older(output: Path, undisturbed: Path) -> None:
    """An earlier result of the same call that differs from the new one in every file, or in its manifest."""
    shutil.copytree(undisturbed, output)
    if (output / "affekt.json").is_file():
        sealed = read_sealed(undisturbed, kind=json.loads((output / "affekt.json").read_text())["kind"])
        with write_sealed(output, {**sealed.document, "older": True}) as work:
            for name in sealed.files:
                (work / name).parent.mkdir(exist_ok=True, parents=True)
                (work / name).write_bytes(sealed.read(name))
    else:
        for file in output.rglob("*"):
            file.write_bytes(file.read_bytes() + b"older")


@pytest.mark.parametrize("name", ["train", "prepare", "cache", "export", "convert", "evaluate"])
def test_a_verb_that_was_killed_ends_as_one_that_was_not(name, verbs, warm, face_runs, tmp_path):
    verb: Verb = verbs[name]
    straight = tmp_path / "straight"
    straight.mkdir()
    if name == "train":
        straight, done = face_runs
    else:
        verb.given(straight)
        done = warm(verb.arguments, straight)
        assert done["ended"] == 0, Path(f"{straight}.log").read_text()
    wanted = content(straight / verb.output)
    assert wanted and done["changes"]
    rng = random.Random(f"{name} {KILLS}")
    replaces = name in ("export", "convert", "evaluate")
    killed = 0
    for number in range(0, KILLS, AT_ONCE):
        folder = tmp_path / f"killed{number}"
        folder.mkdir()
        verb.given(folder)
        if replaces:
            make_older(folder / verb.output, straight / verb.output)
        older = content(folder / verb.output)
        for turn in range(AT_ONCE):
            kill = (
                {"change": rng.randint(1, done["changes"])}
                if turn % 2 == 0
                else {"after_s": rng.uniform(0.1, 0.95) * done["seconds"]}
            )
            ended = warm((*verb.arguments, *(verb.again if turn else ())), folder, **kill)["ended"]
            assert ended in (0, -signal.SIGKILL), f"{kill}\n{Path(f'{folder}.log').read_text()}"
            killed += ended != 0
            if replaces:
                found = content(folder / verb.output)
                if verb.is_whole:
                    assert found in (older, wanted), kill
                assert found.keys() == older.keys()
                assert [one for one in found if found[one] not in (older[one], wanted[one])] == [], kill
        for path in left_over(folder):
            os.utime(path, (0, path.lstat().st_mtime - TWO_DAYS_S), follow_symlinks=False)
        ended = warm((*verb.arguments, *verb.again), folder)["ended"]
        assert ended == 0, Path(f"{folder}.log").read_text()
        found = content(folder / verb.output)
        assert sorted(found) == sorted(wanted)
        assert [one for one in wanted if found[one] != wanted[one]] == []
        assert left_over(folder) == []
        for record in folder.rglob("record.jsonl"):
            assert [json.loads(line)["command"] for line in record.read_text().splitlines()]
        shutil.rmtree(folder)
    assert killed, "no call was killed before its end"
