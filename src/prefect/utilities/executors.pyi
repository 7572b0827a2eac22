# Made by tools/stubs.py from the table in the module beside it.
from prefect.engine.heartbeat import HeartbeatThread as HeartbeatThread
from prefect.engine.heartbeat import run_with_heartbeat as run_with_heartbeat
from prefect.engine.heartbeat import subprocess_heartbeat as subprocess_heartbeat
from prefect.engine.heartbeat import threaded_heartbeat as threaded_heartbeat
from prefect.engine.mapping import flatten_mapped_children as flatten_mapped_children
from prefect.engine.mapping import flatten_upstream_state as flatten_upstream_state
from prefect.engine.mapping import prepare_upstream_states_for_mapping as prepare_upstream_states_for_mapping
from prefect.engine.timeouts import RecursiveCall as RecursiveCall
from prefect.engine.timeouts import multiprocessing_safe_run_and_retrieve as multiprocessing_safe_run_and_retrieve
from prefect.engine.timeouts import run_task_with_timeout as run_task_with_timeout
from prefect.engine.timeouts import run_with_multiprocess_timeout as run_with_multiprocess_timeout
from prefect.engine.timeouts import run_with_thread_timeout as run_with_thread_timeout
from prefect.engine.timeouts import tail_recursive as tail_recursive
