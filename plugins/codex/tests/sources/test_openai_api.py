from __future__ import annotations

import math
import re
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from framework.errors import UserError
from framework_codex.code_model import CodeModel, Request, Sampling
from framework_codex.sources.config import OpenAIConfig
from framework_codex.sources.openai_api import OpenAIModel

PROMPT = "def f(x):\n"
KEY = "sk-very-secret"


def answer(n):
    return {"choices": [{"text": f"    return {i}"} for i in range(n)]}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def model(server, **parameters):
    parameters = {"backoff": 0.01, "timeout": 60.0, **parameters}
    url = parameters.pop("base_url", None) or server.url
    return OpenAIModel(None, OpenAIConfig(model="codegen-16b", base_url=url, **parameters))


def draw(model, n=1, tasks=("t/0",), **sampling):
    requests = [Request(task, i, PROMPT) for task in tasks for i in range(n)]
    drawn = dict(model.sample(requests, Sampling(**sampling)))
    return [drawn[i] for i in range(len(requests))]


def test_asks_for_several_at_a_time(serve):
    server = serve()
    source = model(server, n=4)
    assert isinstance(source, CodeModel)
    drawn = draw(source, 10, tasks=("t/0", "t/1"), temperature=0.5, top_p=0.9, max_tokens=7)
    assert len(drawn) == 20
    assert sorted(request["n"] for request in server.requests) == [2, 2, 4, 4, 4, 4]
    first = server.requests[0]
    assert {
        key: first[key] for key in ("model", "prompt", "temperature", "top_p", "max_tokens", "logprobs")
    } == {
        "model": "codegen-16b",
        "prompt": PROMPT,
        "temperature": 0.5,
        "top_p": 0.9,
        "max_tokens": 7,
        "logprobs": 1,
    }
    assert first["stop"] == ["\nclass", "\ndef", "\n#", "\nif"]
    assert len({request["seed"] for request in server.requests}) == 6
    assert set(server.paths) == {"/v1/completions"}


def test_at_temperature_0_one_answer_serves_all(serve):
    server = serve()
    assert [completion.text for completion in draw(model(server), 5, temperature=0)] == ["    return 0"] * 5
    assert [request["n"] for request in server.requests] == [1]


def test_a_server_that_gives_one_at_a_time_is_asked_again(serve):
    server = serve(lambda _: answer(1))
    assert len(draw(model(server), 3)) == 3
    assert [request["n"] for request in server.requests] == [3, 2, 1]
    assert len({request["seed"] for request in server.requests}) == 3


def test_requests_under_way_are_bounded(serve):
    together = threading.Barrier(3)

    def slowly(request):
        together.wait(60)
        time.sleep(0.02)
        return answer(request["n"])

    server = serve(slowly)
    draw(model(server, n=1, concurrency=3), 12)
    assert server.busiest == 3


def test_yields_what_is_finished_before_the_rest(serve):
    release, answered = threading.Event(), threading.Event()

    def held_up(handler):
        release.wait(60)
        answered.set()
        handler.reply(500, b"")

    server = serve(faults=[held_up])
    source = model(server, n=1, concurrency=2)
    samples = source.sample([Request("t/0", i, PROMPT) for i in range(4)], Sampling())
    next(samples)
    assert not answered.is_set()
    release.set()
    samples.close()


def test_stop_sequences_are_cut_here_as_well(serve):
    tokens = ["    ", "return", " 1", "\n", "print", "(1)"]
    logprobs = {"tokens": tokens, "token_logprobs": [-1.0, -0.5, -0.25, -2.0, -4.0, -8.0]}
    server = serve(lambda _: {"choices": [{"text": "".join(tokens), "logprobs": logprobs}]})
    (drawn,) = draw(model(server))
    assert (drawn.text, drawn.finish) == ("    return 1", "stop")
    assert (drawn.tokens, drawn.logprob) == (4, -3.75)


@pytest.mark.parametrize(
    ("choice", "tokens", "logprob"),
    [
        (
            {"logprobs": {"content": [{"token": "a", "logprob": -1.5}, {"token": "b", "logprob": -1}]}},
            2,
            -2.5,
        ),
        ({"logprobs": {"tokens": ["a"], "token_logprobs": [None]}}, 9, math.nan),
        ({"logprobs": None}, 9, math.nan),
        ({}, 9, math.nan),
    ],
)
def test_reads_log_probabilities_if_there_are_any(serve, choice, tokens, logprob):
    answer = {"choices": [{"text": "ab", **choice}], "usage": {"completion_tokens": 9}}
    (drawn,) = draw(model(serve(lambda _: answer)))
    assert drawn.tokens == tokens
    assert drawn.logprob == pytest.approx(logprob, nan_ok=True)


def test_reports_the_token_limit(serve):
    server = serve(lambda _: {"choices": [{"text": "x", "finish_reason": "length"}]})
    assert draw(model(server))[0].finish == "length"


@pytest.mark.parametrize(
    "fault",
    [(429, {"error": "slow down"}), (500, b"<html>"), (503, b""), "truncated", "hung_up"],
)
def test_tries_again(serve, fault, caplog):
    server = serve(faults=[fault, fault])
    assert draw(model(server))[0].text == "    return 0"
    assert len(server.requests) == 3
    assert "again in" in caplog.text


def waits(caplog):
    """Seconds before each further attempt, as they are announced."""
    return [float(found) for found in re.findall(r"again in ([\d.]+) s", caplog.text)]


@pytest.mark.parametrize("as_date", [False, True])
def test_waits_as_long_as_it_is_asked_to(serve, as_date, caplog):
    date = format_datetime(datetime.now(UTC) + timedelta(hours=1), usegmt=True)
    server = serve(faults=[(429, b"", {"Retry-After": date if as_date else "0.1"})])
    draw(model(server, longest_wait=0.2))
    assert waits(caplog) == [0.2 if as_date else 0.1]


def test_does_not_wait_longer_than_the_user_will(serve, caplog):
    server = serve(faults=[(429, b"", {"Retry-After": "3600"})])
    draw(model(server, longest_wait=0.1))
    assert waits(caplog) == [0.1]


def test_gives_up_in_the_end(serve):
    server = serve(faults=[(500, {"error": {"message": "no luck"}})] * 9)
    with pytest.raises(UserError, match="status 500: no luck, at attempt 3"):
        draw(model(server, retries=2))
    assert len(server.requests) == 3


@pytest.mark.parametrize("fault", ["trickling", lambda handler: time.sleep(1.5)])
def test_an_answer_has_to_come_in_time(serve, fault):
    server = serve(faults=[fault])
    with pytest.raises(UserError, match=r"in time|longer than"):
        draw(model(server, timeout=0.3, retries=0))


def test_nothing_there():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
        with pytest.raises(UserError, match="nothing listens there, at attempt 2"):
            draw(model(None, base_url=url, retries=1))


def test_what_was_answered_before_an_error_is_not_lost(serve):
    def late(request):
        time.sleep(0.05)
        return answer(request["n"])

    server = serve(late, faults=[(400, {"error": "bad"})])
    source = model(server, n=1, concurrency=4)
    got = []
    with pytest.raises(UserError, match="refuses the request"):
        got.extend(source.sample([Request("t/0", i, PROMPT) for i in range(50)], Sampling()))
    assert len(server.requests) - 1 == len(got)
    assert len(server.requests) < 40


def test_the_key_stays_secret(serve, monkeypatch, caplog):
    monkeypatch.setenv("MY_KEY", KEY + "\n")
    server = serve(faults=[(500, f"key {KEY}".encode()), (401, {"error": f"Incorrect API key: {KEY}"})])
    source = model(server, key_variable="MY_KEY")
    with pytest.raises(UserError) as caught:
        draw(source)
    assert "does not accept the key in the environment variable MY_KEY" in str(caught.value)
    assert server.headers[0]["Authorization"] == f"Bearer {KEY}"
    assert KEY not in caplog.text + str(caught.value) + repr(source) + repr(vars(source))


def test_a_password_in_netrc_is_not_sent(serve, monkeypatch, tmp_path):
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    server = serve()
    draw(model(server))
    assert "Authorization" not in server.headers[0]


def test_a_missing_key_is_asked_for(serve):
    server = serve(faults=[(401, b"")])
    with pytest.raises(
        UserError, match="asks for a key; put it into the environment variable OPENAI_API_KEY"
    ):
        draw(model(server))


def test_an_unknown_model_is_named_with_those_there_are(serve):
    server = serve(faults=[(404, {"error": {"message": "The model does not exist"}})])
    source = OpenAIModel(None, OpenAIConfig(model="codegen-16", base_url=server.url))
    with pytest.raises(UserError, match="no model 'codegen-16', did you mean 'codegen-16b'"):
        draw(source)


def test_a_used_up_account_is_not_asked_again(serve):
    server = serve(faults=[(429, {"error": {"code": "insufficient_quota", "message": "pay"}})])
    with pytest.raises(UserError, match="pay"):
        draw(model(server))
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"<html>welcome</html>", "does not answer in JSON: <html>welcome"),
        (b"[]", "does not answer in JSON"),
        ({"error": "x"}, "no choices"),
        ({"choices": []}, "no choices"),
        ({"choices": [1]}, "no choices"),
        ({"choices": [{"text": 5}]}, "no text"),
    ],
)
def test_an_answer_of_another_kind(serve, content, reason):
    with pytest.raises(UserError, match=reason):
        draw(model(serve(faults=[(200, content)])))


def test_a_redirect_is_not_followed(serve):
    server = serve(faults=[(301, b"", {"Location": "http://127.0.0.1:9/"})])
    with pytest.raises(UserError, match="leads elsewhere"):
        draw(model(server))


def test_goes_on_without_fields_the_server_does_not_take(serve):
    faults = [
        (400, {"error": {"message": "unknown field: seed"}}),
        (422, {"detail": "logprobs is not supported"}),
    ]
    server = serve(faults=faults)
    source = model(server, extra={"top_k": 5, "top_p": None})
    draw(source)
    draw(source)
    assert [("seed" in request, "logprobs" in request) for request in server.requests] == [
        (True, True),
        (False, True),
        (False, False),
        (False, False),
    ]
    assert server.requests[-1]["top_k"] == 5 and "top_p" not in server.requests[-1]


def test_a_suffix_is_sent(serve):
    server = serve()
    list(model(server).sample([Request("t", 0, "a", "b")], Sampling()))
    assert server.requests[0]["suffix"] == "b"


def test_a_chat_gives_the_code_of_the_answer(serve):
    text = "Sure:\n```python\ndef f(x):\n    return x\n```\nDone."
    answer = {"choices": [{"message": {"content": text}, "finish_reason": "stop"}]}
    server = serve(lambda _: answer)
    (drawn,) = draw(model(server, chat=True, system="Be brief."))
    assert drawn.text == "    return x\n"
    assert server.paths == ["/v1/chat/completions"]
    system, question = server.requests[0]["messages"]
    assert system == {"role": "system", "content": "Be brief."}
    assert question["content"].endswith(f"```python\n{PROMPT}\n```")
    assert "stop" not in server.requests[0] and server.requests[0]["logprobs"] is True


def test_a_chat_that_says_nothing_is_an_empty_completion(serve):
    server = serve(lambda _: {"choices": [{"message": {"content": None}}]})
    assert draw(model(server, chat=True))[0].text == ""


@pytest.mark.parametrize(
    ("parameters", "reason"),
    [
        ({"base_url": "localhost:8000"}, "has to begin with http"),
        ({"base_url": "http://me:secret@host/v1"}, "base_url holds a password"),
        ({"key_variable": "sk-abc"}, "name of an environment variable"),
    ],
)
def test_refuses_parameters_before_anything_is_sent(parameters, reason):
    with pytest.raises(UserError, match=reason) as caught:
        OpenAIModel(None, OpenAIConfig(model="m", **parameters))
    assert "secret" not in str(caught.value) and "sk-abc" not in str(caught.value)


def test_the_fingerprint_tells_models_apart():
    def fingerprint(**parameters):
        return OpenAIModel(None, OpenAIConfig(**{"model": "m", **parameters})).fingerprint()

    assert fingerprint() == fingerprint(timeout=1.0)
    assert len({fingerprint(), fingerprint(model="n"), fingerprint(chat=True)}) == 3
