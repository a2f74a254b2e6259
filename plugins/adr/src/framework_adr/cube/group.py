"""Rubik's cube as a group: how every cubelet is turned, and what turning a face does to it.

The cube's frame has U along z, R along x and F against y. A state is a number for each of the 26 cubelets,
which of the 24 rotations of `framework.sim.rotations.parallel` it is turned by, about the middle of the cube;
where it is follows. States are batched, `(n, 26)` uint8.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from framework.sim import Ids, Streams
from framework.sim.rotations import Array, matrix, parallel, turn

State = NDArray[np.uint8]

#: Faces by their letters, in the order in which facelets are read, and what they face.
FACES = "URFDLB"
NORMALS = np.array([[0, 0, 1], [1, 0, 0], [0, -1, 0], [0, 0, -1], [-1, 0, 0], [0, 1, 0]])
#: Quarter turns, all clockwise as seen from outside, of the 18 moves: U, U2, U', R ...
QUARTERS = 3

#: Where cubelets are in the solved cube, `(26, 3)`: middles of faces as in `FACES`, edges, corners.
PLACES = np.array(
    [
        *NORMALS.tolist(),
        *sorted(
            (place for place in itertools.product((-1, 0, 1), repeat=3) if np.abs(place).sum() > 1),
            key=lambda place: (np.abs(place).sum(), place),
        ),
    ]
)
CUBELETS = len(PLACES)

#: The 24 rotations as matrices of whole numbers; rotation `SAME` is none.
ROTATIONS = matrix(parallel()).round().astype(np.int64)
SAME = int((np.eye(3, dtype=np.int64) == ROTATIONS).all(axis=(1, 2)).argmax())


def number(rotations: NDArray[np.int64]) -> NDArray[np.intp]:
    """Which of the 24 rotations matrices `(..., 3, 3)` are, `(...)`."""
    same = (rotations[..., None, :, :] == ROTATIONS).all(axis=(-2, -1))
    return np.asarray(same.argmax(axis=-1))


def nearest(quaternion: Array) -> State:
    """The nearest of the 24 rotations to quaternions `(..., 4)`: `(...)`."""
    return np.asarray(np.abs(quaternion @ parallel().T).argmax(axis=-1).astype(np.uint8))


def clockwise(face: int, quarters: int) -> int:
    """The rotation, by its number, that turns a face clockwise, seen from outside, by so many quarters."""
    quaternion = turn(np.array([-quarters * np.pi / 2]), NORMALS[face : face + 1].astype(np.float64))
    return int(nearest(quaternion)[0])


#: `PRODUCT[a, b]` is rotation b followed by a.
PRODUCT = number(ROTATIONS[:, None] @ ROTATIONS[None]).astype(np.uint8)
#: `WHERE[i, r]`: where cubelet i is when turned by r, `(26, 24, 3)`.
WHERE = np.einsum("rab,ib->ira", ROTATIONS, PLACES)
#: `IN_FACE[f, i, r]`: whether it is in a face then.
IN_FACE = np.einsum("fa,ira->fir", NORMALS, WHERE) == 1
#: `MOVE[f, q, i, r]`: how cubelet i is turned after face f was turned clockwise by q quarters.
MOVE = np.stack(
    [
        [
            np.where(IN_FACE[face], PRODUCT[clockwise(face, quarters)], np.arange(24))
            for quarters in range(QUARTERS + 1)
        ]
        for face in range(len(FACES))
    ]
).astype(np.uint8)


def _facelets() -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions and normals of the 54 facelets, face after face, each row by row as its net shows it."""
    right, down = (
        np.array([[1, 0, 0], [0, 1, 0], [1, 0, 0], [1, 0, 0], [0, -1, 0], [-1, 0, 0]]),
        np.array([[0, -1, 0], [0, 0, -1], [0, 0, -1], [0, 1, 0], [0, 0, -1], [0, 0, -1]]),
    )
    steps = np.array([-1, 0, 1])
    places = (
        NORMALS[:, None, None]
        + down[:, None, None] * steps[None, :, None, None]
        + right[:, None, None] * steps[None, None, :, None]
    )
    return places.reshape(54, 3), NORMALS.repeat(9, axis=0)


#: Positions of the 54 facelets of the solved cube, `(54, 3)`, and what they face.
FACELETS, _NORMAL = _facelets()
#: The cubelet that each of the 54 facelets of the solved cube is on.
OWNER = (FACELETS[:, None] == PLACES).all(axis=2).argmax(axis=1)
#: `_SHOWN[s, r]`: where sticker s is seen when its cubelet is turned by r, `(54, 24)`.
_SHOWN = (
    (np.einsum("rab,sb->sra", ROTATIONS, FACELETS)[:, :, None] == FACELETS).all(axis=3)
    & (np.einsum("rab,sb->sra", ROTATIONS, _NORMAL)[:, :, None] == _NORMAL).all(axis=3)
).argmax(axis=2)


def solved(count: int) -> State:
    """Cubes as they are sold, `(count, 26)`."""
    return np.full((count, CUBELETS), SAME, np.uint8)


def moved(state: State, face: NDArray[np.integer], quarters: NDArray[np.integer]) -> State:
    """States after one move each.

    Args:
        state: `(n, 26)`.
        face: which, by its place in `FACES`, `(n,)`.
        quarters: how far, clockwise as seen from outside, `(n,)`; of any sign.
    """
    return np.asarray(MOVE[face[:, None], quarters[:, None] % 4, np.arange(CUBELETS), state])


def scrambled(streams: Streams, ids: Ids, moves: int) -> State:
    """Solved cubes after so many random moves, none of the same face twice in a row: `(k, 26)`."""
    unit = streams.uniform(ids, 0.0, 1.0, 2 * moves).reshape(len(ids), moves, 2)
    state, last = solved(len(ids)), np.zeros(len(ids), np.intp)
    for i in range(moves):
        others = len(FACES) - (i > 0)
        last = ((i > 0) * (last + 1) + (unit[:, i, 0] * others).astype(np.intp)) % len(FACES)
        state = moved(state, last, 1 + (unit[:, i, 1] * QUARTERS).astype(np.intp))
    return state


def facelets(state: State) -> NDArray[np.uint8]:
    """Which sticker is seen at each of 54 places, `(n, 54)`; sticker s is of face s // 9.

    Faces as in `FACES`, each row by row as the usual net shows it.
    """
    seen = np.empty((len(state), len(OWNER)), np.uint8)
    places = _SHOWN[np.arange(len(OWNER)), state[:, OWNER]]
    np.put_along_axis(seen, places, np.arange(len(OWNER), dtype=np.uint8)[None], axis=1)
    return seen


def is_solved(state: State) -> NDArray[np.bool_]:
    """Whether every face has one colour, `(n,)`."""
    colours = facelets(state).reshape(-1, len(FACES), 9) // 9
    return np.asarray((colours == colours[:, :, :1]).all(axis=(1, 2)))
