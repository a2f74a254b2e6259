from __future__ import annotations

import gzip
import json

import pytest

from framework.errors import UserError
from framework_codex import jsonl
from framework_codex.jsonl import field, read_jsonl


def name(record, number):
    return number, field(record, "name", str)


@pytest.fixture
def write(tmp_path):
    def write(content, file="records.jsonl"):
        path = tmp_path / file
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write


def test_numbers_lines_and_passes_over_empty_ones(write):
    path = write('{"name": "a"}\n\n  \r\n{"name": "b"}\r\n{"name": "ü"}')
    assert read_jsonl(path, name) == [(1, "a"), (4, "b"), (5, "ü")]


def test_tells_gzip_by_content(write):
    assert read_jsonl(write(gzip.compress(b'{"name": "a"}\n'), "x.jsonl"), name) == [(1, "a")]
    assert read_jsonl(write('{"name": "a"}\n', "x.jsonl.gz"), name) == [(1, "a")]


def test_reads_a_byte_order_mark_and_a_list(write):
    assert read_jsonl(write(b'\xef\xbb\xbf{"name": "a"}'), name) == [(1, "a")]
    assert read_jsonl(write('[\n {"name": "a"},\n {"name": "b"}]\n'), name) == [(1, "a"), (2, "b")]


def test_names_every_bad_line_in_one_error(write):
    lines = [
        b'{"name": "good"}',
        b'{"name": "cut',
        b'{"name": "\xff"}',
        b'{"nam": "x"}',
        b'{"name": 3}',
        b'{"name": null}',
        b'{"name": true}',
        b"[1]",
        b'"text"',
        b"[" * 100_000,
        b'{"name": ' + b"9" * 5000 + b"}",
    ]
    path = write(b"\n".join(lines))
    with pytest.raises(UserError) as caught:
        read_jsonl(path, name)
    message = str(caught.value).splitlines()
    assert "10 of 11 lines" in message[0]
    assert message[1:3] == [
        f"  {path}:2: not JSON: Unterminated string starting at (column 10)",
        f"  {path}:3: not UTF-8: byte 0xff at 11",
    ]
    assert "did you mean 'nam'?" in message[3]
    assert message[4].endswith("field 'name' is a whole number, expected a text")
    assert message[5].endswith("is null, expected a text")
    assert message[6].endswith("is true or false, expected a text")
    assert message[7].endswith("a list, expected an object: {...}")
    assert "nested too deeply" in message[9]
    assert "digits" in message[10]
    assert "skip_bad_lines: true" in message[-1]


def test_counts_what_it_does_not_show(write):
    with pytest.raises(UserError, match=r"(?s)and 80 more\n  no line is good"):
        read_jsonl(write("nonsense\n" * 100), name)


def test_skips_bad_lines_when_asked(write, caplog):
    path = write('{"name": "a"}\nnonsense\n')
    assert read_jsonl(path, name, skip_bad_lines=True) == [(1, "a")]
    assert f"left out 1 of 2 lines, the first: {path}:2" in caplog.text
    with pytest.raises(UserError, match="no line is good"):
        read_jsonl(write("nonsense\n"), name, skip_bad_lines=True)


def test_a_damaged_archive_keeps_what_was_read(write):
    whole = gzip.compress("".join(json.dumps({"name": str(i) * 50}) + "\n" for i in range(3000)).encode())
    path = write(whole[: len(whole) // 2])
    with pytest.raises(UserError, match="damaged from here on"):
        read_jsonl(path, name)
    assert read_jsonl(path, name, skip_bad_lines=True)[0] == (1, "0" * 50)


def test_a_line_without_end_is_not_read_whole(write, monkeypatch):
    monkeypatch.setattr(jsonl, "LONGEST_LINE", 2**20)
    path = write('{"name": "' + "x" * 2**21 + '"}\n{"name": "a"}\n' + '{"name": "' + "x" * 2**21 + '"}')
    with pytest.raises(UserError, match=r"2 of 3 lines[^:]*\n.*:1: longer than 1 MiB\n.*:3: longer"):
        read_jsonl(path, name)
    assert read_jsonl(path, name, skip_bad_lines=True) == [(2, "a")]


@pytest.mark.parametrize("content", ["", "\n \n", gzip.compress(b"", mtime=0)])
def test_an_empty_file_is_an_error(write, content):
    with pytest.raises(UserError, match="is empty"):
        read_jsonl(write(content), name)


def test_a_file_that_cannot_be_read_is_an_error(tmp_path):
    with pytest.raises(UserError, match="No such file"):
        read_jsonl(tmp_path / "none.jsonl", name)
    with pytest.raises(UserError, match="directory"):
        read_jsonl(tmp_path, name)


def test_field_defaults_and_numbers():
    assert field({}, "p", float, 0.5) == 0.5
    assert field({"p": None}, "p", float, 0.5) == 0.5
    assert field({"p": 1}, "p", float) == 1.0
    with pytest.raises(ValueError, match="a number, expected a whole number"):
        field({"n": 1.5}, "n", int)
