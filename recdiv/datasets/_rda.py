"""R's serialised data frames (``.rda``) as published, read straight into pandas.

Why not rdata, which reads everything R can write: it took 40 s for the half million rows of Online Retail, this
reader 1 s. Only what a data frame is made of is understood: vectors of strings, integers, logicals and reals, lists
and attributes, in the binary big-endian ("X") format of versions 2 and 3. Nothing is ever executed.
Format: R Internals, section 1.8 (Serialization Formats).
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

_SYM, _LIST, _CHAR, _LGL, _INT, _REAL, _STR, _VEC = 1, 2, 9, 10, 13, 14, 16, 19
_ALTREP, _REF, _NIL = 238, 255, 254
_NA_INT = -(2**31)
_LATIN1 = 1 << 14  # a string's flag; else UTF-8 or ASCII
_LIMIT = 1 << 30  # no published file here comes near a gigabyte


def read_rda(path: Path) -> dict[str, pd.DataFrame]:
    """Data frames of an ``.rda`` file by name; dates stay numbers, R's NA becomes missing.

    Raises:
        ValueError: if it is not such a file, or holds something other than data frames.
    """
    data = _decompressed(path.read_bytes())
    if data[:7] not in (b"RDX2\nX\n", b"RDX3\nX\n"):
        raise ValueError(f"{path.name} must be an R data file in binary format (RDX2 or RDX3), got {data[:7]!r}")
    try:
        objects = _Reader(data, 7).document()
    except (struct.error, IndexError) as error:
        raise ValueError(f"{path.name} is truncated: it ends inside an object") from error
    return {name: _frame(path.name, name, value) for name, value in objects.items()}


def _decompressed(data: bytes) -> bytes:
    stream: Any = None
    for magic, module in ((b"\xfd7zXZ", lzma), (b"\x1f\x8b", gzip), (b"BZh", bz2)):
        if data.startswith(magic):
            stream = module
    plain: bytes = stream.decompress(data) if stream else data
    if len(plain) > _LIMIT:
        raise ValueError(f"an .rda file must unpack to at most {_LIMIT:,} bytes, got {len(plain):,}")
    return plain


class _Vector:
    """Values with R's attributes."""

    def __init__(self, values: Any) -> None:  # noqa: ANN401
        self.values = values
        self.attributes: dict[str, _Vector] = {}


class _Reader:
    def __init__(self, data: bytes, position: int) -> None:
        self.data, self.position = data, position
        self.symbols: list[str] = []

    def integer(self) -> int:
        (value,) = struct.unpack_from(">i", self.data, self.position)
        self.position += 4
        return int(value)

    def document(self) -> dict[str, Any]:
        version = self.integer()
        self.position += 8  # the R that wrote it, the oldest that can read it
        if version == 3:
            length = self.integer()
            self.position += length  # native encoding: every string carries its own
        objects = self.item()
        if not isinstance(objects, dict):
            raise ValueError(f"an .rda file must hold a list of named objects, got {type(objects).__name__}")
        return objects

    def item(self) -> Any:  # noqa: ANN401
        flags = self.integer()
        kind, has_attributes = flags & 0xFF, bool(flags & 0x200)
        if kind == _NIL:
            return None
        if kind == _REF:
            return self.symbols[(flags >> 8 or self.integer()) - 1]
        if kind == _SYM:
            self.symbols.append(self.item())
            return self.symbols[-1]
        if kind == _LIST:
            return self.pairs(flags)
        if kind == _CHAR:
            return self.text(flags)
        if kind == _ALTREP:
            return self.compact()
        vector = _Vector(self.vector(kind))
        if has_attributes:
            vector.attributes = self.item()
        return vector

    def pairs(self, flags: int) -> dict[str, Any]:
        """A pair list, as a dict by tag; walked in a loop because R nests it as deep as it is long."""
        found: dict[str, Any] = {}
        while flags & 0xFF == _LIST:
            if flags & 0x200:
                self.item()
            name = self.item() if flags & 0x400 else f"[{len(found)}]"
            found[name] = self.item()
            flags = self.integer()
        return found

    def vector(self, kind: int) -> Any:  # noqa: ANN401
        length = self.integer()
        if kind in (_INT, _LGL):
            return self.numbers(">i4", length)
        if kind == _REAL:
            return self.numbers(">f8", length)
        if kind == _STR:
            return self.texts(length)
        if kind == _VEC:
            return [self.item() for _ in range(length)]
        raise ValueError(f"an .rda file must hold plain data frames, got an R object of type {kind}")

    def numbers(self, dtype: str, length: int) -> Any:  # noqa: ANN401
        width = np.dtype(dtype).itemsize * length
        if self.position + width > len(self.data):
            raise IndexError
        values = np.frombuffer(self.data, dtype, length, self.position)
        self.position += width
        return values.astype(np.dtype(dtype).newbyteorder("="))

    def text(self, flags: int) -> str | None:
        length = self.integer()
        if length < 0:
            return None
        self.position += length
        return _decode(self.data[self.position - length : self.position], flags)

    def texts(self, length: int) -> list[str | None]:
        """Strings of a vector, in one tight loop; equal ones share their memory."""
        data, at, head = self.data, self.position, struct.Struct(">ii").unpack_from
        known: dict[bytes, str] = {}
        values: list[str | None] = []
        for _ in range(length):
            flags, size = head(data, at)
            at += 8
            if size < 0:
                values.append(None)
                continue
            raw = data[at : at + size]
            at += size
            text = known.get(raw)
            if text is None:
                text = known[raw] = _decode(raw, flags)
            values.append(text)
        self.position = at
        return values

    def compact(self) -> Any:  # noqa: ANN401
        """What R keeps short: an arithmetic sequence (count, first, step), or a wrapper around a plain vector."""
        info, state, _ = self.item(), self.item(), self.item()
        name = next(iter(info.values()))
        if name in ("compact_intseq", "compact_realseq"):
            count, first, step = state.values
            return _Vector(first + step * np.arange(int(count)))
        if str(name).startswith("wrap_"):
            return next(iter(state.values())) if isinstance(state, dict) else state.values[0]
        raise ValueError(f"an .rda file must hold plain vectors, got R's {name}")


def _decode(raw: bytes, flags: int) -> str:
    return raw.decode("latin-1") if flags & _LATIN1 else raw.decode("utf-8", "replace")


def _frame(file: str, name: str, value: Any) -> pd.DataFrame:  # noqa: ANN401
    if not isinstance(value, _Vector) or not isinstance(value.values, list) or "names" not in value.attributes:
        raise ValueError(f"{file}: {name} must be a data frame")
    return pd.DataFrame(
        {column: _column(vector) for column, vector in zip(value.attributes["names"].values, value.values, strict=True)}
    )


def _column(vector: _Vector) -> Any:  # noqa: ANN401
    levels = vector.attributes.get("levels")
    if levels is not None:  # a factor: positions from 1
        return pd.Categorical.from_codes(np.maximum(vector.values - 1, -1), levels.values).astype(object)
    if isinstance(vector.values, np.ndarray) and vector.values.dtype == np.int32:
        missing = vector.values == _NA_INT
        return pd.Series(vector.values).astype("Int64").mask(missing) if missing.any() else vector.values
    return vector.values
