"""Berlin EmoDB: ten actors speak ten German sentences, seven emotions (Burkhardt et al., Interspeech 2005).

    DIR/wav/03a01Fa.wav         or DIR/03a01Fa.wav; names are speaker, sentence, emotion, version

    DIR/labels.csv              where it exists, only its rows are read; lines such as
        audio/03a01Fa.flac      file,split,class,speaker,gender,text,version
                                audio/03a01Fa.flac,train,happiness,03,male,a01,a

Letters of a name, after the German words: W anger, L boredom, E disgust, A fear, F happiness, T sadness,
N neutral. Speakers are subjects. The published set has no splits: leave-one-speaker-out is usual,
`split.scheme = "k_fold"` with 10 folds in a recipe.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from affekt.core.dataset import Corpus, Dataset, NoOptions
from affekt.core.errors import DataError
from affekt.core.labels import label_set
from affekt.data.layouts.speech import TABLE, Recording, read_names, read_table, recordings_below

LABELS = label_set("emodb-7")
GENDERS: Mapping[str, str] = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
}

_NAME = re.compile(r"(?P<speaker>\d\d)(?P<text>[ab]\d\d)(?P<emotion>[WLEAFTN])(?P<version>[a-z])")
_LETTERS: Mapping[str, str] = {
    "W": "anger",  # Wut
    "L": "boredom",  # Langeweile
    "E": "disgust",  # Ekel
    "A": "fear",  # Angst
    "F": "happiness",  # Freude
    "T": "sadness",  # Trauer
    "N": "neutral",
}


def read(root: Path, options: NoOptions) -> Corpus:
    """Read the table, or file names if there is none; other file names are skipped.

    Raises:
        DataError: There are no recordings, or a row is wrong.
    """
    if (root / TABLE).is_file():
        samples, skipped, problems = read_table(
            root / TABLE, LABELS, speaker="speaker", recording_of=_recording
        )
        return Corpus(samples, LABELS, skipped, problems=problems)
    files, others = recordings_below(root, "wav" if (root / "wav").is_dir() else "")
    if not files:
        raise DataError(f"{root} contains neither {TABLE} nor recordings such as wav/03a01Fa.wav")
    samples, skipped, problems = read_names(root, files, _recording)
    return Corpus(samples, LABELS, [*skipped, *others], problems=problems)


def _recording(name: str) -> Recording | str:
    parts = _NAME.fullmatch(name)
    if parts is None or parts["speaker"] not in GENDERS:
        return f"{name} is not like 03a01Fa: one of the ten speakers, sentence, a letter of WLEAFTN, version"
    facts = {"gender": GENDERS[parts["speaker"]], "text": parts["text"], "version": parts["version"]}
    return Recording(_LETTERS[parts["emotion"]], parts["speaker"], facts)


DATASET = Dataset(
    title="Berlin EmoDB, acted German speech, 7 emotions",
    modalities=("audio",),
    licence="CC0-1.0, as published by audEERING",
    cite="Burkhardt et al., A Database of German Emotional Speech, Interspeech 2005",
    labels=LABELS,
    read=read,
)
