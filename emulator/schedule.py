"""EventBridge by the emulator's clock: a rule fires when that clock passes its time; a jump skips what lies between."""

from collections.abc import Callable

from ministack.services import eventbridge

from emulator.clock import Clock
from emulator.patching import replace, require

TICK = 0.5  # seconds of this machine between two looks at the rules


def patch(clock: Clock) -> None:
    """Make ministack's scheduler read the moved clock, and read it often."""
    require(eventbridge, "_rules", "_rule_last_fired")
    replace(eventbridge, "_now_ts", lambda _: lambda: clock.now().timestamp())
    replace(eventbridge, "_SCHEDULER_TICK_INTERVAL", lambda _: TICK)
    replace(eventbridge, "_tick_scheduled_rules", lambda tick: _counting_from_the_jump(tick, clock))


def _counting_from_the_jump(tick: Callable[[], None], clock: Clock) -> Callable[[], None]:
    """Treat every rule as fired at the time that the clock was moved to."""
    seen = clock.moved()

    def look() -> None:
        nonlocal seen
        moved = clock.moved()
        if moved and moved != seen:
            seen = moved
            for rule in list(eventbridge._rules._data):
                eventbridge._rule_last_fired[rule] = moved[0].timestamp()
        tick()

    return look
