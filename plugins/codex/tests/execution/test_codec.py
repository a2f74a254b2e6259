"""The codec: what goes in comes out as exact built-in types; what no encoder wrote is refused."""

from __future__ import annotations

import contextlib
import math
from collections import Counter, OrderedDict, namedtuple
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framework_codex.execution.inside.codec import Decoder, Encoder, Malformed, Unsendable
from framework_codex.execution.inside.watch import Watch

text = st.text(st.characters(), max_size=20)  # lone surrogates included
atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.complex_numbers(allow_nan=False),
    text,
    st.binary(max_size=20),
    st.decimals(allow_nan=False),
    st.fractions(),
    st.dates(),
    st.datetimes(),
    st.timedeltas(),
    st.sampled_from([range(3), range(9, -2, -3), int, str, list]),
)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), text, st.binary(max_size=5))
hashable = scalars | st.tuples(scalars, scalars) | st.frozensets(scalars, max_size=3)
values = st.recursive(
    atoms | hashable,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.tuples(inner, inner, inner)
        | st.dictionaries(hashable, inner, max_size=5)
        | st.sets(hashable, max_size=5)
        | st.lists(st.integers(), min_size=17, max_size=40)
        | st.lists(st.floats(), min_size=17, max_size=20).map(tuple)
        | st.binary(max_size=4).map(bytearray)
    ),
    max_leaves=12,
)


def through(value: Any, **options: Any) -> Any:
    encoder = Encoder(**options)
    encoder.write(value)
    return Decoder(bytes(encoder.out)).read()


def alike(one: Any, other: Any) -> bool:
    """Equal, of equal types all the way down, NaN and the sign of zero included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    if isinstance(one, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    if isinstance(one, dict):
        return alike(list(one.items()), list(other.items()))
    return bool(one == other)


@given(values)
def test_round_trip(value: Any) -> None:
    assert alike(through(value), value)


@given(values, values)
def test_several_values_in_a_row(first: Any, second: Any) -> None:
    several = [first, second]
    encoder = Encoder()
    for value in several:
        encoder.write(value)
    decoder = Decoder(bytes(encoder.out))
    assert alike([decoder.read() for _ in several], several) and decoder.done()


@given(values, st.data())
@settings(max_examples=150)
def test_damaged_bytes_are_refused_or_plain(value: Any, data: st.DataObject) -> None:
    encoder = Encoder()
    encoder.write(value)
    damaged = bytearray(encoder.out)
    for _ in range(data.draw(st.integers(1, 3))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        Decoder(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]), nodes=10_000).read()


@given(st.binary(max_size=200))
def test_noise_is_refused_or_plain(noise: bytes) -> None:
    with contextlib.suppress(Malformed):
        Decoder(noise, nodes=10_000).read()


def test_subclasses_arrive_as_their_base_values() -> None:
    class Liar(dict):  # type: ignore[type-arg]
        def items(self) -> Any:
            raise AssertionError("asked")

        __len__ = __iter__ = keys = items  # type: ignore[assignment]

    class Number(int):
        def __int__(self) -> int:
            raise AssertionError("asked")

        __index__ = __int__

    class Text(str):
        __slots__ = ()

        def __str__(self) -> str:
            raise AssertionError("asked")

        encode = __iter__ = __str__  # type: ignore[assignment]

    class Items(list):  # type: ignore[type-arg]
        def __iter__(self) -> Any:
            raise AssertionError("asked")

        __len__ = __getitem__ = __iter__  # type: ignore[assignment]

    point = namedtuple("point", "x y")  # noqa: PYI024
    found = through(
        [Liar(a=1), Number(5), Text("t"), Items([1]), point(1, 2), Counter("aa"), OrderedDict(x=1)]
    )
    assert alike(found, [{"a": 1}, 5, "t", [1], (1, 2), {"a": 2}, {"x": 1}])


def test_numpy_scalars_arrive_as_numbers() -> None:
    numpy = pytest.importorskip("numpy")
    given = [numpy.int64(3), numpy.float32(0.5), numpy.float64(0.1), numpy.bool_(True), numpy.str_("a")]
    assert alike(through(given), [3, 0.5, 0.1, True, "a"])


def test_library_values_are_rebuilt_where_asked() -> None:
    value = [Counter("ab"), Decimal("1.50"), Fraction(1, 3)]
    found = through(value, rebuild=True)
    assert found == value and type(found[0]) is Counter


def test_data_without_end_is_not_sent() -> None:
    cyclic: list[Any] = []
    cyclic.append(cyclic)
    with pytest.raises(Unsendable, match="deep"):
        through(cyclic)
    with pytest.raises(Unsendable, match="large"):
        through("x" * 1000, limit=100)
    with pytest.raises(Unsendable, match="large"):
        through([[1, "a"] for _ in range(1000)], limit=100)
    with pytest.raises(Unsendable, match="object"):
        through(object())


def test_few_bytes_cannot_become_much() -> None:
    encoder = Encoder()
    encoder.write([()] * 1000)
    with pytest.raises(Malformed, match="large"):
        Decoder(bytes(encoder.out), nodes=500).read()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"Q", b"i\0", b"s\xff\xff\xff\xff", b"R\0\0\0\0", b"h\0\0\0\0\1\0\0\0x", b"n\1\0\0\0x",
        b"V\4\0\0\0evalt\0\0\0\0", b"S\1\0\0\0l\0\0\0\0", b"Plq\3\0\0\0abc", b"l\xff\xff\xff\xff",
        b"r\3\0\0\0NNN", b"s\2\0\0\0\xff\xff",
    ],
)  # fmt: skip
def test_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Decoder(data, nodes=1000).read()


def test_containers_are_numbered_alike_on_both_sides() -> None:
    inner = [1]
    value = {"a": inner, "b": [inner, {2}], "c": bytearray(b"x"), "d": list(range(20))}
    sent: list[Any] = []
    encoder = Encoder(known=sent, number=True)
    encoder.write(value)
    received: list[Any] = []
    found = Decoder(bytes(encoder.out), known=received, number=True).read()
    assert received == sent and found["b"][0] is found["a"]


def test_changes_are_noticed() -> None:
    containers: list[Any] = [[1, 2], {"a": 1}, {1}, bytearray(b"ab"), [3]]
    watch = Watch(containers)
    assert list(watch.changed()) == []
    containers[0][0] = 9
    containers[1]["b"] = 2
    containers[2].add(2)
    containers[3] += b"c"
    assert [number for number, _ in watch.changed()] == [0, 1, 2, 3]
