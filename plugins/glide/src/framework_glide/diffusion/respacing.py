"""Which of the original timesteps a shorter process visits (Nichol & Dhariwal 2021, section 4)."""

from __future__ import annotations

from framework.errors import UserError

FAST27 = "10,10,3,2,2"
FORMS = (
    "give a number of steps (27), `fast27`, `ddim50`, or steps per equal part of the process (10,10,3,2,2)"
)


def parse(respacing: str) -> tuple[str, tuple[int, ...]]:
    """Read a respacing string.

    Args:
        respacing: "" for every timestep, "27", "10,10,3,2,2", "ddim50" or "fast27".

    Returns:
        Its kind, one of "all", "parts", "stride", "fast27"; and its numbers, each at least 1.

    Raises:
        UserError: the string has another form.
    """
    text = respacing.strip()
    if not text:
        return "all", ()
    if text == "fast27":
        return "fast27", tuple(map(int, FAST27.split(",")))
    stride = text.startswith("ddim")
    numbers = text.removeprefix("ddim").split(",")
    if not all(number.strip().isdecimal() and int(number) >= 1 for number in numbers):
        raise UserError(f"steps: {respacing!r} is no choice of timesteps\n  {FORMS}")
    if stride and len(numbers) != 1:
        raise UserError(
            f"steps: {respacing!r} has several numbers; ddim takes one, such as ddim50\n  {FORMS}"
        )
    return ("stride" if stride else "parts"), tuple(map(int, numbers))


def timesteps(steps: int, respacing: str) -> list[int]:
    """Choose timesteps out of a longer process.

    A number per equal part spreads that many timesteps over each part, both of the part's ends
    among them. `ddimN` takes every k-th timestep from 0 on, for the k that gives exactly N.
    `fast27` is 10,10,3,2,2 with its noisiest timestep one spread earlier (997 instead of 999 out
    of 1000), as the released upsampler is sampled.

    Args:
        steps: length of the original process.
        respacing: see `parse`.

    Returns:
        Original timesteps, ascending, without repetition, each in [0, steps).

    Raises:
        UserError: a malformed string, or more timesteps asked for than there are.
    """
    kind, numbers = parse(respacing)
    if kind == "all":
        return list(range(steps))
    if kind == "stride":
        return _strided(steps, numbers[0])
    chosen = [step for part in _parts(steps, numbers, respacing) for step in part]
    if kind == "fast27":
        # The last part ends with the last timestep of all: from pure noise straight there leaves artefacts.
        chosen[-1] -= 2
    return chosen


def _strided(steps: int, count: int) -> list[int]:
    for stride in range(1, steps + 1):
        chosen = list(range(0, steps, stride))
        if len(chosen) == count:
            return chosen
    raise UserError(
        f"steps: no whole stride through {steps} timesteps takes exactly {count} of them\n"
        f"  write {count} instead of ddim{count} to spread them evenly"
    )


def _parts(steps: int, counts: tuple[int, ...], respacing: str) -> list[list[int]]:
    size, longer = divmod(steps, len(counts))
    parts, start = [], 0
    for number, count in enumerate(counts):
        length = size + (number < longer)
        if count > length:
            raise UserError(
                f"steps: {respacing!r} asks for {count} timesteps out of {length}"
                f" (part {number + 1} of {len(counts)} of a process of {steps})\n"
                f"  give at most {length} there"
            )
        # Accumulating the stride, as the reference does, settles which way halves are rounded.
        stride, at = ((length - 1) / (count - 1) if count > 1 else 1.0), 0.0
        part = []
        for _ in range(count):
            part.append(start + round(at))
            at += stride
        parts.append(part)
        start += length
    return parts
