"""Results and targets: values in files, at places that name the run; what lies there already is not made again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import prefect
from prefect import Flow, Parameter, task
from prefect.engine.results import LocalResult
from prefect.engine.serializers import CompressedSerializer, JSONSerializer, PickleSerializer

folder = tempfile.mkdtemp()
json_files = LocalResult(dir=folder, serializer=JSONSerializer())
small_files = LocalResult(dir=folder, serializer=CompressedSerializer(PickleSerializer(), format="gzip"))


# target: where the value is written, and looked for first. Parameters, the context and the arguments may be named.
@task(result=json_files, target="{parameters[day]}/{task_name}.json")
def download(day: str) -> list[int]:
    print(f"downloading {day} ...")  # twice, not three times
    return [len(day), 2, 3]


# Without a target the value is written at each run, here to a file with a name of its own.
@task(result=small_files)
def enrich(rows: list[int]) -> dict[str, int]:
    return {"rows": len(rows), "sum": sum(rows)}


with Flow("results-and-targets") as flow:
    enriched = enrich(download(Parameter("day")))

if __name__ == "__main__":
    # With a backend this is always on; in a plain local run values are only written when asked for.
    with prefect.context(checkpointing=True):
        for day in ("monday", "tuesday", "monday"):
            state = flow.run(parameters={"day": day})
            print(f"{day}: {state.result[enriched].result}")
    for path in sorted(Path(folder).rglob("*.json")):
        print(f"{path.relative_to(folder)}: {path.read_text()}")
