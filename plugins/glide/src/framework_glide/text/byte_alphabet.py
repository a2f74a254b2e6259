"""The characters that stand for bytes in a byte-level BPE (Radford et al. 2019, section 2.2)."""

from __future__ import annotations


def byte_characters() -> list[str]:
    """The 256 characters in the order the released vocabularies number them.

    Printable Latin-1 stands for itself and comes first; the other bytes follow in order, as
    U+0100 and up.
    """
    return list(CHARACTERS)


def _alphabet() -> dict[str, int]:
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


#: What byte each character stands for.
CHARACTERS = _alphabet()
