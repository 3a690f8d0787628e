"""Writers whose bytes depend on the values alone, so that a rerun changes nothing."""

import importlib.metadata
import json
from pathlib import Path

import numpy
import torch

ROOT = Path(__file__).resolve().parent.parent
REFERENCE = ", ".join(
    f"{name} {importlib.metadata.version(name)}" for name in ("torch", "diffusers", "transformers")
)
SIZE_LIMIT = 1_000_000

DTYPE_NAMES = {
    torch.float64: "F64",
    torch.float32: "F32",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int64: "I64",
    torch.int32: "I32",
    torch.uint8: "U8",
    torch.bool: "BOOL",
}


def raw_bytes(tensor):
    """The little-endian, row-major bytes of a tensor."""
    tensor = tensor.detach().cpu().contiguous()
    if tensor.numel() == 0:
        return b""
    return tensor.reshape(-1).view(torch.uint8).numpy().tobytes()


def save_tensors(path, tensors, metadata=None):
    """Writes a safetensors file with sorted keys; the library's own writer keeps no order in the metadata."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    header, blobs, offset = {}, [], 0
    header["__metadata__"] = {key: str(value) for key, value in sorted((metadata or {}).items())}
    for name in sorted(tensors):
        tensor = tensors[name]
        if isinstance(tensor, numpy.ndarray):
            tensor = torch.from_numpy(tensor)
        blob = raw_bytes(tensor)
        header[name] = {
            "dtype": DTYPE_NAMES[tensor.dtype],
            "shape": list(tensor.shape),
            "data_offsets": [offset, offset + len(blob)],
        }
        blobs.append(blob)
        offset += len(blob)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(len(text).to_bytes(8, "little") + text + b"".join(blobs))
    check_size(path)


def save_fixture(path, tensors, **metadata):
    """A safetensors file under the fixtures folder, marked with the reference's version."""
    save_tensors(ROOT / path, tensors, {"reference": REFERENCE, **metadata})


def save_json(path, value, indent=1):
    """A JSON file under the fixtures folder, ASCII only, so that no editor changes a test text."""
    path = ROOT / path
    path.parent.mkdir(parents=True, exist_ok=True)
    separators = (",", ":") if indent is None else None
    path.write_text(json.dumps(value, indent=indent, separators=separators, ensure_ascii=True) + "\n")
    check_size(path)


def save_json_rows(path, head, key, rows):
    """A JSON object `{**head, key: rows}` with one row a line."""
    path = ROOT / path
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [json.dumps(name) + ": " + json.dumps(value) + "," for name, value in head.items()]
    body = ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows)
    path.write_text("{\n" + "\n".join(lines) + "\n" + json.dumps(key) + ": [\n" + body + "\n]}\n")
    check_size(path)


def check_size(path):
    """Fixtures are committed: none may reach a megabyte."""
    size = path.stat().st_size
    if size >= SIZE_LIMIT and "examples" not in path.parts:
        raise SystemExit(f"{path} has {size} bytes, the limit is {SIZE_LIMIT}")
