"""Drawn faces: a generated corpus of shaded portraits, without photographs of people.

    nothing on disk   `people` persons are drawn `faces_per_emotion` times with each of 7 expressions, tightly
                      cropped from forehead to chin, `size` x `size` pixels, uint8 RGB; a few in grey
    one sample        id person-03-fear-1, subject person-03, label fear; every fourth person is test

The effect of an expression follows the Facial Action Coding System qualitatively: happiness raises the lip
corners and the cheeks, sadness raises the inner brows and lowers the lip corners, anger lowers and draws
together the brows, surprise raises them with wide eyes and an open jaw, fear draws them together as well and
stretches the lips, disgust wrinkles the nose and raises the upper lip. All constants are invented. Persons
differ in build, skin and hair; pictures in pose, light and intensity of the expression.

The faces are realistic enough for networks that were trained on photographs: the starter `compact_face` is
tested on them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from pydantic import Field, PositiveInt

from affekt.core.dataset import Corpus, Dataset
from affekt.core.labels import label_set
from affekt.core.sample import Sample
from affekt.core.settings import Settings
from affekt.invented.drawn_faces.painting import paint
from affekt.invented.drawn_faces.traits import Expression, Person, Shot

TEST_EVERY = 4


class DrawnFacesOptions(Settings):
    """Size and difficulty of the generated corpus.

    Attributes:
        people: Number of persons; no person is in two parts.
        faces_per_emotion: Pictures of each emotion and person.
        size: Side of a picture in pixels.
        seed: Another seed gives other persons. A larger corpus of the same seed begins with the smaller one.
        noise: Variation between persons and pictures; 0 makes all persons identical, 1 is the default
            difficulty.
    """

    people: int = Field(40, ge=8)
    faces_per_emotion: PositiveInt = 1
    size: int = Field(96, ge=24, le=512)
    seed: int = Field(0, ge=0)
    noise: float = Field(1.0, ge=0)


# Two variants of each expression; a picture is a mixture of both. Neutral is the origin.
EXPRESSIONS: dict[str, tuple[Expression, ...]] = {
    "anger": (
        Expression(
            inner_brow=-1.0, outer_brow=-0.25, together=1.0, lid=-0.25, squint=0.35, corner=-0.35, press=0.9,
            stretch=-0.08, flare=0.5,
        ),
        Expression(
            inner_brow=-1.0, outer_brow=-0.1, together=1.0, lid=0.1, squint=0.5, corner=-0.3, jaw=0.5,
            square=1.0, upper_lip=0.35, teeth=1.0, flare=0.9, fold=0.5,
        ),
    ),
    "disgust": (
        Expression(
            inner_brow=-0.65, outer_brow=-0.5, together=0.45, lid=-0.25, squint=0.75, wrinkle=1.0,
            upper_lip=0.8, corner=-0.5, fold=0.9, jaw=0.12, flare=0.6,
        ),
        Expression(
            inner_brow=-0.55, outer_brow=-0.45, together=0.3, lid=-0.3, squint=0.7, wrinkle=0.9,
            upper_lip=1.1, corner=-0.35, fold=0.8, jaw=0.3, teeth=0.8, square=0.4, flare=0.5,
        ),
    ),
    "fear": (
        Expression(
            inner_brow=0.95, outer_brow=0.35, together=0.8, lid=0.85, corner=-0.25, stretch=0.24, jaw=0.3,
            square=0.5, teeth=0.7,
        ),
        Expression(
            inner_brow=1.0, outer_brow=0.45, together=0.75, lid=0.95, corner=-0.2, stretch=0.14, jaw=0.55,
            square=0.4, teeth=0.4,
        ),
    ),
    "happiness": (
        Expression(outer_brow=0.1, lid=-0.1, squint=0.6, corner=1.0, stretch=0.28, cheek=0.8, fold=0.8),
        Expression(
            outer_brow=0.15, lid=-0.1, squint=0.8, corner=1.1, stretch=0.34, cheek=1.0, fold=1.0, jaw=0.42,
            teeth=1.0,
        ),
    ),
    "sadness": (
        Expression(
            inner_brow=0.85, outer_brow=-0.45, together=0.5, lid=-0.4, squint=0.1, corner=-0.95,
            stretch=-0.05, pout=0.5,
        ),
        Expression(
            inner_brow=0.75, outer_brow=-0.55, together=0.55, lid=-0.55, corner=-1.1, pout=0.9, press=0.2,
            fold=0.3,
        ),
    ),
    "surprise": (
        Expression(inner_brow=1.1, outer_brow=1.1, lid=0.9, jaw=0.95, stretch=-0.3, oval=1.0),
        Expression(inner_brow=1.2, outer_brow=1.2, lid=1.0, jaw=1.3, stretch=-0.26, oval=1.0, teeth=0.25),
    ),
    "neutral": (Expression(), Expression(lid=-0.1, corner=-0.1)),
}  # fmt: skip
SHOWN = 0.16  # standard deviation of the intensity of an expression, around 1
LEAST_SHOWN = 0.6

# The average person, and the standard deviation of each trait; EVEN traits are uniform from 0 to 1.
AVERAGE = Person()
PEOPLE_DIFFER = {
    "width": 0.035, "jaw": 0.35, "eye_distance": 0.016, "eye_size": 0.07, "eye_height": 0.02,
    "brow_thickness": 0.25, "brow_height": 0.018, "nose_width": 0.13, "nose_length": 0.02,
    "mouth_width": 0.02, "mouth_height": 0.018, "lips": 0.22,
}  # fmt: skip
EVEN = ("skin", "hair", "hairline", "iris")
LONG_HAIR, BEARD, GLASSES = 0.45, 0.2, 0.15  # share of persons
GREY = 0.15  # share of pictures without colour


def read(root: Path, options: DrawnFacesOptions) -> Corpus:
    """Generate the corpus; `root` is not used."""
    labels = label_set("fer-7")
    samples: list[Sample] = []
    for number in range(options.people):
        person = person_of(np.random.default_rng([options.seed, number]), options.noise)
        subject = f"person-{number + 1:02d}"
        for place, emotion in enumerate(labels.names):
            for turn in range(options.faces_per_emotion):
                # A random stream per picture, so that more pictures do not change the ones before them.
                rng = np.random.default_rng([options.seed, number, place, turn])
                expression = expression_of(emotion, rng, options.noise)
                shot = shot_of(rng, options.noise)
                samples.append(
                    Sample(
                        id=f"{subject}-{emotion}-{turn + 1}",
                        media={"image": paint(person, expression, shot, options.size, rng)},
                        label=emotion,
                        subject=subject,
                        split="test" if number % TEST_EVERY == TEST_EVERY - 1 else "train",
                    )
                )
    return Corpus(samples, labels)


def person_of(rng: np.random.Generator, noise: float) -> Person:
    """A random person: traits around the average."""
    traits: dict[str, float] = {
        name: getattr(AVERAGE, name) + noise * spread * float(np.clip(rng.standard_normal(), -2, 2))
        for name, spread in PEOPLE_DIFFER.items()
    }
    reach = min(noise, 1.0)
    traits |= {name: 0.5 + reach * float(rng.uniform(-0.5, 0.5)) for name in EVEN}
    if traits["skin"] > 0.6:  # fair hair looks unnatural with dark skin
        traits["hair"] = min(traits["hair"], 0.35)
    long_hair, beard, glasses = rng.random(3)
    is_long = bool(long_hair < LONG_HAIR * reach)
    return Person(
        **traits,
        long_hair=is_long,
        beard=float(beard < BEARD * reach and not is_long) * float(rng.uniform(0.4, 1)),
        glasses=bool(glasses < GLASSES * reach),
    )


def expression_of(emotion: str, rng: np.random.Generator, noise: float) -> Expression:
    """The expression in one picture: a mixture of both variants, with random intensity."""
    one, other = EXPRESSIONS[emotion]
    mix = np.clip(0.5 + noise * rng.uniform(-0.7, 0.7), 0, 1)
    shown = max(LEAST_SHOWN, 1 + noise * SHOWN * rng.standard_normal())
    actions = shown * ((1 - mix) * np.array(one) + mix * np.array(other))
    return Expression(*(actions + noise * 0.06 * rng.standard_normal(len(actions))).tolist())


def shot_of(rng: np.random.Generator, noise: float) -> Shot:
    """Camera and light of one picture."""
    turn, nod, tilt, right, down = np.array([0.09, 0.05, 4.0, 0.03, 0.025]) * noise * rng.standard_normal(5)
    side, above, soft, backdrop, warmth = noise * rng.uniform(-1, 1, 5)
    return Shot(
        turn=float(np.clip(turn, -0.2, 0.2)),
        nod=float(np.clip(nod, -0.1, 0.1)),
        tilt_deg=float(tilt),
        right=float(right),
        down=float(down),
        zoom=float(1.13 + 0.04 * noise * rng.standard_normal()),
        light=(-0.3 + 0.7 * float(side), -0.45 + 0.3 * float(above)),
        ambient=0.5 + 0.1 * float(soft),
        backdrop=min(max(0.5 + 0.4 * float(backdrop), 0.0), 1.0),
        warmth=float(warmth),
        grain=0.012 * min(noise, 2.0),
        grey=bool(rng.random() < GREY * noise),
    )


DATASET = Dataset(
    title="Drawn faces, a generated corpus: shaded portraits, 7 expressions, no photographed people",
    modalities=("image",),
    licence="Apache-2.0, as this package, which generates the pictures",
    cite="generated by affekt; contains no photographs",
    labels=label_set("fer-7"),
    options=DrawnFacesOptions,
    needs_root=False,
    invented=True,
    read=read,
)
