"""A dialogue method of a few lines, for the tests: words of a turn and of two earlier ones, and its sound."""

from affekt.core.method import Method

METHOD = Method(
    config="config:TinyDialogueConfig",
    model="model:TinyDialogue",
    objective="objective:TinyDialogueObjective",
    preprocess="preprocess:TinyDialoguePreprocess",
    weights="weights:WEIGHTS",
    tasks=("single_label",),
)
