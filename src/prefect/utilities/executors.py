"""Public path of what runners and executors are made of; defined in the rooms of the engine, loaded on first use."""

from prefect._lazy import lazy

_TIMEOUTS, _HEARTBEAT, _MAPPING = "prefect.engine.timeouts", "prefect.engine.heartbeat", "prefect.engine.mapping"

__getattr__, __dir__ = lazy(
    __name__,
    dict.fromkeys(
        (
            "RecursiveCall",
            "multiprocessing_safe_run_and_retrieve",
            "run_task_with_timeout",
            "run_with_multiprocess_timeout",
            "run_with_thread_timeout",
            "tail_recursive",
        ),
        _TIMEOUTS,
    )
    | dict.fromkeys(("HeartbeatThread", "run_with_heartbeat", "subprocess_heartbeat", "threaded_heartbeat"), _HEARTBEAT)
    | dict.fromkeys(
        ("flatten_mapped_children", "flatten_upstream_state", "prepare_upstream_states_for_mapping"), _MAPPING
    ),
)
