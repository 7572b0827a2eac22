"""Texts read by spaCy."""

from __future__ import annotations

from typing import Any, ClassVar

from prefect.tasks.authoring.declared import DeclaredTask


class SpacyNLP(DeclaredTask, init="text nlp spacy_model_name disable component_cfg exclude", run="text"):
    """Reads a text and gives the document.

    Args:
        nlp: a pipeline; else the model ``spacy_model_name`` is loaded when the task is made.
        disable, exclude: names of components that are not used, or not even loaded.
        component_cfg: settings of components, for models of the second version of spaCy.
    """

    packages: ClassVar[tuple[str, ...]] = ("spacy",)
    text: str = ""
    nlp: Any = None
    spacy_model_name: str = "en_core_web_sm"
    disable: list[str] | None = None
    component_cfg: dict[str, Any] | None = None
    exclude: list[str] | None = None
    empties: ClassVar[dict[str, type]] = {"disable": list, "component_cfg": dict, "exclude": list}
    needs: ClassVar[dict[str, str]] = {"text": "A text string must be provided"}

    def work(self) -> Any:
        """Read the text.

        Raises:
            ValueError: the model is not installed.
        """
        return self._pipeline()(self.text)

    def _pipeline(self) -> Any:
        if self.nlp is not None:
            return self.nlp
        how = {"disable": self.disable or [], "exclude": self.exclude or []}
        if self.component_cfg:
            how["config"] = {"components": self.component_cfg}  # type: ignore[assignment]
        try:
            return self.module("spacy").load(self.spacy_model_name, **how)
        except OSError:
            raise ValueError(
                self.complaint(f"The spaCy model {self.spacy_model_name} is not installed.", "spacy_model_name")
            ) from None


class SpacyComponentTask(DeclaredTask):
    """Gives a component of a pipeline.

    Args:
        nlp: the pipeline.
    """

    packages: ClassVar[tuple[str, ...]] = ()
    needs: ClassVar[dict[str, str]] = {"nlp": "A spaCy pipeline must be provided"}
    component: ClassVar[str] = ""
    nlp: Any = None

    def work(self) -> Any:
        """Give the component.

        Raises:
            ValueError: the pipeline has none of this name.
        """
        return self.found(self.component)

    def found(self, name: str) -> Any:
        known = dict(self.nlp.pipeline)
        if name not in known:
            raise ValueError(self.complaint(f"The spaCy pipeline has no component {name!r}.", "nlp"))
        return known[name]


class SpacyTagger(SpacyComponentTask, args="nlp"):
    """Gives the tagger of a pipeline."""

    component: ClassVar[str] = "tagger"


class SpacyParser(SpacyComponentTask, args="nlp"):
    """Gives the parser of a pipeline."""

    component: ClassVar[str] = "parser"


class SpacyNER(SpacyComponentTask, args="nlp"):
    """Gives the component of a pipeline that finds names."""

    component: ClassVar[str] = "ner"


class SpacyComponent(SpacyComponentTask, init="component_name nlp", run="component_name= nlp"):
    """Gives a component of a pipeline by its name."""

    component_name: str = ""
    needs: ClassVar[dict[str, str]] = {
        "nlp": "A spaCy pipeline must be provided",
        "component_name": "A component name must be provided",
    }

    def work(self) -> Any:
        """Give the component.

        Raises:
            ValueError: the pipeline has none of this name.
        """
        return self.found(self.component_name)
