"""The courier's one thread: it is begun once, and nobody waits for another meanwhile."""

from __future__ import annotations

import threading

import pytest

from claude_widget.page.courier import Courier
from tests.waiting import BOUND, until


class Idle:
    """An outlet with nothing to send."""

    watching = False

    def __init__(self) -> None:
        self.asked = 0

    def send_one(self) -> bool:
        self.asked += 1
        return False


def test_a_widget_that_is_collected_in_the_thread_that_begins_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    courier, gone, outlet, other = Courier(), Idle(), Idle(), Idle()
    begin, begun = threading.Thread.start, list[str]()

    def collects_first(self: threading.Thread) -> None:
        begun.append(self.name)
        removes = threading.Thread(target=courier.remove, args=(gone,), daemon=True)
        begin(removes)
        removes.join(BOUND)
        assert not removes.is_alive()
        adds = threading.Thread(target=courier.add, args=(other,), daemon=True)
        begin(adds)
        adds.join(BOUND)
        assert not adds.is_alive()
        begin(self)

    monkeypatch.setattr(threading.Thread, "start", collects_first)
    courier.add(outlet)
    until(lambda: outlet.asked and other.asked, what="both are asked")
    assert begun == ["claude-widget-courier"]
    for one in (outlet, other):
        courier.remove(one)
    courier.call(outlet)


def test_without_a_thread_the_next_outlet_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_more(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    courier, outlet = Courier(), Idle()
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", no_more)
        with pytest.raises(RuntimeError):
            courier.add(outlet)
    courier.add(outlet)
    until(lambda: outlet.asked, what="it is asked")
    courier.remove(outlet)
    courier.call(outlet)
