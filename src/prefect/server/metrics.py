"""What the server counts about itself, and its text for Prometheus.

A writer of our own, because the format is twenty lines and the client library costs more than a start of the server
may. Nothing here looks at the database: counters are raised as things happen.

Source: https://prometheus.io/docs/instrumenting/exposition_formats/
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

__all__ = ["CONTENT_TYPE", "Histogram", "Metrics", "escape", "family"]

CONTENT_TYPE = b"text/plain; version=0.0.4; charset=utf-8"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)

Labels = tuple[tuple[str, str], ...]
Sample = tuple[str, Labels, float]


class Histogram:
    """How often a value fell below each of some bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def samples(self, labels: Labels = ()) -> Iterable[Sample]:
        below = 0
        for bound, count in zip((*self.bounds, float("inf")), self.counts, strict=True):
            below += count
            yield "_bucket", (*labels, ("le", "+Inf" if bound == float("inf") else f"{bound:g}")), below
        yield "_sum", labels, self.total
        yield "_count", labels, below


class Metrics:
    """The counters of one server process."""

    def __init__(self) -> None:
        self.requests: Counter[tuple[str, str]] = Counter()
        self.seconds: dict[str, Histogram] = {}
        self.commit_sizes = Histogram(SIZES)
        self.commit_seconds = Histogram(SECONDS)
        self.events: Counter[str] = Counter()
        self.http: Counter[str] = Counter()
        self.database_failures = 0

    def answered(self, operation: str, outcome: str, seconds: float) -> None:
        """Count an operation that came to its end; names come from the schema, so there are only so many."""
        self.requests[operation, outcome] += 1
        found = self.seconds.get(operation)
        if found is None:
            found = self.seconds[operation] = Histogram(SECONDS)
        found.observe(seconds)

    def committed(self, works: int, seconds: float, events: Collection[str]) -> None:
        """Count a commit and what became durable with it; called in the database's threads.

        Adding to a number is not one step there, but on SQLite only one thread commits, and a lost count in a million
        is worth no lock.
        """
        self.commit_sizes.observe(works)
        self.commit_seconds.observe(seconds)
        for event in events:
            self.events[event] += 1

    def families(self) -> Iterable[str]:
        """Give the text of everything counted here."""
        # Copies: another thread may add a new name meanwhile.
        requests, seconds, events = dict(self.requests), dict(self.seconds), dict(self.events)
        yield family(
            "proctor_operations_total",
            "counter",
            "GraphQL operations by root field and outcome.",
            [
                ("", (("operation", name), ("outcome", outcome)), count)
                for (name, outcome), count in sorted(requests.items())
            ],
        )
        yield family(
            "proctor_operation_seconds",
            "histogram",
            "Time to answer an operation, waiting of long polls included.",
            [sample for name in sorted(seconds) for sample in seconds[name].samples((("operation", name),))],
        )
        yield family(
            "proctor_http_responses_total",
            "counter",
            "HTTP responses by status.",
            [("", (("status", status),), count) for status, count in sorted(dict(self.http).items())],
        )
        yield family(
            "proctor_database_failures_total",
            "counter",
            "Operations that failed because the database could not be reached or written.",
            [("", (), self.database_failures)],
        )
        yield family("proctor_commit_works", "histogram", "Writes that shared one commit.", self.commit_sizes.samples())
        yield family(
            "proctor_commit_seconds", "histogram", "Time of one commit with its writes.", self.commit_seconds.samples()
        )
        for kind in ("flow_run", "task_run"):
            yield family(
                f"proctor_{kind}_states_total",
                "counter",
                f"States that {kind.replace('_', ' ')}s were brought to by this process.",
                [
                    ("", (("state", event.partition(":")[2]),), count)
                    for event, count in sorted(events.items())
                    if event.startswith(f"{kind}:")
                ],
            )


def family(name: str, kind: str, about: str, samples: Iterable[Sample]) -> str:
    """Write one metric with all its values."""
    lines = [f"# HELP {name} {about}", f"# TYPE {name} {kind}"]
    for suffix, labels, value in samples:
        written = ",".join(f'{key}="{escape(text)}"' for key, text in labels)
        lines.append(f"{name}{suffix}{{{written}}} {value:.10g}" if written else f"{name}{suffix} {value:.10g}")
    return "\n".join(lines) + "\n"


def gauges(name: str, about: str, label: str, values: Mapping[str, float]) -> str:
    """Write one gauge with a value for each name."""
    return family(name, "gauge", about, [("", ((label, key),), value) for key, value in sorted(values.items())])


def escape(text: str) -> str:
    """Write a label's value so that it can stand between quotes."""
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
