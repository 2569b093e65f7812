"""A model of the settings writes summaries; everybody who reads one sees who wrote it."""

import pytest

from aftercall.settings import BadSetting
from tests.model_server import Reply, open_model_server
from tests.web.ended_and_live_calls import record_calls
from tests.web.intake_harness import open_intake
from tests.web.rest_server import BuildServer


async def test_a_summary_says_who_wrote_it_and_what_it_took(build_server: BuildServer) -> None:
    with open_model_server() as model:
        server = build_server(
            summary_model_url=model.url,
            summary_model="small",
            summary_model_key="sk-secret",
            outbound_allow="127.0.0.0/8",
        )
        async with open_intake(server) as intake:
            await record_calls(intake)
            (over,) = [each for each in await intake.sessions() if each["status"] == "ENDED"]
            url = f"/v1/apps/{intake.owner.app_id}/calls/{over['id']}"
            page = (await intake.owner.request_url("GET", url)).json()["data"]
            summary = page["summary"]
            assert summary["text"].endswith("## Decisions\n- The release moves to October.\n")
            assert (summary["model"], summary["fallback"]) == ("small", None)
            assert (summary["prompt_tokens"], summary["completion_tokens"]) == (100, 20)
            assert model.keys == ["Bearer sk-secret"]
            model.replies = [Reply(403)]
            summaries = server.services.summaries
            await summaries.request(intake.owner.app_id, over["id"])
            await summaries.carry_out(intake.owner.app_id, over["id"])
            page = (await intake.owner.request_url("GET", url)).json()["data"]
            summary = page["summary"]
            assert (summary["model"], summary["fallback"]) == (None, "http_403")
            assert summary["state"] == "COMPLETED" and "Friday" in summary["text"]
        await server.services.sender.close()


def test_an_address_without_the_name_of_a_model_is_refused(build_server: BuildServer) -> None:
    with pytest.raises(BadSetting, match="summary_model_url needs summary_model"):
        build_server(summary_model_url="https://models.example.com/v1")
