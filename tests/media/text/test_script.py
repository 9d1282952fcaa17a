"""Scripts of writing."""

from __future__ import annotations

import pytest

from affekt.core.notes import collect_notes
from affekt.media.text.script import main_script, note_unseen_script, scripts, seen_scripts


def test_letters_are_counted_by_script():
    assert scripts("OK 你好 мир 12!") == {"Latin": 2, "Han": 2, "Cyrillic": 3}
    assert main_script("héllo, 你") == "Latin"
    assert main_script("こんにちは元気") == "Kana"
    assert main_script("12 😀!") is None


def test_scripts_of_a_few_letters_among_the_training_lines_are_not_seen():
    lines = ["plain words of a line"] * 20 + ["мир"]
    assert seen_scripts(lines) == ["Latin"]
    assert seen_scripts([*lines, "мир" * 20]) == ["Latin", "Cyrillic"]
    assert seen_scripts(["12!"]) == []


@pytest.mark.parametrize(
    ("text", "seen", "noted"),
    [
        ("Привет", ["Latin"], True),
        ("Привет", ["Latin", "Cyrillic"], False),
        ("Привет", [], False),
        ("hello мир", ["Latin"], False),
        ("12 😀", ["Latin"], False),
    ],
)
def test_a_text_in_a_script_that_training_had_not_is_noted(text, seen, noted):
    with collect_notes() as notes:
        assert note_unseen_script(text, seen) == noted
    assert len(notes) == noted
    assert all("Cyrillic script" in one for one in notes)
