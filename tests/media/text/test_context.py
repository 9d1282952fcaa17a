"""The context of a line: token by token, in the forms of the literature and in our own."""

import time
from dataclasses import replace

import pytest
from tokenizers import AddedToken, decoders, models, pre_tokenizers
from tokenizers import Tokenizer as Maker

from affekt.core.dialogues import link_dialogues
from affekt.core.errors import MediaError
from affekt.core.notes import collect_notes
from affekt.core.sample import Sample
from affekt.media.text.context import ContextSettings, published_numbers, window
from affekt.media.text.tokens import SpecialTokens, Tokenizer, trained_tokenizer, with_tokens

ROBERTA = SpecialTokens(padding="<pad>", unknown="<unk>", begin="<s>", separator="</s>", mask="<mask>")
SAID = (("Ann", "Hi Ben"), ("Ben", "Hi"), ("Ann", "It rains"), ("Cas", "Oh no"))


@pytest.fixture(scope="module")
def letters():
    """A tokenizer of bytes without merges, as RoBERTa's; a space is part of the letter after it."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    vocabulary = {word: number for number, word in enumerate([*special, *alphabet])}
    maker = Maker(models.BPE(vocabulary, []))
    maker.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    maker.decoder = decoders.ByteLevel()
    maker.add_special_tokens(special[:4])
    maker.add_special_tokens([AddedToken("<mask>", lstrip=True)])
    content = with_tokens(maker.to_str().encode(), [f"<s{n}>" for n in range(1, 10)])
    return Tokenizer(content, ROBERTA)


@pytest.fixture(scope="module")
def words():
    """A tokenizer of word pieces that is made from a few lines."""
    special = SpecialTokens()
    content = trained_tokenizer(["hi ann ben cas it rains oh no feels :"] * 3, special, size=80)
    return Tokenizer(with_tokens(content, ["<s1>", "<s2>"]), special)


def dialogue(said=SAID, name="d"):
    samples = [
        Sample(f"{name}{n}", {"text": text}, dialogue=name, turn=n, speaker=speaker)
        for n, (speaker, text) in enumerate(said)
    ]
    return link_dialogues(samples)


def read(sample, tokenizer, **settings):
    """The input as text, with spaces as they are in the vocabulary."""
    return "".join(tokenizer.tokens_of(window(sample, tokenizer, ContextSettings(**settings)).ids))


def own(sample, tokenizer, **settings):
    found = window(sample, tokenizer, ContextSettings(**settings))
    return "".join(tokenizer.tokens_of(found.ids[slice(*found.own)]))


def test_the_form_of_spcl_is_the_published_one_token_by_token(letters):
    line = dialogue()[2]
    expected = "<s>Ann:HiĠBen</s>Ben:Hi</s>Ann:ItĠrains</s>ForĠutterance:Ann:ItĠrains</s>AnnĠfeels<mask></s>"
    assert read(line, letters, form="spcl", turns=8) == expected
    assert own(line, letters, form="spcl", turns=8) == "Ann:ItĠrains"
    assert read(line, letters, form="spcl", turns=1) == expected.replace("Ann:HiĠBen</s>", "", 1)


def test_the_form_of_spcl_leaves_out_whole_turns_from_the_oldest(letters):
    line, full = dialogue()[2], len(window(dialogue()[2], letters, ContextSettings(form="spcl", turns=8)).ids)
    assert read(line, letters, form="spcl", turns=8, tokens=full - 1).startswith("<s>Ben:Hi</s>Ann:It")


def test_the_form_of_telme_is_the_published_one_token_by_token(letters):
    line = dialogue()[2]
    expected = "<s1>ĠHiĠBenĠ<s2>ĠHiĠ<s1>ĠItĠrainsĠ</s>ĠNowĠ<s1>Ġfeels<mask>"
    assert read(line, letters, form="telme") == expected
    assert own(line, letters, form="telme") == "ĠItĠrainsĠ"
    cut = window(line, letters, ContextSettings(form="telme", tokens=30)).ids
    assert cut == window(line, letters, ContextSettings(form="telme")).ids[-30:]


def test_speakers_are_numbered_within_the_dialogue_and_the_published_numbers_are_optional(letters):
    first = dialogue((("Ben", "a"), ("Ann", "b"), ("Ben", "c")), "one")
    second = dialogue((("Ann", "d"), ("Cas", "e"), ("Ann", "f")), "two")
    linked = link_dialogues([replace(one, around=None) for one in (*first, *second)])
    assert read(linked[5], letters, form="telme").startswith("<s1>ĠdĠ<s2>ĠeĠ<s1>ĠfĠ</s>")
    # The list of the first dialogue holds Ann and Ben when Ann begins; it is emptied after her turn.
    published = read(linked[5], letters, form="telme", published_numbers=True)
    assert published.startswith("<s1>ĠdĠ<s1>ĠeĠ<s2>ĠfĠ</s>")
    assert published_numbers(["Ben", "Ann"], ["Cas", "Ann", "Ben"]) == [2, 1]


def test_the_last_speaker_token_stands_for_all_further_speakers(letters):
    crowd = dialogue([(f"p{n}", "a") for n in range(12)])
    assert read(crowd[11], letters, form="telme", speaker_tokens=2).endswith("ĠNowĠ<s2>Ġfeels<mask>")


def test_lines_with_names_close_each_turn_and_end_with_the_query(words):
    line = dialogue()[1]
    assert words.tokens_of(window(line, words, ContextSettings(query=True)).ids) == [
        *("[CLS]", "ann", ":", "hi", "ben", "[SEP]"),
        *("ben", ":", "hi", "ben", "feels", "[MASK]", "[SEP]"),
    ]
    assert own(line, words) == "ben:hi"
    assert read(line, words, speakers="tokens") == "[CLS]<s1>hiben[SEP]<s2>hi[SEP]"
    assert read(line, words, speakers="none", turns=0) == "[CLS]hi[SEP]"


def test_later_turns_are_never_read(letters):
    for form in ("lines", "spcl", "telme"):
        whole, alone = dialogue()[1], dialogue(SAID[:2])[1]
        assert read(whole, letters, form=form) == read(alone, letters, form=form)


def test_turns_without_words_or_speakers_are_no_error(letters):
    said = [("Ann", "Hi"), ("Ben", " "), (None, "It"), ("Ann", "No")]
    line = dialogue(said)[3]
    assert read(line, letters) == "<s>Ann:ĠHi</s>It</s>Ann:ĠNo</s>"
    assert "Speaker:It</s>" in read(line, letters, form="spcl")
    with collect_notes() as notes:
        read(line, letters, form="telme")
    assert list(notes) == ["a turn states no speaker: it is read as one of the first speaker"]
    with pytest.raises(MediaError, match="no words"):
        read(dialogue(said)[1], letters)


def test_context_is_cut_before_the_line_and_a_long_line_keeps_its_end_with_a_note(words):
    said = [("Ann", "it rains"), ("Ben", "oh no"), ("Ann", "hi " * 5000)]
    with collect_notes() as notes:
        assert read(dialogue(said)[1], words, tokens=8) == "[CLS]rains[SEP]ben:ohno[SEP]"
    assert not notes
    with collect_notes() as notes:
        long = window(dialogue(said)[2], words, ContextSettings(tokens=32))
    assert len(long.ids) == 32 and long.own == (1, 31)
    assert list(notes) == ["the line is too long: its first 4972 tokens are left out"]
    assert read(dialogue(said)[1], words, context_tokens=2) == "[CLS]rains[SEP]ben:ohno[SEP]"


@pytest.mark.parametrize("form", ["lines", "spcl", "telme"])
def test_special_tokens_spelled_out_in_a_line_or_a_name_have_no_effect(letters, form):
    hostile = dialogue([("<s2></s>", "</s> <s1> <mask>"), ("<mask>", "<pad> </s> <s9> <mask>")])
    plain = dialogue([("q", "a b c"), ("r", "d e f g")])
    settings = ContextSettings(form=form, query=form == "lines", tokens=256)
    special = set(range(5)) | {letters.id_of(f"<s{n}>") for n in range(1, 10)}
    found, expected = (
        [number for number in window(talk[1], letters, settings).ids if number in special]
        for talk in (hostile, plain)
    )
    assert found == expected


def test_special_tokens_that_a_vocabulary_matches_as_words_become_unknown():
    maker = Maker(
        models.Unigram([(w, -1.0) for w in ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "▁")], 1, False)
    )
    maker.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer = Tokenizer(maker.to_str().encode(), SpecialTokens(mask=None))
    assert tokenizer.tokens_of(tokenizer.ids("[PAD] a")) == ["▁", "[UNK]", "▁", "a"]


def test_a_name_that_leaves_no_room_for_the_line_is_an_error(words):
    line = dialogue([("hi " * 200, "it rains")])[0]
    with pytest.raises(MediaError, match="name leaves no room for the line in 16 tokens"):
        read(line, words, form="spcl", tokens=16)


def test_a_line_of_unknown_tokens_is_answered_with_a_note(words):
    with collect_notes() as notes:
        read(dialogue([("Ann", "😀 你好 hi")])[0], words)
    assert list(notes) == ["3 of 4 tokens of the line are unknown to the network's vocabulary"]


@pytest.mark.parametrize("form", ["lines", "spcl", "telme"])
def test_the_time_of_a_turn_does_not_grow_with_the_dialogue(words, form):
    def seconds(turns):
        talk = dialogue([(f"p{n % 100}", "it rains") for n in range(turns)])
        settings = ContextSettings(form=form, tokens=32, published_numbers=True)
        start = time.process_time()
        for line in talk:
            window(line, words, settings)
        return time.process_time() - start

    seconds(50)
    assert seconds(800) < 3 * 8 * seconds(100)  # eight times as many turns; 64 times if it were quadratic
