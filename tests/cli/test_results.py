"""Results that would replace an input, or be read as one by the next command."""

import pytest

from affekt.cli.results import check_results
from affekt.core.errors import UsageError


@pytest.fixture
def film(tmp_path):
    """A film with subtitles, and links to both."""
    for name in ("talk.mp4", "talk.srt", "other.srt"):
        (tmp_path / name).write_text("it was here before")
    (tmp_path / "link.mp4").symlink_to(tmp_path / "talk.mp4")
    (tmp_path / "link.srt").symlink_to(tmp_path / "talk.srt")
    return tmp_path / "talk.mp4"


@pytest.mark.parametrize("name", ["talk.mp4", "link.mp4", "talk.srt", "link.srt", "other.srt"])
def test_an_input_is_not_replaced_by_whatever_name(film, name):
    with pytest.raises(UsageError, match="is an input"):
        check_results([film.parent / name], [film], [film.parent / "other.srt"])


@pytest.mark.parametrize("name", ["walk.srt", "walk.vtt", "walk.en.srt", "WALK.SRT"])
def test_results_with_the_name_of_subtitles_are_refused_with_another_name(tmp_path, name):
    film = tmp_path / f"{name.partition('.')[0]}.mp4"
    film.touch()
    with pytest.raises(UsageError, match=rf"name it {film.stem}\.affekt\."):
        check_results([tmp_path / name], [film])


def test_other_names_folders_and_media_of_words_are_accepted(film, tmp_path):
    (tmp_path / "walk.txt").touch()
    check_results(
        [tmp_path / "talk.affekt.srt", tmp_path / "new.srt", tmp_path / "there" / "talk.srt"], [film]
    )
    check_results([tmp_path / "walk.srt"], [tmp_path / "walk.txt"])
    check_results([tmp_path / "talk.html", tmp_path / "other.srt"], [film])
