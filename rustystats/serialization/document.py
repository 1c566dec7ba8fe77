"""The model file as a whole: written at once, checked before anything in it is believed.

    {"format": "rustystats model", "version": 1, "checksum": "sha256:...", "model": {...}}

The checksum is that of the version and the model, written without blanks, so that a file that was
laid out anew still reads, and one in which a digit was changed does not. It guards against damage
and against edits by hand; it is no signature.
"""

import hashlib
import json
import os
import secrets
from contextlib import contextmanager
from pathlib import Path

FORMAT, VERSION = "rustystats model", 1


def write_document(path, model):
    """Write a model file; one that is there is replaced once the new one is complete."""
    head = {"format": FORMAT, "version": VERSION, "checksum": _checksum(VERSION, model)}
    text = _written({**head, "model": model})
    path = Path(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {path.parent}")
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with open(part, "x", encoding="utf-8", newline="\n") as file:
            file.write(text + "\n")
        os.replace(part, path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def read_document(path):
    """The model of a file, a dict.

    Raises
    ------
    ValueError
        If the file is damaged or truncated, was edited, is of a newer version, or no model file.
    OSError
        If it cannot be read at all.
    """
    content = Path(path).read_bytes()
    try:
        document = json.loads(
            content.decode("utf-8"), object_pairs_hook=_object, parse_constant=_refuse_constant
        )
    except (ValueError, RecursionError) as error:
        raise ValueError(
            f"{path} is damaged or truncated, or no model file: what there is ({len(content)} "
            f"bytes) is no complete JSON ({error}); take another copy, or save the model again"
        ) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise ValueError(
            f"{path} is no model file of rustystats: it does not say "
            f'"format": "{FORMAT}"; save one by result.save(path)'
        )
    version = document.get("version")
    if isinstance(version, bool) or not isinstance(version, int) or version < 1:
        raise ValueError(f"{path} is damaged: its version is {version!r}")
    if version > VERSION:
        raise ValueError(
            f"{path} has version {version} of the model format, and this release of rustystats "
            f"reads versions up to {VERSION}: install a newer release"
        )
    model = document.get("model")
    if not isinstance(model, dict) or set(document) != {"format", "version", "checksum", "model"}:
        raise ValueError(f"{path} is damaged: it is not made of format, version, checksum, model")
    found = _checksum(version, model)
    if document["checksum"] != found:
        raise ValueError(
            f"{path} was damaged or edited after it was saved: its content has checksum {found}, "
            f"and the file says {document['checksum']}; take another copy, or save the model again"
        )
    return model


@contextmanager
def reading(path, part):
    """Errors inside say which part of which file cannot be read."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        said = f"{error!r} is missing" if isinstance(error, KeyError) else str(error)
        raise ValueError(
            f"{path} cannot be read, though its checksum is right: {part}: {said}; save the model "
            "again"
        ) from None


def _checksum(version, model):
    text = _written({"version": version, "model": model})
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _written(content):
    return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _object(pairs):
    """A dict of pairs, none of them twice."""
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice in an object")
    return made


def _refuse_constant(text):
    raise ValueError(f"{text} is no number of JSON")
