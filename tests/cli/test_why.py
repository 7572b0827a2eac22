"""``prefect why``: the reasons that the API gives, one in a line."""

from __future__ import annotations

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


def test_what_is_no_id_is_told_before_anything_is_asked(invoke, api) -> None:
    done = invoke("why", "brave-otter")

    assert done.exit_code == 2
    assert "expected the id of a flow run, got 'brave-otter'" in done.output
