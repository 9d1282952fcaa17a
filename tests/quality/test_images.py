"""Checks of pictures: broken files, sizes, and near duplicates."""

import io
import json
import zipfile

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from affekt.cli.main import app
from affekt.core.dataset import Corpus
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.data.open import open_dataset
from affekt.media.image import ZippedImage, decode_image, image_of
from affekt.quality.corpus import describe, problems
from affekt.quality.duplicate_images import find_image_pairs, image_print
from affekt.quality.images import describe_images, problems_of_images
from affekt.report.tiles import EXAMPLES, draw_tiles, letterboxed


@pytest.fixture(scope="module")
def faces() -> list[Sample]:
    """Faces of eight people, seven emotions each."""
    return open_dataset("drawn_faces", None, {"people": 8, "faces_per_emotion": 1}).samples


def of(name, pixels, *, split="train", label="fear", **values):
    return Sample(name, {"image": pixels}, label, split=split, **values)


def recompressed(pixels, quality=40):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, format="JPEG", quality=quality)
    return decode_image(stream.getvalue(), "recompressed")


def reported(*samples, **values):
    return problems_of_images(describe_images(samples, **values))


CHANGES = {
    "recompressed": recompressed,
    "cropped": lambda pixels: pixels[1:, 1:],
    "smaller": lambda pixels: np.asarray(Image.fromarray(pixels).resize((48, 48))),
    "brighter": lambda pixels: (pixels.astype(int) + 25).clip(0, 255).astype(np.uint8),
    "with less contrast": lambda pixels: (64 + pixels // 2).astype(np.uint8),
    "grey": lambda pixels: np.asarray(Image.fromarray(pixels).convert("L")),
    "mirrored": lambda pixels: pixels[:, ::-1],
    "mirrored and recompressed": lambda pixels: recompressed(np.ascontiguousarray(pixels[:, ::-1])),
}


def test_pictures_that_differ_in_colour_only_are_not_duplicates():
    ground = np.full((64, 64, 3), 110, np.uint8)
    red, blue = ground.copy(), ground.copy()
    red[10:40, 20:50], blue[10:40, 20:50] = (220, 30, 40), (40, 66, 250)  # of nearly the same grey
    assert len(find_image_pairs([image_print(red), image_print(red[:, ::-1])])) == 1
    assert find_image_pairs([image_print(red), image_print(blue), image_print(blue[:, ::-1])])[0][:2] == (
        1,
        2,
    )
    assert len(find_image_pairs([image_print(red), image_print(blue)])) == 0


@pytest.mark.parametrize("change", CHANGES)
def test_a_slightly_changed_picture_is_found(faces, change):
    changed = of("copy", CHANGES[change](image_of(faces[10])), label=faces[10].label)
    description = describe_images([*faces, changed])
    assert description["near_duplicates"] == [
        {
            "ids": [faces[10].id, "copy"],
            "splits": ["train"],
            "conflict": False,
            "mirrored": "mirrored" in change,
        }
    ]


def test_different_faces_are_not_duplicates():
    samples = open_dataset("drawn_faces", None, {"people": 24, "faces_per_emotion": 1, "size": 48}).samples
    assert len(samples) == 168
    assert describe_images(samples)["near_duplicates"] == []


def test_flat_pictures_are_not_duplicates():
    rng = np.random.default_rng(0)
    flat = [of(f"{n}", (120 + rng.normal(0, 2, (40, 40))).astype(np.uint8)) for n in range(20)]
    assert describe_images([*flat, of("black", np.zeros((9, 9), np.uint8))])["near_duplicates"] == []


def test_a_thousand_copies_are_connected_by_999_pairs(faces):
    one = image_print(image_of(faces[0]))
    pairs = find_image_pairs([one] * 1000)
    assert [(pair.one, pair.other) for pair in pairs] == [(0, other) for other in range(1, 1000)]


def test_pairs_are_found_whichever_bits_differ(faces):
    one = image_print(image_of(faces[0]))
    rng = np.random.default_rng(0)
    for count, is_found in ((5, True), (6, False)):
        for _ in range(50):
            flips = np.bitwise_or.reduce(np.uint64(1) << rng.permutation(64)[:count].astype(np.uint64))
            other = one._replace(hash=one.hash ^ flips)
            assert bool(find_image_pairs([one, other])) == is_found


def test_a_symmetrical_picture_is_not_its_own_duplicate(faces):
    half = image_of(faces[0])[:, :48]
    assert describe_images([of("a", np.concatenate([half, half[:, ::-1]], axis=1))])["near_duplicates"] == []


def test_near_duplicates_in_two_splits_are_named_as_a_leak(faces):
    leak = of("leak", recompressed(image_of(faces[0])), split="test", label=faces[0].label)
    (only,) = reported(*faces, leak)
    assert only == (
        "1 group of pictures that look the same in different splits, such as person-01-anger-1 ~ leak: "
        "scores would be too high"
    )


def test_near_duplicates_within_a_split_and_with_two_labels_are_reported(faces):
    twin = of("twin", recompressed(image_of(faces[0])), label="happiness")
    within, conflict = reported(*faces, twin)
    assert within.startswith("1 group of pictures that look the same within one split, such as")
    assert conflict.startswith("1 group of pictures that look the same, but with different labels, such as")


def test_equal_files_are_reported_once(faces, tmp_path):
    for name in ("a", "b"):
        Image.fromarray(image_of(faces[0])).save(tmp_path / f"{name}.png")
    twins = [of(name, tmp_path / f"{name}.png", subject="s") for name in ("a", "b")]
    description = describe(Corpus(twins, label_set("fer-7")))
    assert [group["ids"] for group in description["duplicates"]] == [["a", "b"]]
    assert description["images"]["near_duplicates"] == []
    third = of("c", recompressed(image_of(faces[0])), subject="s")
    description = describe(Corpus([*twins, third], label_set("fer-7")))
    assert [group["ids"] for group in description["images"]["near_duplicates"]] == [["a", "b", "c"]]


def test_equal_members_of_archives_are_found_by_their_bytes(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name, content in (("1", b"x"), ("2", b"x"), ("3", b"y")):
            archive.writestr(name, content)
    samples = [of(name, ZippedImage(tmp_path / "a.zip", name)) for name in ("1", "2", "3", "absent", "lost")]
    (tmp_path / "file").write_bytes(b"x")
    samples.append(of("file", tmp_path / "file"))
    description = describe(Corpus(samples, label_set("fer-7")))
    assert [group["ids"] for group in description["duplicates"]] == [["1", "2", "file"]]


def test_what_cannot_be_read_is_counted_with_its_reason(faces, tmp_path):
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "text.png").write_text("no picture")
    broken = [of(name, tmp_path / f"{name}.png") for name in ("empty", "text", "absent")]
    description = describe_images([*faces[:3], *broken])
    assert description["images"] == 6
    assert [item["id"] for item in description["unreadable"]] == ["empty", "text", "absent"]
    assert "is empty" in description["unreadable"][0]["reason"]
    assert "it holds the text 'no picture'" in description["unreadable"][1]["reason"]
    (sentence,) = problems_of_images(description)
    assert sentence.startswith("3 pictures cannot be read, such as empty: ")


def test_a_folder_of_broken_files_is_described(tmp_path):
    description = describe_images([of("a", tmp_path / "absent.png")])
    assert description["width"] is None and description["grey"] is None
    assert len(problems_of_images(description)) == 1


def test_sizes_and_colour_are_counted(faces):
    color = np.random.default_rng(0).integers(0, 255, (30, 50, 3), np.uint8)
    samples = [*(of(f"{n}", color[..., 0] + np.uint8(n)) for n in range(3)), of("c", color[:, :20])]
    description = describe_images(samples)
    assert description["width"] == {"min": 20, "median": 50.0, "max": 50}
    assert description["height"] == {"min": 30, "median": 30.0, "max": 30}
    assert description["sizes"][0] == {"width": 50, "height": 30, "images": 3}
    assert description["grey"] == 0.75
    assert json.loads(json.dumps(description)) == description


def test_progress_counts_every_picture(faces):
    seen = []
    describe(Corpus(faces, label_set("fer-7")), on_item=lambda done, total: seen.append((done, total)))
    assert seen == [(done, 56) for done in range(1, 57)]


def test_without_pictures_there_is_no_description():
    assert describe_images([Sample("a", {"text": "hello"}, "fear")]) is None
    assert problems_of_images(None) == []


def test_the_drawn_faces_have_no_problems(faces):
    assert problems(describe(Corpus(faces, label_set("fer-7")))) == []


# The figure


def test_tiles_show_each_class_and_leave_out_what_is_broken(faces, tmp_path):
    def squares(color, count):
        square = np.full((20, 20, 3), color, np.uint8)
        return [of(f"{color}-{n}", square, label="anger" if color[0] else "fear") for n in range(count)]

    samples = [
        *squares((255, 0, 0), 12),
        *squares((0, 0, 255), 2),
        of("x", tmp_path / "absent", label="fear"),
    ]
    draw_tiles(samples, label_set("fer-7"), tmp_path / "figures" / "tiles.png")
    picture = np.asarray(Image.open(tmp_path / "figures" / "tiles.png").convert("RGB")).astype(int)
    red, blue = ((picture == color).all(axis=2) for color in ((255, 0, 0), (0, 0, 255)))
    assert red.sum() / blue.sum() == pytest.approx(EXAMPLES / 2, rel=0.05)
    assert np.flatnonzero(red.any(axis=1)).max() < np.flatnonzero(blue.any(axis=1)).min(), "a row each"
    names = (picture.sum(axis=2) < 300)[:, : np.flatnonzero(red.any(axis=0)).min()]
    assert names.any(), "names are at the left"
    assert not names[:, :5].any(), "names are not cut off"


def test_a_letterboxed_picture_is_whole():
    wide = np.zeros((10, 40), np.uint8)
    wide[:, :20] = 200
    square = letterboxed(wide, 80)
    assert square.shape == (80, 80, 3)
    assert (square[:30] == 235).all() and (square[50:] == 235).all()
    assert (square[30:50, :35] == 200).all() and (square[30:50, 45:] == 0).all()


def test_the_command_draws_tiles_beside_the_balance(tmp_path):
    arguments = ["data", "check", "drawn-faces", "--set", "people=8", "--set", "size=24", "--json"]
    done = CliRunner().invoke(app, [*arguments, "--figure", str(tmp_path / "balance.png")])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["images"]["images"] == 8 * 7
    assert sorted(path.name for path in tmp_path.iterdir()) == ["balance-tiles.png", "balance.png"]


def test_the_command_draws_no_tiles_without_pictures(tmp_path):
    arguments = ["data", "check", "walkers", "--set", "walkers=8", "--figure", str(tmp_path / "balance.png")]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert [path.name for path in tmp_path.iterdir()] == ["balance.png"]


# Real faces


def test_one_photograph_in_several_splits_of_real_faces_is_found(shared):
    samples = [
        of(f"{split}-{name}", ZippedImage(shared / "data" / "fer2013" / f"{split}.zip", name), split=part)
        for split, part, name in (
            ("train", "train", "surprise/fer0000029.png"),
            ("train", "train", "surprise/fer0011227.png"),
            ("test", "test", "surprise/fer0031108.png"),
            ("train", "train", "angry/fer0000000.png"),
            ("train", "train", "angry/fer0000001.png"),
        )
    ]
    (group,) = describe_images(samples)["near_duplicates"]
    assert group["ids"] == [sample.id for sample in samples[:3]]
    assert group["splits"] == ["test", "train"]
