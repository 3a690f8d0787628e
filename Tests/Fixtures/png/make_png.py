"""Writes small PNG files of every kind, and what PIL and diffusers make of them.

    python Tests/Fixtures/png/make_png.py

Needs numpy, Pillow 13.0.0, safetensors, torch 2.15.0 and diffusers 0.42.1. The same versions write the same bytes.
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
import PIL
import torch
from diffusers import __version__ as diffusers_version
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from safetensors.numpy import save_file

HERE = Path(__file__).parent
GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
# Adam7: first column, first row, column step, row step of each pass.
PASSES = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def packed(rows, depth, filters):
    """Rows of samples, each packed and put through the filter types in turn (0 to 4)."""
    result = b""
    height, width, channels = rows.shape
    before = bytes(max(1, width * channels * depth // 8 + 1))
    for number, row in enumerate(rows):
        samples = row.reshape(-1)
        if depth == 16:
            line = samples.astype(">u2").tobytes()
        else:
            bits = "".join(format(int(sample), f"0{depth}b") for sample in samples)
            bits += "0" * (-len(bits) % 8)
            line = bytes(int(bits[start : start + 8], 2) for start in range(0, len(bits), 8))
        pixel = max(1, channels * depth // 8)
        kind = filters[number % len(filters)]
        result += bytes([kind]) + bytes(
            (byte - predicted(kind, line, before, index, pixel)) % 256 for index, byte in enumerate(line)
        )
        before = line
    return result


def predicted(kind, line, before, index, pixel):
    left = line[index - pixel] if index >= pixel else 0
    above = before[index]
    corner = before[index - pixel] if index >= pixel else 0
    if kind == 4:
        guess = left + above - corner
        return min((left, above, corner), key=lambda value: abs(guess - value))
    return [0, left, above, (left + above) // 2][kind]


def png(samples, kind, depth, interlaced=False, palette=None, transparent=None, gamma=None, filters=(0,)):
    height, width, _ = samples.shape
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    data = b""
    if interlaced:
        for left, top, across, down in PASSES:
            part = samples[top::down, left::across]
            if part.size:
                data += packed(part, depth, filters)
    else:
        data = packed(samples, depth, filters)
    parts = [b"\x89PNG\r\n\x1a\n", chunk(b"IHDR", header)]
    if gamma:
        parts.append(chunk(b"gAMA", struct.pack(">I", gamma)))
    if palette is not None:
        parts.append(chunk(b"PLTE", palette.astype(np.uint8).tobytes()))
    if transparent is not None:
        parts.append(chunk(b"tRNS", transparent))
    parts += [chunk(b"IDAT", zlib.compress(data, 9)), chunk(b"IEND", b"")]
    return b"".join(parts)


def kinds(stream):
    def draw(width, height, kind, depth):
        return stream.integers(0, 2**depth, (height, width, CHANNELS[kind]))

    for depth in (1, 2, 4, 8, 16):
        yield f"grey_{depth}", png(draw(9, 5, GREY, depth), GREY, depth)
        yield f"grey_{depth}_interlaced", png(draw(11, 13, GREY, depth), GREY, depth, interlaced=True)
    for depth in (1, 2, 4, 8):
        palette = stream.integers(0, 256, (2**depth, 3))
        yield f"palette_{depth}", png(draw(9, 5, PALETTE, depth), PALETTE, depth, palette=palette)
        alpha = stream.integers(0, 256, 2**depth - 1).astype(np.uint8).tobytes()
        yield f"palette_{depth}_transparent", png(
            draw(9, 5, PALETTE, depth), PALETTE, depth, palette=palette, transparent=alpha
        )
    yield "palette_8_interlaced", png(
        draw(9, 10, PALETTE, 8), PALETTE, 8, interlaced=True, palette=stream.integers(0, 256, (256, 3))
    )
    for kind, name in ((RGB, "rgb"), (GREY_ALPHA, "grey_alpha"), (RGBA, "rgba")):
        for depth in (8, 16):
            yield f"{name}_{depth}", png(draw(7, 6, kind, depth), kind, depth, filters=(0, 1, 2, 3, 4))
            yield f"{name}_{depth}_interlaced", png(
                draw(10, 9, kind, depth), kind, depth, interlaced=True, filters=(4, 3, 2, 1)
            )
    samples = draw(6, 4, RGB, 8)
    yield "rgb_8_transparent", png(samples, RGB, 8, transparent=samples[1, 2].astype(">u2").tobytes())
    samples = draw(6, 4, GREY, 8)
    yield "grey_8_transparent", png(samples, GREY, 8, transparent=samples[1, 2].astype(">u2").tobytes())
    yield "rgb_8_gamma", png(draw(5, 5, RGB, 8), RGB, 8, gamma=100000)
    yield "one_pixel", png(draw(1, 1, RGB, 8), RGB, 8)
    yield "one_pixel_interlaced", png(draw(1, 1, RGB, 8), RGB, 8, interlaced=True)


def images():
    expected = {}
    for name, data in kinds(np.random.default_rng(1)):
        (HERE / f"{name}.png").write_bytes(data)
        image = Image.open(io.BytesIO(data))
        image.load()
        for mode in ("RGB", "RGBA"):
            # PIL cuts 16-bit grey levels at 255, which leaves a white image; the upper 8 bits are wanted, as it takes them of
            # 16-bit colours.
            wanted = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)) if image.mode == "I;16" else image
            expected[f"{name}.{mode}"] = np.asarray(wanted.convert(mode))
    save_file(expected, HERE / "expected.safetensors", {"reference": f"Pillow {PIL.__version__}"})


def texts():
    """A file by PIL with each kind of text."""
    info = PIL.PngImagePlugin.PngInfo()
    info.add_text("parameters", "red apple\nSteps: 25, café ÿ")
    info.add_text("moonstep", '{"prompt": "赤いりんご"}')
    info.add_text("packed", "a" * 300, zip=True)
    info.add_itxt("packed too", "é赤" * 100, "ja", "鍵", zip=True)
    info.add_text("empty", "")
    Image.new("RGB", (2, 2), (1, 2, 3)).save(HERE / "texts.png", pnginfo=info)


def decoded():
    """A decoder's output and its bytes: random values, out of range ones, and all that lie near a rounding border."""
    generator = torch.Generator("cpu").manual_seed(5)
    values = torch.randn((3, 16, 48), generator=generator)
    halves = ((torch.arange(256, dtype=torch.float32) + 0.5) / 255 - 0.5) * 2
    nearby = [halves]
    for direction in (-10.0, 10.0):
        step = halves
        for _ in range(3):
            step = torch.nextafter(step, torch.tensor(direction))
            nearby.append(step)
    nearby = torch.cat(nearby)
    values.view(-1)[: len(nearby)] = nearby
    values[2, 15, -4:] = torch.tensor([float("inf"), float("-inf"), 1.0, -1.0])
    image = VaeImageProcessor().postprocess(values[None], output_type="pil")[0]
    save_file(
        {"decoded": values.numpy(), "rgb": np.asarray(image)},
        HERE / "decoded.safetensors",
        {"reference": f"diffusers {diffusers_version}"},
    )


if __name__ == "__main__":
    images()
    texts()
    decoded()
