"""Training functions of the kind that the probe of variable binding asks for."""

from __future__ import annotations

from framework_codex.problems.bindings import probe, texts


def test_none_is_in_the_probe() -> None:
    made = list(texts(400, seed=0))
    assert len(made) == 400
    asked = [problem.prompt for operations in range(5) for problem, _ in probe(4, operations, 100)]
    assert not [text for text in made if text.startswith(tuple(asked))]


def test_they_do_what_they_say() -> None:
    for text in texts(50, seed=3):
        names: dict[str, object] = {}
        exec(text, names)
        arguments = text[text.index("(") + 1 : text.index(")")].split(", ")
        expected = 1
        for number, name in enumerate(arguments):
            value = 10 + number
            for line in text.splitlines():
                if line.startswith(f"    {name} = {name} "):
                    sign, amount = line.split()[-2:]
                    value += int(sign + amount)
            expected *= value
        assert names["do_work"](*range(10, 10 + len(arguments))) == expected  # type: ignore[operator]


def test_the_seed_decides() -> None:
    assert list(texts(20, seed=1)) == list(texts(20, seed=1)) != list(texts(20, seed=2))
