"""Looking for a part of a text, whatever its case: in texts that an index knows, and in those that none does."""

from __future__ import annotations

import pytest

NAMES = ("Kiln and été", "KILN and ÉTÉ", "kiln_and_Ete", "50% of it", "a\\b")
PATTERNS = {
    "%kiln%": {0, 1, 2},
    "KILN AND %": {0, 1},
    "%été": {0, 1},
    "%ÉTÉ%": {0, 1},
    "%and_ete": {2},
    "%ln\\_and%": {2},
    "50\\%%": {3},
    "A\\\\b": {4},
    "kiln": set(),
    "%": {0, 1, 2, 3, 4},
}


@pytest.fixture
def ask_names(api):
    """Lines of a log, and runs, of the same texts; gives what finds them by a condition."""
    flow_id = api.register()
    runs = [api.do("create_flow_run", flow_id=flow_id, flow_run_name=name)["id"] for name in NAMES]
    lines = [{"flow_run_id": runs[0], "message": name, "level": "INFO"} for name in NAMES]
    api.do("write_run_logs", "success", logs=lines)

    def find(operator, pattern):
        answer = api.ask(
            "query($run: uuid!, $text: String_comparison_exp!) {"
            " log(where: {flow_run_id: {_eq: $run}, message: $text}) { message }"
            " flow_run(where: {name: $text}) { name } }",
            {"run": runs[0], "text": {operator: pattern}},
        ).data
        found = [row["message"] for row in answer["log"]], [row["name"] for row in answer["flow_run"]]
        return [{NAMES.index(name) for name in names} for names in found]

    return find


@pytest.mark.parametrize("pattern", PATTERNS)
def test_a_part_is_found_whatever_its_case(ask_names, pattern):
    assert ask_names("_ilike", pattern) == [PATTERNS[pattern]] * 2
    assert ask_names("_nilike", pattern) == [set(range(5)) - PATTERNS[pattern]] * 2
