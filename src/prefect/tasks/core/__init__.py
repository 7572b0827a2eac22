"""Tasks that every flow may contain: constants, collections, functions, operators, resources."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__, {}, rooms=("collections", "constants", "function", "operators", "resource_manager")
)
