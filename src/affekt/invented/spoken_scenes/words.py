"""The words of a line: sentences of which each belongs to one cue. All of them are invented."""

from __future__ import annotations

from affekt.invented.spoken_scenes.plan import LABELS, SILENT, WORDS, LinePlan

_OPENINGS = ("", "Well, ", "You know, ", "Look, ", "So, ", "Listen, ")
_SENTENCES: dict[str, tuple[str, ...]] = {
    "anger": (
        "that makes me furious.",
        "I am so angry with them.",
        "this is an outrage, stop it.",
        "how dare they, I am raging.",
    ),
    "disgust": (
        "that is revolting.",
        "yuck, it smells of old fish.",
        "I feel sick, take it away.",
        "how gross and filthy.",
    ),
    "fear": (
        "I am scared of the dark cellar.",
        "something is out there, I am afraid.",
        "please do not go, I am terrified.",
        "my hands tremble, what a dread.",
    ),
    "joy": (
        "I am so happy today.",
        "what a wonderful, lovely morning.",
        "we won, hurray.",
        "I could dance with delight.",
    ),
    "neutral": (
        "the shop opens at nine.",
        "the bus stops at the corner.",
        "the report has twelve pages.",
        "the form goes to the second desk.",
    ),
    "sadness": (
        "I miss her so much.",
        "I have been crying all night.",
        "everything is lost and lonely.",
        "my heart is heavy, what a sorrow.",
    ),
    "surprise": (
        "wow, I did not expect that.",
        "what, you are here already?",
        "no way, that is unbelievable.",
        "oh my, where did that come from?",
    ),
}
_SILENT = ("um, let me see.", "hm, let me think.", "er, one moment.", "well, as I was saying.")


def words_of_line(plan: LinePlan) -> str:
    """The words: a sentence of the cue, or one that says nothing."""
    rng = plan.rng(WORDS)
    sentences = _SILENT if plan.text == SILENT else _SENTENCES[LABELS.names[plan.text]]
    opening = _OPENINGS[int(rng.integers(len(_OPENINGS)))]
    sentence = sentences[int(rng.integers(len(sentences)))]
    return opening + sentence if opening else sentence[0].upper() + sentence[1:]
