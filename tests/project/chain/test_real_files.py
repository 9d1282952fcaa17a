"""The chain on files that nobody here made: two videos, and acted speech as items that are sound only."""

import csv
import shutil
from contextlib import contextmanager

from affekt.data.open import open_dataset
from affekt.project.chain.run import run_chain
from affekt.project.folder import Project

SETTINGS = """
labels = ["calm", "happy", "sad", "angry"]
[records]
files = ["../records.csv"]
[media]
folders = ["../media"]
[ratings]
files = ["../ratings.csv"]
[sound]
stem = "mix"
[encoding]
audio = { kind = "log_mel", mels = 40 }
video = { kind = "thumbnail" }
[split]
validation_share = 0.25
test_share = 0.25
[release]
version = "1.0"
"""
EMOTIONS = ("calm", "happy", "sad", "angry")


@contextmanager
def silent(name):
    yield lambda done, total: None


def collect(shared, folder):
    """Media, records and ratings: two raters who agree, and one who is wrong every fifth time."""
    (folder / "media").mkdir()
    with (shared / "data/ravdess_speech/labels.csv").open(newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["class"] in EMOTIONS]
    rows = [row for row in rows if int(row["actor"]) <= 12 and row["statement"] == row["repetition"] == "1"]
    records, ratings = [], []
    for number, row in enumerate(rows):
        source = shared / "data/ravdess_speech" / row["file"]
        shutil.copyfile(source, folder / "media" / source.name)
        records.append((source.stem, row["actor"]))
        ratings += [(source.stem, rater, row["class"]) for rater in ("a", "b")]
        other = EMOTIONS[(EMOTIONS.index(row["class"]) + (number % 5 == 0)) % 4]
        ratings.append((source.stem, "c", other))
    for source in (shared / "data/media_samples").glob("*.mp4"):
        shutil.copyfile(source, folder / "media" / source.name)
        records.append((source.stem, "films"))
    for name, header, table in (
        ("records.csv", ("id", "account"), records),
        ("ratings.csv", ("item", "rater", "label"), ratings),
    ):
        with (folder / name).open("w", newline="") as stream:
            csv.writer(stream).writerows([header, *table])
    return len(rows)


def test_sound_alone_becomes_a_release_and_videos_without_labels_are_left_out(shared, tmp_path):
    count = collect(shared, tmp_path)
    project = Project.init(tmp_path / "speech", labels="plutchik-8")
    (project.path / "project.toml").write_text(SETTINGS)
    lines = list(run_chain(Project.open(project.path), silent))
    assert any(line.startswith("release 1.0") and f"{count} items, 2 left out" in line for line in lines)
    corpus = open_dataset("release", project.path / "releases" / "1.0")
    assert {frozenset(sample.media) for sample in corpus.samples} == {frozenset({"audio"})}
    assert {sample.label for sample in corpus.samples} == set(EMOTIONS)
    with project.database() as connection:
        checked = connection.execute("SELECT count(*) FROM medium_check WHERE kind = 'video'").fetchone()[0]
    assert checked == 2
