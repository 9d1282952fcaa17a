"""One form of punctuation, and signs of a wrong encoding."""

from __future__ import annotations

import pytest

from affekt.media.text.clean import looks_like_mojibake, to_ascii_punctuation


def test_both_editions_of_a_text_become_equal():
    words = "“It\u2019s—well…” café"
    older = words.encode("cp1252").decode("latin-1")
    assert to_ascii_punctuation(words) == to_ascii_punctuation(older) == '"It\'s-well..." café'
    assert to_ascii_punctuation("no\u00a0break\u2009thin\u200b") == "no break thin"


def test_emoji_and_other_scripts_stay():
    text = "👩‍🚀 你好。 naïve"
    assert to_ascii_punctuation(text) == text


@pytest.mark.parametrize(
    "text", ["it\u2019s café", "Schöne Grüße aus Köln …", "你好。", "Привет «мир»", "😀", "É\u00bb no"]
)
@pytest.mark.parametrize("wrong", ["cp1252", "latin-1"])
def test_utf_8_read_as_another_encoding_is_detected_and_the_text_itself_is_not(text, wrong):
    assert not looks_like_mojibake(text)
    damaged = text.encode().decode(wrong, "replace")
    if wrong == "latin-1":
        damaged = text.encode().decode("latin-1")
    assert looks_like_mojibake(damaged)


@pytest.mark.parametrize("text", ["It\x92s", "lost \ufffd one", "it鈥檚", "锟斤拷"])
def test_traces_of_conversions_are_detected(text):
    assert looks_like_mojibake(text)


@pytest.mark.parametrize("text", ["VOILÀ…", "AMANHÃ…", "«CAFÉ»", "dit à\u00a0« moi »", "ESPAÑA»", "Å“il"])
def test_correct_text_with_accents_is_not_mojibake(text):
    assert not looks_like_mojibake(text)
