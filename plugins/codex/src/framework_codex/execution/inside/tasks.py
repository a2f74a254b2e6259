"""The event loop of a program, run for as long as the tests outside wait for something of it.

Tests await a program's coroutines in a loop of their own, outside. All those coroutines share one
loop in here, so that they can wait for each other; each time the tests' loop comes round, this one is
run for a moment.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio

#: Seconds the loop is run for at once, if nothing ends it earlier.
_MOMENT = 0.01


class Tasks:
    """What the tests wait for, by awaitable."""

    def __init__(self) -> None:
        self.loop: asyncio.AbstractEventLoop | None = None
        self.tasks: dict[int, asyncio.Task[Any]] = {}

    def step(self, awaitable: Any, cancel: bool) -> tuple[bool, Any]:
        """Go on with an awaitable: whether it is done, and its result.

        Raises:
            BaseException: whatever it raised.
        """
        import asyncio

        if self.loop is None:
            self.loop = asyncio.new_event_loop()
            asyncio.set_event_loop(self.loop)
        task = self.tasks.get(id(awaitable))
        if task is None:
            task = self.tasks[id(awaitable)] = self._begin(self.loop, awaitable)
        elif not task.done():
            timer = self.loop.call_later(_MOMENT, self.loop.stop)
            if cancel:
                task.cancel()
            self.loop.run_forever()
            timer.cancel()
        if not task.done():
            return False, None
        del self.tasks[id(awaitable)]
        return True, task.result()

    def _begin(self, loop: Any, awaitable: Any) -> asyncio.Task[Any]:
        """Run something up to where it first waits, and nothing else, as whoever awaits it expects."""
        others, loop._ready = loop._ready, type(loop._ready)()
        task: asyncio.Task[Any] = loop.create_task(_wait_for(awaitable))
        task.add_done_callback(lambda _: loop.stop())
        loop.call_soon(loop.stop)
        loop.run_forever()
        loop._ready.extendleft(reversed(others))
        return task

    def turn(self, times: int) -> Generator[None, None, None]:
        """Let the tests' loop outside run, `times` times since something is waited for there."""
        if self.loop is None or not self.loop.is_running():
            raise RuntimeError("what is awaited belongs to the tests' event loop, which does not run now")
        if times > 10:
            time.sleep(0.001)
        self.loop.stop()
        yield


async def _wait_for(awaitable: Any) -> Any:
    return await awaitable
