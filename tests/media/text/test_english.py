from __future__ import annotations

import pytest

from affekt.media.text.english import english_share, is_english

ENGLISH = [
    "I wonder how that is even possible.",
    "The train to the station leaves from platform two.",
    "This makes me furious, they lied to us again.",
]
OTHERS = {
    "German": [
        "Ich habe das nicht gewusst, es tut mir leid.",
        "So ein Tag, wir gehen in den Park.",
        "Was ist das? Am Montag war er noch da, also frag ihn.",
    ],
    "French": [
        "Je ne sais pas ce que tu veux de moi.",
        "On y va, il fait beau et nous avons le temps.",
        "Tu me rends fou, a quoi penses-tu ?",
    ],
    "Spanish": [
        "No me digas que no lo sabes, por favor.",
        "Vamos a la playa, hace un tiempo fantástico.",
        "Me alegro mucho de verte, he pensado en ti.",
    ],
    "Italian": [
        "Non so cosa vuoi da me, dimmi la verità.",
        "Che bella giornata, andiamo al mare a fare il bagno con i bambini.",
    ],
    "Dutch": [
        "Ik weet het niet, wat wil je van me?",
        "We gaan naar het park, het is zo mooi weer in de zomer.",
    ],
}


def test_english_is_english():
    assert is_english(ENGLISH) is True
    assert english_share(ENGLISH) > 0.3


@pytest.mark.parametrize("language", OTHERS)
def test_other_languages_in_latin_script_are_not(language):
    assert is_english(OTHERS[language]) is False


def test_a_few_words_or_another_script_cannot_be_told():
    assert is_english(["So, was ist das?"]) is None
    assert is_english(["12:30", "?!"]) is None
    assert is_english([]) is None
