"""Preparing clips: the store has the content of the originals, also after a kill."""

import dataclasses
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.catalog import dataset
from affekt.core.dataset import Corpus
from affekt.core.errors import AffektError, ConfigError, DataError, UsageError
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.data.prepare import prepare as module
from affekt.data.prepare.clip import write_video
from affekt.data.prepare.prepare import prepare
from affekt.data.store.index import INDEX, JOURNAL, PrepareSettings, file_stem, read_index, source_digest
from affekt.invented.moving_shapes.corpus import LABELS
from affekt.media.sound import Waveform, read_sound
from affekt.media.video import VideoFrames, open_video
from affekt.media.video.write import write_clip

UNEVEN = np.array([0.0, 0.04, 0.05, 0.3, 1.001, 1.0343667, 9.0])


def moving(times_s, end_s, *, size=(36, 48), seed=0) -> VideoFrames:
    """Pale colours that move."""
    rng = np.random.default_rng(seed)
    spots = rng.integers(40, 180, (4, 12, 1), np.uint8) + rng.integers(0, 40, (4, 12, 3), np.uint8)
    canvas = Image.fromarray(spots).resize((3 * size[1], size[0]))
    pixels = [np.roll(np.asarray(canvas), -step, axis=1)[:, : size[1]] for step in range(len(times_s))]
    return VideoFrames(np.stack(pixels), np.array(times_s, float), float(end_s))


def steady(frames=24, rate_hz=12.0, **values) -> VideoFrames:
    return moving(np.arange(frames) / rate_hz, frames / rate_hz, **values)


def tone(seconds=2.0, rate_hz=16000, pitch=440) -> Waveform:
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    return Waveform(np.float32(0.3) * np.sin(2 * np.pi * pitch * t, dtype=np.float32)[None], rate_hz)


@pytest.fixture
def clips(tmp_path) -> Path:
    """A folder per class with two clips each, of two people."""
    for number, (label, name) in enumerate((a, b) for a in ("happy", "sad") for b in ("anna", "ben")):
        file = tmp_path / "data" / label / f"sub-{name}_{number}.mp4"
        write_clip(file, steady(seed=number), tone(pitch=300 + 100 * number))
    return tmp_path / "data"


def ready(data, store, **values):
    return prepare("clips", store, data_root=data, **{"workers": 0, **values})


# What is stored


@pytest.mark.parametrize("form", ["video", "jpeg"])
@pytest.mark.parametrize("times_s", [np.arange(30) / 30, np.arange(25) * 1001 / 24000, UNEVEN])
def test_frames_keep_their_times_and_colours(tmp_path, form, times_s):
    end_s = 2 * times_s[-1] - times_s[-2]
    source = open_video(moving(times_s, end_s))
    write_video(tmp_path / "a.mp4", source, PrepareSettings(form=form))
    stored = open_video(tmp_path / "a.mp4")
    np.testing.assert_allclose(stored.times_s, times_s, atol=1e-6, rtol=0)
    assert stored.end_s == pytest.approx(end_s, abs=1e-6)
    assert stored.notes == []
    everything = range(len(times_s))
    difference = np.abs(stored.read(everything).astype(int) - source.read(everything))
    assert difference.mean() < 3
    assert np.quantile(difference, 0.99) < 12


def test_usual_rates_keep_their_times_to_the_last_bit(tmp_path):
    for clip in (steady(rate_hz=25.0), steady(rate_hz=24000 / 1001)):
        source = open_video(write_clip(tmp_path / "a.mp4", clip, None))
        write_video(tmp_path / "b.mp4", source, PrepareSettings())
        np.testing.assert_array_equal(open_video(tmp_path / "b.mp4").times_s, source.times_s)


def test_decoding_begins_at_every_twelfth_frame(tmp_path):
    import av

    write_video(tmp_path / "a.mp4", open_video(steady(frames=40)), PrepareSettings())
    with av.open(str(tmp_path / "a.mp4")) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    assert [n for n, packet in enumerate(packets) if packet.is_keyframe] == [0, 12, 24, 36]
    assert [packet.pts for packet in packets] == sorted(packet.pts for packet in packets)


def test_the_same_frames_give_the_same_bytes_whatever_was_in_memory_before(tmp_path):
    """x264 used memory that it had not set; with MALLOC_PERTURB_, glibc fills new memory with a value."""
    code = (
        "import sys, numpy as np\n"
        "from pathlib import Path\n"
        "from affekt.data.prepare.clip import PrepareSettings, write_video\n"
        "from affekt.media.video import VideoFrames, open_video\n"
        "frames = VideoFrames(np.load(sys.argv[1]), np.arange(12) / 12, 1.0)\n"
        "write_video(Path(sys.argv[2]), open_video(frames), PrepareSettings())"
    )
    np.save(tmp_path / "frames.npy", steady(frames=12, size=(240, 320)).pixels)
    for fill in "01":
        call = [sys.executable, "-c", code, tmp_path / "frames.npy", tmp_path / f"{fill}.mp4"]
        subprocess.run(call, check=True, env={**os.environ, "MALLOC_PERTURB_": fill})
    assert (tmp_path / "0.mp4").read_bytes() == (tmp_path / "1.mp4").read_bytes()


def test_large_frames_are_reduced_and_small_ones_keep_their_size(tmp_path):
    for size, stored in (((96, 128), (48, 64)), ((31, 33), (30, 32)), ((48, 37), (48, 36))):
        write_video(tmp_path / "a.mp4", open_video(steady(frames=3, size=size)), PrepareSettings(height=48))
        video = open_video(tmp_path / "a.mp4")
        assert (video.height, video.width) == stored


def test_a_fixed_rate_shows_the_frame_of_each_time(tmp_path):
    source = moving([0.0, 0.1, 0.5, 1.4], 2.0)
    write_video(tmp_path / "a.mp4", open_video(source), PrepareSettings(frame_rate_hz=4.0))
    stored = open_video(tmp_path / "a.mp4")
    np.testing.assert_allclose(stored.times_s, np.arange(8) / 4)
    expected = source.pixels[[0, 1, 2, 2, 2, 2, 3, 3]]
    assert np.abs(stored.read(range(8)).astype(int) - expected).mean() < 4


def test_a_store_is_trained_on_in_place_of_the_data(clips, tmp_path):
    store = ready(clips, tmp_path / "store")
    assert (store.fresh, store.kept, store.broken) == (4, 0, [])
    before, after = (open_dataset("clips", root) for root in (clips, tmp_path / "store"))
    assert after.labels == before.labels
    for one, other in zip(before.samples, after.samples, strict=True):
        assert dataclasses.replace(one, media={}) == dataclasses.replace(other, media={})
        assert {path.parent.name for path in other.media.values()} == {"clips"}
        sound, kept = read_sound(one.media["audio"], rate_hz=44100), read_sound(other.media["audio"])
        assert kept.rate_hz == 44100
        np.testing.assert_allclose(kept.samples, sound.samples.clip(-1, 1), atol=1e-4)
        assert open_video(other.media["video"]).sound_tracks == 0
    assert store.bytes == sum(file.stat().st_size for file in (tmp_path / "store" / "clips").iterdir())


def test_the_span_of_a_sample_is_cut_out(clips, tmp_path, monkeypatch):
    corpus = open_dataset("clips", clips)
    spans = [dataclasses.replace(sample, span_s=(0.5, 1.25)) for sample in corpus.samples]
    monkeypatch.setattr(
        module.catalog, "dataset", lambda name: dataclasses.replace(dataset(name), read=lambda *_: replaced)
    )
    replaced = dataclasses.replace(corpus, samples=spans)
    entry = ready(clips, tmp_path / "store").entries[0]
    store = tmp_path / "store"
    video = open_video(store / entry.files["video"].path)
    np.testing.assert_allclose(video.times_s, np.arange(9) / 12, atol=1e-6)
    assert read_sound(store / entry.files["audio"].path).duration_s == pytest.approx(0.75, abs=1e-4)
    (sample, *_) = open_dataset("clips", store).samples
    assert sample.span_s is None


def test_decoded_media_words_and_sound_alone_are_stored(tmp_path, monkeypatch):
    (tmp_path / "a.srt").write_text("hello")
    samples = [
        Sample(
            "a", {"video": steady(), "audio": tone(), "text": "spoken"}, "joy", facts={"k": np.float64(2.0)}
        ),
        Sample("b", {"audio": tone(), "text": tmp_path / "a.srt"}, "joy"),
        Sample("c", {"video": steady()}, "joy"),
    ]
    entries = stored(samples, tmp_path / "store", monkeypatch)
    a, b, c = entries
    assert (sorted(a.files), a.texts, a.facts) == (["audio", "video"], {"text": "spoken"}, {"k": 2.0})
    assert sorted(b.files) == ["audio", "text"]
    assert (tmp_path / "store" / b.files["text"].path).read_text() == "hello"
    assert (sorted(c.files), c.notes) == (["video"], ())


def stored(samples, store, monkeypatch, **values):
    """The entries of a store of these samples, given in place of those of moving_shapes."""
    shapes = dataset("moving_shapes")
    fake = dataclasses.replace(shapes, read=lambda *_: Corpus(samples, LABELS))
    with monkeypatch.context() as patch:
        patch.setattr(module.catalog, "dataset", lambda name: fake)
        return prepare("moving_shapes", store, **{"workers": 0, **values}).entries


# Broken clips


def test_broken_clips_are_skipped_with_their_reasons(clips, tmp_path):
    (clips / "happy" / "empty.mp4").write_bytes(b"")
    (clips / "sad" / "text.mp4").write_text("no clip")
    write_clip(clips / "sad" / "mute.mp4", steady(), None)
    store = ready(clips, tmp_path / "store", workers=2)
    assert [(entry.id, "is empty" in (entry.reason or "")) for entry in store.broken] == [
        ("happy/empty.mp4", True),
        ("sad/text.mp4", False),
    ]
    corpus = open_dataset("clips", tmp_path / "store")
    assert len(corpus.samples) == 5
    assert [item.id for item in corpus.skipped] == ["happy/empty.mp4", "sad/text.mp4"]
    (mute,) = [entry for entry in store.entries if entry.id == "sad/mute.mp4"]
    assert list(mute.files) == ["video"] and "no sound" in mute.notes[0]
    again = ready(clips, tmp_path / "store")
    assert (again.fresh, again.kept) == (0, 7)


class Deadly:
    """Ends the process that loads it, as a decoder with a bug does."""

    def __reduce__(self):
        return os._exit, (1,)

    def __getstate__(self):
        return "deadly"


def test_a_clip_that_ends_its_process_is_skipped(tmp_path, monkeypatch):
    samples = [Sample(f"{n}", {"audio": tone()}) for n in range(3)]
    samples.insert(1, Sample("bad", {"video": Deadly()}))
    entries = stored(samples, tmp_path / "store", monkeypatch, workers=2)
    assert [(entry.id, entry.reason) for entry in entries] == [
        ("0", None),
        ("bad", "the decoder crashed on it"),
        ("1", None),
        ("2", None),
    ]


# Stopping and continuing


def test_a_killed_run_leaves_no_partial_file_and_is_continued(clips, tmp_path):
    for number in range(6):
        write_clip(
            clips / "happy" / f"more-{number}.mp4", steady(frames=36, size=(96, 128), seed=number), tone()
        )
    store = tmp_path / "store"
    code = (
        "import sys; from affekt.data.prepare.prepare import prepare\n"
        "if __name__ == '__main__': prepare('clips', sys.argv[2], data_root=sys.argv[1], workers=2)"
    )
    script = tmp_path / "run.py"
    script.write_text(code)
    process = subprocess.Popen([sys.executable, str(script), str(clips), str(store)], start_new_session=True)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and not (
        (store / JOURNAL).is_file() and len((store / JOURNAL).read_bytes().splitlines()) > 3
    ):
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()
    time.sleep(0.5)  # workers end with their parent
    with pytest.raises(DataError, match="is not finished"):
        open_dataset("clips", store)
    journal = (store / JOURNAL).read_bytes()
    listed = [json.loads(line) for line in journal.splitlines()[1:] if line.endswith(b"}")]
    assert 0 < len(listed) < 10, "killed in the middle"
    whole = {file.name: file.stat().st_mtime_ns for entry in listed for file in files_of(store, entry)}
    (store / JOURNAL).write_bytes(journal + b'{"id": "cut o')
    (store / "clips" / ".x.mp4.1.partial").write_bytes(b"left by a kill")

    finished = ready(clips, store)
    assert (finished.kept, finished.fresh) == (len(listed), 10 - len(listed))
    assert not (store / JOURNAL).exists()
    assert not list((store / "clips").glob(".*"))
    assert {name: (store / "clips" / name).stat().st_mtime_ns for name in whole} == whole
    fresh = ready(clips, tmp_path / "other")
    assert read_index(store) == read_index(fresh.path)
    for file in (store / "clips").iterdir():
        assert file.read_bytes() == (tmp_path / "other" / "clips" / file.name).read_bytes()


def files_of(store, entry):
    return [store / file["path"] for file in entry["files"].values()]


# Written by affekt in November 2026.
OLD_HEADER = (
    '{"dataset":"clips","options":{"labels":[],"merge_spellings":false,"splits":{}},"settings":'
    '{"height":240,"frame_rate_hz":null,"sound_rate_hz":44100,"form":"video"},"schema":1}'
)
OLD_ENTRY = (
    '{{"id":"{0}","source":"{1}","label":"{2}","label_weights":null,"subject":null,"split":null,'
    '"dialogue":null,"turn":null,"facts":{{}},"segments":null,"points":[],"files":{{"video":'
    '{{"path":"clips/{3}.mp4","bytes":6}}}},"texts":{{}},"reason":null,"notes":["x"]}}'
)
OLD_CLIPS = {
    "happy/anna.mp4": (
        "23dc70a98c661fe7278870bac2de9692def8c20144b9708b9dc8c8fa36251801",
        "happy",
        "happy_anna.mp4-a44bac73e5",
    ),
    "sad/ben.mp4": (
        "69c4b49d95064cb61fc04239b59cea3d20a657961f206b7d2d1805da7824589b",
        "sad",
        "sad_ben.mp4-2fae732180",
    ),
}
OLD_ENTRIES = [OLD_ENTRY.format(name, *values) for name, values in OLD_CLIPS.items()]
OLD_INDEX = (
    f'{{"header":{OLD_HEADER},"labels":{{"names":["happy","sad"],"polarity":["positive","negative"]}},'
    f'"task":"single_label","entries":[{",".join(OLD_ENTRIES)}],"skipped":[]}}'
)


@pytest.mark.parametrize(
    ("name", "text"), [(INDEX, OLD_INDEX), (JOURNAL, "\n".join([OLD_HEADER, *OLD_ENTRIES, '{"id": "cut o']))]
)
def test_a_store_that_was_made_before_is_read_and_continued(tmp_path, name, text):
    (tmp_path / "store" / "clips").mkdir(parents=True)
    (tmp_path / "store" / name).write_text(text)
    for clip, (_, _, stem) in OLD_CLIPS.items():
        file = tmp_path / "data" / clip
        file.parent.mkdir(parents=True)
        file.write_bytes(b"abc")
        os.utime(file, ns=(5, 5))
        (tmp_path / "store" / "clips" / f"{stem}.mp4").write_bytes(b"frames")
    if name == INDEX:
        assert [it.id for it in open_dataset("clips", tmp_path / "store").samples] == list(OLD_CLIPS)
    write_clip(tmp_path / "data" / "sad" / "new.mp4", steady(), None)
    store = ready(tmp_path / "data", tmp_path / "store")
    assert (store.kept, store.fresh, store.broken) == (2, 1, [])
    assert store.entries[0].notes == ("x",)


def test_only_what_changed_is_prepared_again(clips, tmp_path):
    store = tmp_path / "store"
    first = ready(clips, store)
    changed = next((clips / "happy").iterdir())
    write_clip(changed, steady(seed=9), tone())
    (store / first.entries[-1].files["audio"].path).write_bytes(b"damaged")
    again = ready(clips, store)
    assert (again.fresh, again.kept) == (2, 2)
    changed.unlink()
    assert len(ready(clips, store).entries) == 3


def test_a_corrected_label_needs_no_decoding(clips, tmp_path):
    ready(clips, tmp_path / "store")
    lines = ["path,label,id"] + [
        f"{file.relative_to(clips)},sad,{file.relative_to(clips)}" for file in sorted(clips.rglob("*.mp4"))
    ]
    (clips / "manifest.csv").write_text("\n".join(lines).replace(",sad,", ",happy,", 1))
    again = ready(clips, tmp_path / "store")
    assert (again.fresh, again.kept) == (0, 4)
    assert [entry.label for entry in again.entries] == ["happy", "sad", "sad", "sad"]


def test_progress_counts_every_clip(clips, tmp_path):
    seen: list[tuple[int, int]] = []
    ready(clips, tmp_path / "store", on_item=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 4) for done in range(5)]


# What is refused


def test_pictures_and_walks_are_refused(tmp_path):
    faces, walks = {"people": 8, "faces_per_emotion": 1, "size": 24}, {"walkers": 8, "walks_per_emotion": 1}
    for name, found, options in (("drawn_faces", "image", faces), ("walkers", "skeleton", walks)):
        with pytest.raises(UsageError, match=f"{name} has no clips to prepare: sample .* has {found}"):
            prepare(name, tmp_path / "store", options=options)
    assert not (tmp_path / "store").exists()


def test_places_that_hold_something_else_are_not_changed(clips, tmp_path):
    with pytest.raises(UsageError, match="something else than a prepared store"):
        ready(clips, clips.parent)
    with pytest.raises(UsageError, match="lies in the data set"):
        ready(clips, clips / "store")
    with pytest.raises(UsageError, match="is a prepared store"):
        ready(ready(clips, tmp_path / "store").path, tmp_path / "second")


def test_a_file_that_cannot_be_written_ends_the_run(clips, tmp_path):
    (tmp_path / "store" / "clips").mkdir(parents=True)  # as a run leaves it that is killed at its start
    (sample, *_) = open_dataset("clips", clips).samples
    blocked = tmp_path / "store" / "clips" / f"{file_stem(sample.id)}.flac"
    (tmp_path / "store" / JOURNAL).write_text("")
    blocked.mkdir()
    with pytest.raises(AffektError, match="cannot be written"):
        ready(clips, tmp_path / "store")
    blocked.rmdir()
    assert ready(clips, tmp_path / "store").broken == []


def test_a_run_that_was_killed_at_its_start_is_continued(clips, tmp_path):
    (tmp_path / "store" / "clips").mkdir(parents=True)
    (tmp_path / "store" / f".{JOURNAL}.7.partial").write_text("{")
    assert ready(clips, tmp_path / "store").fresh == 4
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == ["clips", INDEX]


def test_a_store_keeps_its_settings(clips, tmp_path):
    ready(clips, tmp_path / "store")
    with pytest.raises(UsageError, match=r"made with settings\.height = 240, not 120"):
        ready(clips, tmp_path / "store", settings=PrepareSettings(height=120))
    with pytest.raises(ConfigError, match=r"data\.options\.labels"):
        ready(clips, tmp_path / "store", options={"labels": ["sad", "happy"]})


def test_preparing_needs_no_torch():
    code = (
        "import sys, affekt.data.prepare.prepare; "
        "sys.exit('torch' in sys.modules or 'lightning' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# The command


def test_the_command_prepares_and_reports_what_it_did(clips, tmp_path):
    (clips / "sad" / "empty.mp4").write_bytes(b"")
    store = str(tmp_path / "store")
    call = ["data", "prepare", "clips", "--data-root", str(clips), "--output", store, "--workers", "0"]
    done = CliRunner().invoke(app, [*call, "--height", "16", "--frame-rate", "6", "--json"])
    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert {key: report[key] for key in ("path", "clips", "prepared", "kept")} == {
        "path": store, "clips": 4, "prepared": 5, "kept": 0,
    }  # fmt: skip
    assert [item["id"] for item in report["broken"]] == ["sad/empty.mp4"]
    settings = json.loads((tmp_path / "store" / INDEX).read_text())["header"]["settings"]
    assert settings == {"height": 16, "frame_rate_hz": 6.0, "sound_rate_hz": 44100, "form": "video"}
    wrong = CliRunner().invoke(app, [*call, "--form", "gif"]).exception
    assert isinstance(wrong, ConfigError) and "form = 'gif'" in str(wrong)


def test_equal_samples_have_equal_sources(clips):
    one, other = (open_dataset("clips", clips).samples[0] for _ in range(2))
    assert source_digest(one) == source_digest(other)
