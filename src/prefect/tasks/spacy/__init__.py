"""Tasks for spaCy."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    {
        **dict.fromkeys(
            (
                "SpacyComponent",
                "SpacyNER",
                "SpacyNLP",
                "SpacyParser",
                "SpacyTagger",
            ),
            "prefect.tasks.spacy.spacy_tasks",
        ),
    },
    rooms=("spacy_tasks",),
)
