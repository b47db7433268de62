"""What is sent in one system call, what by itself, and what is left of it when a connection closes."""

import asyncio

from llmring_server.outgoing import LARGE, Outbox, Outgoing, outbox_of


class Wire:
    """A transport that notes what it was given."""

    def __init__(self):
        self.sent = []
        self.closed = False

    def write(self, data):
        assert not self.closed
        self.sent.append(bytes(data))

    def close(self):
        self.closed = True

    abort = close

    def is_closing(self):
        return self.closed


class Named(Wire):
    """A transport that notes with its name what it was given."""

    def __init__(self, name, said):
        super().__init__()
        self.write = lambda data: said.append((name, data))


def sent(play, passes=2):
    """Return what goes over the wire when `play` writes to it within one pass of the loop."""

    async def main():
        wire = Wire()
        play(Outgoing(wire, Outbox(asyncio.get_running_loop())), wire)
        for _ in range(passes):
            await asyncio.sleep(0)
        return list(wire.sent)

    return asyncio.run(main())


def write(*parts):
    return lambda outgoing, wire: [outgoing.write(part) for part in parts]


def test_a_head_and_its_body_are_sent_at_once():
    assert sent(write(b"head", b"body")) == [b"headbody"]


def test_two_answers_of_one_pass_are_sent_at_once_too():
    assert sent(write(b"head", b"body", b"next head", b"next body")) == [b"headbodynext headnext body"]


def test_what_is_written_is_sent_in_the_same_pass():
    assert sent(write(b"head"), passes=0) == []
    assert sent(write(b"head"), passes=1) == [b"head"]


def test_connections_send_in_the_order_in_which_they_began_to_write():
    async def main():
        said, outbox = [], Outbox(asyncio.get_running_loop())
        first, second = (Outgoing(Named(name, said), outbox) for name in "ab")
        for outgoing, part in ((second, b"1"), (first, b"2"), (second, b"3")):
            outgoing.write(part)
        await asyncio.sleep(0)
        first.write(b"4")
        await asyncio.sleep(0)
        return said

    assert asyncio.run(main()) == [("b", b"13"), ("a", b"2"), ("a", b"4")]


def test_the_connections_of_a_process_have_one_outbox():
    async def main():
        state, loop = {}, asyncio.get_running_loop()
        return outbox_of(state, loop) is outbox_of(state, loop)

    assert asyncio.run(main())


def test_a_body_of_nothing_sends_the_head():
    assert sent(write(b"head", b"")) == [b"head"]


def test_nothing_is_sent_as_nothing():
    assert sent(write(b"")) == []


def test_a_large_body_is_sent_behind_its_head_without_being_copied():
    large = b"x" * (LARGE + 1)
    assert sent(write(b"head", large), passes=0) == [b"head", large]


def test_what_waits_never_grows_beyond_its_limit():
    assert sent(write(b"x" * LARGE, b"y"), passes=0) == [b"x" * LARGE, b"y"]


def test_what_may_change_is_copied_before_it_waits():
    def play(outgoing, wire):
        part = bytearray(b"as it is")
        outgoing.write(part)
        part[:] = b"changed"

    assert sent(play) == [b"as it is"]


def test_what_waits_is_sent_before_a_close():
    def play(outgoing, wire):
        outgoing.write(b"goodbye")
        outgoing.close()
        assert outgoing.is_closing()

    assert sent(play) == [b"goodbye"]


def test_what_waits_is_not_sent_after_an_abort():
    def play(outgoing, wire):
        outgoing.write(b"goodbye")
        outgoing.abort()

    assert sent(play) == []


def test_what_waits_is_not_sent_over_a_connection_that_was_lost():
    def play(outgoing, wire):
        outgoing.write(b"goodbye")
        wire.closed = True

    assert sent(play) == []
