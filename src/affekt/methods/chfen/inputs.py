"""The inputs of the network, as its config states them."""

from __future__ import annotations

from affekt.core.spec import InputSpec, TensorSpec

from .config import CHFENConfig

PRESENT = "present"


def input_spec(config: CHFENConfig) -> InputSpec:
    """Names, shapes and meanings; steps are seconds from the start of the video."""
    several, widths = len(config.named) > 1, config.widths
    specs: list[TensorSpec] = []
    for name in config.named:
        width = getattr(widths, name)
        if name in ("title", "audio"):
            meaning = "embedding of the title" if name == "title" else "embedding of the whole sound track"
            specs.append(_spec(name, "b d", (width,), meaning, name, several))
            continue
        meaning = "embedding of the scene" if name == "video" else "embedding of subtitle and caption"
        # Two axes of time: a modality that is missing has one step.
        time = "t" if name == "video" else "s"
        specs.append(_spec(name, f"b {time} d", (None, width), f"{meaning}, each second", name, several))
        if name == "video" and config.has_faces:
            meaning = "embeddings of the faces of a frame, weighted by their share of its area; 0 without"
            specs.append(_spec("faces", "b t d", (None, width), meaning, name, several))
            specs.append(
                TensorSpec(
                    name="face_count",
                    axes="b t",
                    shape=(None,),
                    dtype="int64",
                    meaning="faces of each frame",
                    modality=name,
                    padding=0,
                    optional=several,
                )
            )
        specs.append(
            TensorSpec(
                name=f"{name}_steps",
                axes=f"b {time}",
                shape=(None,),
                meaning="1 for each step of the video, 0 for what fills a batch",
                modality=name,
                padding=0,
                optional=several,
                mask=True,
            )
        )
    if several:
        specs.append(
            TensorSpec(
                name=PRESENT,
                axes="b m",
                shape=(len(config.named),),
                meaning=f"1 for each of {', '.join(config.named)} that is there, else 0",
            )
        )
    return InputSpec(inputs=tuple(specs), presence=PRESENT if several else "")


def _spec(
    name: str, axes: str, shape: tuple[int | None, ...], meaning: str, modality: str, optional: bool
) -> TensorSpec:
    return TensorSpec(
        name=name,
        axes=axes,
        shape=shape,
        meaning=meaning,
        modality=modality,
        padding=0.0 if None in shape else None,
        optional=optional,
    )
