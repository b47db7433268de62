"""A wrong clock: the start is refused, and running servers do nothing that cannot be undone."""

import pytest

from llmring_server.database.checks.clock import WrongClock
from llmring_server.errors import StartupError
from llmring_server.runtime.background import upkeep


@pytest.mark.parametrize(("minutes", "said"), [(6, "ahead of"), (-6, "behind"), (527_040, "ahead of")])
def test_a_clock_that_is_wrong_by_more_than_five_minutes_stops_the_start(llmring_live, shift_clock, minutes, said):
    shift_clock(minutes)
    with pytest.raises(StartupError, match=f"more than 5 minutes {said} the database's") as caught:
        llmring_live(["usage"])
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("minutes", [4, -4])
def test_a_clock_that_is_wrong_by_less_is_accepted(llmring_live, shift_clock, minutes):
    shift_clock(minutes)
    assert llmring_live([]).client(None).get("/health").status_code == 200


def test_a_clock_that_changes_while_the_server_runs_is_noticed(llmring_live, shift_clock):
    server = llmring_live([])
    server.run(server.server.database.check_clock())
    shift_clock(6)
    with pytest.raises(WrongClock):
        server.run(server.server.database.check_clock())


def test_periodic_work_is_tried_again_when_the_clock_is_right_again(llmring_live, shift_clock, caplog):
    server, done = llmring_live([]), []

    async def work():
        await server.server.database.check_clock()
        done.append(True)

    async def run():
        async with upkeep(work, "tidy", 0.001):
            while not caplog.records:
                await server.server.database.ping()
            assert not done
            shift_clock(0)
            while not done:
                await server.server.database.ping()

    shift_clock(6)
    server.run(run())
    assert "tidy upkeep failed and will be tried again: this machine's clock" in caplog.text
