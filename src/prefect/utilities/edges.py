"""Face of ``prefect.core.annotations``."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    dict.fromkeys(("EdgeAnnotation", "flatten", "mapped", "unmapped"), "prefect.core.annotations"),
)

__all__ = ["EdgeAnnotation", "flatten", "mapped", "unmapped"]  # noqa: F822 - lazy names
