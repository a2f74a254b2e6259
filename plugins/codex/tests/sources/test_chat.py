from __future__ import annotations

import pytest

from framework_codex.sources.chat import completion_of, extract_code

PROMPT = 'from typing import List\n\n\ndef total(numbers: List[int]) -> int:\n    """ Their sum. """\n'
BODY = "    return sum(numbers)\n"
WHOLE = PROMPT + BODY
OTHER = "def total(numbers):\n    return sum(numbers)\n"
DOCUMENTED = 'def total(numbers):\n    """ Use it so:\n    ```\n    total([1])\n    ```\n    """\n' + BODY


def check(answer):
    names = {}
    exec(PROMPT + completion_of(answer, PROMPT), names)
    assert names["total"]([1, 2, 3]) == 6


@pytest.mark.parametrize(
    "answer",
    [
        f"```python\n{WHOLE}```",
        f"```python\n{OTHER}```",
        f"```\n{OTHER}\n```",
        f"``` Python\n{OTHER}```",
        f"```py title='x'\n{OTHER}```",
        f"~~~python\n{OTHER}~~~",
        f"````python\n{OTHER}````",
        f"Sure! Here it is:\n\n```python\n{OTHER}```\n\nUse it:\n\n```python\nprint(total([1]))\n```",
        f"First install:\n```bash\npip install x && echo longer than the code is\n```\n```py\n{OTHER}```",
        f"A first try\n```python\ndef total(numbers):\n    return 0\n```\nBetter:\n```python\n{OTHER}```",
        f"```python\n{OTHER}```\nIn short\n```python\ndef total(numbers): ...  # as (above\n  oops\n```",
        f"```python\n{OTHER}",
        "1. The code\n\n   ```python\n   def total(numbers):\n       return sum(numbers)\n   ```\n",
        f"<think>\n```python\ndef total(numbers): return 1\n```\n</think>\n```python\n{OTHER}```",
        f"```python\n{BODY}```",
        "```python\nreturn sum(numbers)\n```",
        f"```python\n{DOCUMENTED}```",
        f"```python\r\n{OTHER}```".replace("\n", "\r\n"),
        OTHER,
        WHOLE,
        BODY,
        f"Here is the function:\n\n{OTHER}\nIt adds the numbers.",
        f"The answer:\n\nimport math\n\n{OTHER}",
        f"```python\nasync def other(): pass\n```\n```python3\n{OTHER}```",
        # The closing fence alone.
        f"{OTHER}```",
        f"{BODY}```",
        f"{BODY}```\n",
        f"{BODY}```\nThis sums the numbers.\n",
        f"{BODY}```\nDone",
        f"{OTHER}```\n\nExample:\n\n```python\nprint(total([1]))\n```\n",
        f"Here is the function:\n\n{OTHER}```\nIt adds the numbers.",
        f"{WHOLE}~~~\n",
        "return sum(numbers)\n```",
        f"x = 1\n{OTHER}```\nand that is all there is to say about it, however long this may get",
        # The opening fence alone.
        f"Here:\n```python\n{OTHER}\n",
        f"```\n{BODY}",
        # Cut off.
        f"```python\n{OTHER}``",
        f"```python\n{OTHER}`",
        f"```python\n{BODY}`",
        f"{OTHER}``",
        f"{BODY}``\n",
        f"``python\n{OTHER}```",
        f"`\n{OTHER}`",
        f"python\n{OTHER}```",
        f"python\n{OTHER}",
        f"```python\n{OTHER}```\nUse it:\n```python\nprint(tot",
        f"```python\n{OTHER}```\nUse it:\n```pyth",
        f"```python\n{OTHER}```\nUse it:\n`",
        # Glued.
        f"Here is the code:```python\n{OTHER}```",
        f"Here is the code: ```python\n{OTHER}``` It adds.",
        f"```python{OTHER}```",
        f"```{OTHER}```",
        f"```python {OTHER}```",
        f"```Python\n{OTHER.rstrip()}```",
        f"```python\n{BODY.rstrip()}```",
        f"{BODY.rstrip()}```",
        f"{OTHER.rstrip()}```\nIt adds the numbers.",
        "```python def total(numbers): return sum(numbers)```",
        "```def total(numbers): return sum(numbers)```",
        "```python\ndef total(numbers): return sum(numbers)```",
        "```pythonreturn sum(numbers)```",
        "```\nreturn sum(numbers)```",
        f"```python\n{OTHER}```Explanation: it adds.",
        f"```python\ndef total(numbers):\n    return 0\n```python\n{OTHER}```",
        f"```pythonimport math\n{OTHER}```",
        f"```bash\npip install x```\n```python\n{OTHER.rstrip()}```",
        f"reasoning without a beginning\n</think>\n```python\n{OTHER}```",
        f"  ```python\n{BODY}  ```",
        f"~~~python\n{BODY.rstrip()}```",
        f"```python\n{OTHER}~~~\nSo it is.",
        "```python\nresult = 0\n    for n in numbers:\n        result += n\n    return result\n```",
        f"This is it:\n\n{BODY}\nAs you see.",
        # Fences within the code are none.
        f"```python\nFENCE = '```'\n{OTHER}```",
        f"{DOCUMENTED}```",
        f"```python\n{DOCUMENTED.rstrip()}```",
        f"```python\n# a fence: ```x```\n{OTHER}```",
    ],
)
def test_finds_the_code_of_an_answer(answer):
    check(answer)


def test_without_a_name_the_longest_block_counts():
    answer = "```python\na = 1\n```\n```python\nb = 2\nc = 3\n```"
    assert extract_code(answer) == "b = 2\nc = 3\n"
    assert extract_code("```js\nlet a\n```") == "let a\n"


@pytest.mark.parametrize("answer", ["", "```", "```python\n```", "<think>for ever", "\n\n"])
def test_an_answer_without_code_is_empty(answer):
    assert completion_of(answer, PROMPT).strip() in ("", "```")


def test_prose_alone_stays_as_it_is():
    assert extract_code("I cannot do that, sorry.") == "I cannot do that, sorry."


def test_a_prompt_that_cannot_be_closed_takes_the_code_as_it_is():
    assert completion_of("```python\n1)\n```", "x = (") == "1)\n"


def test_the_middle_of_a_program():
    assert completion_of("```python\ndef f():\n    a\n    b\n```", "def f():\n", "    b\n") == "    a\n"
    assert completion_of("```python\n    a\n```", "def f():\n", "    b\n") == "    a\n"
