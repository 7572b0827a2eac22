"""The public place of the functions that store and load flows."""

from prefect._lazy import lazy

__getattr__, __dir__ = lazy(
    __name__,
    dict.fromkeys(
        (
            "extract_flow_from_file",
            "extract_flow_from_module",
            "flow_from_bytes_pickle",
            "flow_to_bytes_pickle",
            "get_flow_image",
        ),
        "prefect.storage.loading",
    ),
)
