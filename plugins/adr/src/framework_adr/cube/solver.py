"""Ways to solve the cube, by Kociemba's two-phase algorithm."""

from __future__ import annotations

from framework_adr.cube.group import FACES, State, facelets, is_solved

#: How moves are written: quarter turns, clockwise.
_QUARTERS = {"": 1, "2": 2, "'": 3}


def solution(state: State) -> list[tuple[int, int]]:
    """Moves that solve one cube, `(26,)`: faces, and quarters to turn them clockwise, 1 to 3.

    At most 24 moves, always the same for the same state.
    """
    import kociemba  # type: ignore[import-untyped]  # random goals do without it

    if is_solved(state[None])[0]:
        return []
    letters = "".join(FACES[colour] for colour in facelets(state[None])[0] // 9)
    moves = kociemba.solve(letters).split()
    return [(FACES.index(move[0]), _QUARTERS[move[1:]]) for move in moves]


def quarter_turns(moves: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same moves as single quarter turns: faces, and 1 for clockwise or -1."""
    return [
        (face, -1 if quarters == 3 else 1)
        for face, quarters in moves
        for _ in range(2 if quarters == 2 else 1)
    ]
