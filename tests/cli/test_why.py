"""``prefect why``: the reasons that the API gives, one in a line."""

from __future__ import annotations

import json

RUN_ID = "11111111-1111-1111-1111-111111111111"


def test_it_prints_the_state_and_every_reason(invoke, api) -> None:
    found = {"ready": False, "state": "Scheduled", "reasons": ["No agent asks for work.", "It is late."]}
    api.data("why_not_running(", why_not_running=found)

    done = invoke("why", RUN_ID)

    assert done.output.splitlines() == ["Scheduled", "- No agent asks for work.", "- It is late."]
    assert api.asked[-1].variables == {"id": RUN_ID}


def test_a_ready_run_is_told_to_be_ready(invoke, api) -> None:
    api.data("why_not_running(", why_not_running={"ready": True, "state": "Scheduled", "reasons": ["Nothing."]})

    assert invoke("why", RUN_ID).output.splitlines()[0] == "Scheduled (ready)"


def test_a_run_may_be_named_and_a_program_gets_all_there_is(invoke, api) -> None:
    cause = {"code": "NO_AGENT", "text": "No agent asks for work."}
    found = {"ready": False, "state": "Scheduled", "reasons": [cause["text"]], "causes": [cause], "queue_position": 3}
    api.data("flow_run(", flow_run=[{"id": RUN_ID, "name": "brave-otter"}])
    api.data("why_not_running(", why_not_running=found)

    done = invoke("why", "brave-otter", "-o", "json")

    assert json.loads(done.output) == {"flow_run_id": RUN_ID, **found}


def test_what_is_no_run_is_told(invoke, api) -> None:
    api.data("flow_run(", flow_run=[])

    done = invoke("why", "brave-otter")

    assert (done.exit_code, "There is no flow run 'brave-otter'" in done.output) == (1, True)
