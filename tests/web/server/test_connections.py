from collections.abc import Iterator

import pytest

from aftercall.web.server.connections import (
    BEHIND_IT,
    LEAST_TAKEN,
    LINGER_S,
    MOST_UNSENT_BYTES,
    STUCK_S,
)
from tests.web.server.connection_harness import (
    LIMITS,
    ClientConnection,
    ServerProcess,
    open_process,
)

GET = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n"
NEVER = b"GET /never HTTP/1.1\r\nhost: a\r\n\r\n"


@pytest.fixture
def process() -> Iterator[ServerProcess]:
    with open_process() as made:
        yield made


def busy(process: ServerProcess, count: int) -> list[ClientConnection]:
    """Connections whose requests are being answered."""
    lines = [process.connect() for _ in range(count)]
    for line in lines:
        line.send(NEVER)
    return lines


def test_the_longest_idle_connection_is_closed_for_a_new_one(process: ServerProcess) -> None:
    early, late, asking = process.connect(), process.connect(), process.connect()
    late.send(GET)
    process.loop.pass_time(1)
    early.send(GET)
    asking.send(NEVER)
    process.connect()
    assert late.transport.is_aborted
    assert not early.transport.is_ended
    assert not asking.transport.is_ended
    assert process.counted("made_room") == 1


def test_an_idle_connection_is_closed_before_one_that_sends_a_request(
    process: ServerProcess,
) -> None:
    sending, idle = process.connect(), process.connect()
    sending.send(b"GET / HTTP/1.1\r\n")
    idle.send(GET)
    process.connect()
    process.connect()
    assert idle.transport.is_aborted
    assert not sending.transport.is_ended


def test_a_new_connection_is_refused_while_all_others_are_answered(process: ServerProcess) -> None:
    lines = busy(process, LIMITS.connections)
    newcomer = process.connect()
    assert newcomer.statuses == [503]
    assert not any(line.transport.is_ended for line in lines)
    assert process.counted("too_many") == 1


def test_a_refused_connection_is_closed_first(process: ServerProcess) -> None:
    idle, refused, _ = process.connect(), process.connect(), *busy(process, 1)
    idle.send(GET)
    refused.send(b"no request\r\n\r\n")
    process.connect()
    assert refused.transport.is_aborted
    assert not idle.transport.is_ended


def test_of_sending_connections_the_stalled_one_is_closed(process: ServerProcess) -> None:
    getting_on, halted, _ = process.connect(), process.connect(), *busy(process, 1)
    halted.send(b"POST / HTTP/1.1\r\n")
    getting_on.send(b"POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 9\r\n\r\n")
    process.connect()
    assert halted.transport.is_aborted
    assert not getting_on.transport.is_ended


def test_a_connection_whose_second_request_is_answered_is_not_idle(process: ServerProcess) -> None:
    lines = busy(process, LIMITS.connections - 1)
    again = process.connect()
    again.send(GET)
    again.send(NEVER)
    assert process.connect().statuses == [503]
    assert not any(line.transport.is_ended for line in (again, *lines))


def test_a_connection_idle_for_too_long_after_its_last_answer_is_closed(
    process: ServerProcess,
) -> None:
    first, second = process.connect(), process.connect()
    for line in (first, second):
        line.protocol.timeout_keep_alive = 75
        line.send(GET)
    process.loop.pass_time(60)
    first.send(GET)
    assert first.statuses == [200, 200]
    process.loop.pass_time(20)
    assert second.transport.is_ended and not second.transport.is_aborted
    assert not first.transport.is_ended
    process.loop.pass_time(60)
    assert first.transport.is_ended


def test_an_aborted_connection_is_not_counted_before_it_is_lost(process: ServerProcess) -> None:
    idle = process.connect()
    idle.send(GET)
    asking = busy(process, LIMITS.connections - 1)
    asking += busy(process, 1)
    assert idle.transport.is_aborted
    asking.pop().close()
    asking += busy(process, 1)
    assert not any(line.transport.is_ended for line in asking)
    idle.close()
    assert process.connect().statuses == [503], "one place is not left twice"


def test_a_connection_with_a_long_unread_answer_is_closed_for_a_new_one(
    process: ServerProcess,
) -> None:
    stuck, *_ = busy(process, LIMITS.connections)
    stuck.wait_for_reader(100_000)
    process.loop.pass_time(STUCK_S - 1)
    early = process.connect()
    assert early.statuses == [503]
    early.close()
    process.loop.pass_time(2)
    assert process.connect().statuses == []
    assert stuck.transport.is_aborted


def test_a_reader_that_is_too_slow_is_disconnected(process: ServerProcess) -> None:
    slow, steady = busy(process, 2)
    for line in (slow, steady):
        line.wait_for_reader(200_000)
    slow.transport.unsent_bytes -= LEAST_TAKEN - 1
    steady.transport.unsent_bytes -= LEAST_TAKEN
    process.loop.pass_time(LIMITS.unsent_s + 1)
    assert slow.transport.is_aborted
    assert not steady.transport.is_ended
    assert process.counted("slow_reader") == 1
    process.loop.pass_time(LIMITS.unsent_s + 1)
    assert steady.transport.is_aborted, "what it took before counts no more"


def test_a_reader_that_read_everything_is_not_slow(process: ServerProcess) -> None:
    (line,) = busy(process, 1)
    line.wait_for_reader(200_000)
    line.protocol.resume_writing()
    process.loop.pass_time(LIMITS.unsent_s + 1)
    assert not line.transport.is_ended


def test_the_longest_unread_answers_are_aborted_beyond_the_total_limit(
    process: ServerProcess,
) -> None:
    first, second, third = busy(process, 3)
    third_of_it = MOST_UNSENT_BYTES // 3 - BEHIND_IT
    first.wait_for_reader(third_of_it)
    second.wait_for_reader(third_of_it)
    assert not first.transport.is_ended
    third.wait_for_reader(third_of_it + 100)
    assert [line.transport.is_aborted for line in (first, second, third)] == [True, False, False]
    assert process.counted("unsent_bytes") == 1


def test_a_refused_client_has_time_to_read_the_reason(process: ServerProcess) -> None:
    line = process.connect()
    line.send(b"no request\r\n\r\n")
    assert line.statuses == [400]
    process.loop.pass_time(LINGER_S)
    assert not line.transport.is_aborted
    process.loop.pass_time(1)
    assert line.transport.is_aborted


def test_a_stopping_process_closes_its_connections_in_time(process: ServerProcess) -> None:
    (line,) = busy(process, 1)

    async def stop() -> None:
        process.connections.drain(4)

    process.loop.run_until_complete(stop())
    process.loop.pass_time(3.5)
    assert not line.transport.is_ended
    process.loop.pass_time(1)
    assert line.transport.is_aborted


def test_a_connection_after_an_idle_time_is_watched(process: ServerProcess) -> None:
    process.connect().close()
    process.loop.pass_time(1)
    silent = process.connect()
    process.loop.pass_time(LIMITS.head_s + 1)
    assert silent.transport.is_ended


def test_the_metrics_count_open_connections(process: ServerProcess) -> None:
    lines = busy(process, 2)
    assert process.metrics.get_sample_value("aftercall_connections") == 2
    lines[0].close()
    assert process.metrics.get_sample_value("aftercall_connections") == 1
