"""Pictures: JPEG files with what PIL reads in them, resizing, blurring, and what models are fed."""

import importlib.metadata
import io
import struct

import numpy
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.utils import load_image
from PIL import Image, ImageFilter
from PIL.PngImagePlugin import PngInfo
from transformers import CLIPImageProcessor

from oracle.writing import ROOT, save_fixture, save_json_rows

FOLDER = "images"
LIBRARIES = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("pillow", "torchvision"))
FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "hamming": Image.Resampling.HAMMING,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def picture(width, height, seed):
    """Slopes with grain; the lower right quarter is all grain, from end to end."""
    random = numpy.random.default_rng(seed)
    rows, columns = numpy.mgrid[0:height, 0:width]
    slopes = [columns * 255 / width, rows * 255 / height, (columns + rows) * 255 / (width + height)]
    levels = numpy.stack(slopes, axis=-1) + random.normal(0, 12, (height, width, 3))
    grain = random.integers(0, 2, (height, width, 3)) * 255
    levels = numpy.where(((rows >= height / 2) & (columns >= width / 2))[..., None], grain, levels)
    return Image.fromarray(levels.clip(0, 255).astype(numpy.uint8))


def save(name, tensors):
    save_fixture(f"{FOLDER}/{name}.safetensors", tensors, libraries=LIBRARIES)


def array(image):
    return numpy.array(image)


# Files


def jpeg(image, **options):
    data = io.BytesIO()
    image.save(data, "JPEG", **{"quality": 85, **options})
    return data.getvalue()


def segment(marker, data):
    return struct.pack(">BBH", 0xFF, marker, len(data) + 2) + data


def with_segment(data, marker, content):
    """A JPEG file with another segment right after its start."""
    return data[:2] + segment(marker, content) + data[2:]


def exif(orientation, order=">", kind=3):
    """The EXIF data of an orientation, behind another entry."""
    mark, number = {">": b"MM\0*", "<": b"II*\0"}[order], order
    size = {1: "Bxxx", 3: "Hxx", 4: "I"}[kind]
    entries = struct.pack(number + "HHIHxx", 256, 3, 1, 9)
    entries += struct.pack(number + "HHI" + size, 274, kind, 1, orientation)
    return mark + struct.pack(number + "IH", 8, 2) + entries + struct.pack(number + "I", 0)


def xmp(orientation, as_element=False):
    value = f"<tiff:Orientation>{orientation}</tiff:Orientation>" if as_element else f'tiff:Orientation="{orientation}"'
    return f"<x:xmpmeta {value}/>".encode()


def jpeg_files():
    image = picture(37, 27, 1)
    small = picture(19, 13, 2)
    yield "420", jpeg(image, subsampling="4:2:0")
    yield "422", jpeg(image, subsampling="4:2:2")
    yield "444", jpeg(image, subsampling="4:4:4")
    yield "440", jpeg_440(image)
    yield "coarse", jpeg(image, quality=5)
    yield "fine", jpeg(image, quality=100, subsampling="4:4:4")
    yield "progressive", jpeg(image, progressive=True)
    yield "restarts", jpeg(image, restart_marker_blocks=2)
    yield "rgb", jpeg(image, keep_rgb=True)
    yield "one_pixel", jpeg(picture(1, 1, 3))
    yield "grey", jpeg(image.convert("L"))
    yield "grey_progressive", jpeg(small.convert("L"), progressive=True)
    inks = Image.merge("CMYK", [*image.split(), picture(37, 27, 4).split()[2]])
    yield "cmyk", jpeg(inks)
    # The same bytes under another colour transform.
    marked = jpeg(inks)
    place = marked.index(b"Adobe") + 11
    yield "ycck", marked[:place] + b"\2" + marked[place + 1 :]
    turned = jpeg(small)
    for orientation in range(1, 9):
        yield f"orientation_{orientation}", with_segment(turned, 0xE1, b"Exif\0\0" + exif(orientation))
    yield "orientation_little_endian", with_segment(turned, 0xE1, b"Exif\0\0" + exif(6, "<"))
    yield "orientation_long", with_segment(turned, 0xE1, b"Exif\0\0" + exif(3, "<", 4))
    yield "orientation_byte", with_segment(turned, 0xE1, b"Exif\0\0" + exif(8, ">", 1))
    yield "orientation_named_twice", with_segment(turned, 0xE1, b"Exif\0\0" * 2 + exif(5))
    yield "orientation_of_nine", with_segment(turned, 0xE1, b"Exif\0\0" + exif(9))
    space = b"http://ns.adobe.com/xap/1.0/\0"
    yield "orientation_xmp", with_segment(turned, 0xE1, space + xmp(7))
    yield "orientation_xmp_element", with_segment(turned, 0xE1, space + xmp(4, True))
    both = with_segment(turned, 0xE1, space + xmp(7))
    yield "orientation_both", with_segment(both, 0xE1, b"Exif\0\0" + exif(2))


def jpeg_440(image):
    """Colours of half the height, which PIL cannot write: the pixels get mixed up, but the file is a valid one."""
    data = bytearray(jpeg(image, subsampling="4:2:2"))
    # In the frame header the factors of the first component stand behind its number.
    place = data.index(b"\xff\xc0") + 11
    assert data[place] == 0x21
    data[place] = 0x12
    return bytes(data)


def png_files():
    image = picture(17, 11, 5)
    for name, options in {
        "orientation_6": {"exif": b"Exif\0\0" + exif(6)},
        "orientation_8_little_endian": {"exif": b"Exif\0\0" + exif(8, "<")},
    }.items():
        data = io.BytesIO()
        image.save(data, "PNG", **options)
        yield name, data.getvalue()
    data = io.BytesIO()
    info = PngInfo()
    info.add_itxt("XML:com.adobe.xmp", xmp(3).decode())
    image.save(data, "PNG", pnginfo=info)
    yield "orientation_xmp", data.getvalue()
    # Transparency is dropped, not blended.
    colours = image.copy()
    colours.putalpha(image.convert("L"))
    data = io.BytesIO()
    colours.save(data, "PNG")
    yield "transparent", data.getvalue()


def make_files():
    tensors = {}
    for kind, files in (("jpg", jpeg_files()), ("png", png_files())):
        for name, data in files:
            path = ROOT / FOLDER / f"{name}.{kind}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            tensors[f"{name}.{kind}"] = array(load_image(str(path)))
    save("files", tensors)


# Resizing and blurring


def make_resized():
    image = picture(37, 29, 6)
    grey = picture(26, 31, 7).convert("L")
    strip = picture(400, 3, 8)
    small = picture(3, 2, 9)
    tensors = {"picture": array(image), "grey": array(grey), "strip": array(strip), "small": array(small)}
    sizes = {
        "picture": [(1, 1), (7, 5), (18, 29), (37, 12), (20, 44), (48, 21), (34, 8), (33, 20), (33, 21), (30, 20)],
        "grey": [(13, 15), (40, 9), (31, 26)],
        "strip": [(7, 3), (11, 5)],
        "small": [(17, 10)],
    }
    for name, filter in FILTERS.items():
        for source, wanted in sizes.items():
            for width, height in wanted:
                result = Image.fromarray(tensors[source]).resize((width, height), filter)
                tensors[f"{source}/{name}/{width}x{height}"] = array(result)
    tensors["luma"] = array(image.convert("L"))
    save("resized", tensors)


def make_blurred():
    image = picture(33, 21, 10)
    grey = picture(1, 30, 11).convert("L")
    tensors = {"picture": array(image), "grey": array(grey)}
    for radius in (0.0, 0.3, 1.0, 2.5, 4.0, 9.0, 16.5, 33.0):
        tensors[f"picture/{radius}"] = array(image.filter(ImageFilter.GaussianBlur(radius)))
        tensors[f"grey/{radius}"] = array(grey.filter(ImageFilter.GaussianBlur(radius)))
    save("blurred", tensors)


# What diffusers makes of them


def make_regions():
    random = numpy.random.default_rng(12)
    rows = []
    while len(rows) < 60:
        width, height = (int(side) for side in random.integers(1, 60, 2))
        left, right = sorted(int(place) for place in random.integers(0, width + 1, 2))
        top, bottom = sorted(int(place) for place in random.integers(0, height + 1, 2))
        if left == right or top == bottom:
            continue
        wanted = [int(side) for side in random.choice([8, 24, 64, 512, 768], 2)]
        padding = int(random.choice([0, 0, 1, 5, 32]))
        mask = numpy.zeros((height, width), numpy.uint8)
        mask[top:bottom, left:right] = random.integers(1, 256)
        region = VaeImageProcessor.get_crop_region(Image.fromarray(mask), *wanted, pad=padding)
        rows.append(
            {
                "size": [width, height],
                "selected": [left, top, right, bottom],
                "wanted": wanted,
                "padding": padding,
                "region": [int(edge) for edge in region],
            }
        )
    save_json_rows(f"{FOLDER}/regions.json", {"libraries": LIBRARIES}, "cases", rows)


def make_processed():
    image = picture(45, 38, 13)
    painted = picture(40, 32, 14)
    levels = numpy.zeros((38, 45), numpy.uint8)
    levels[9:24, 14:30] = 255
    mask = Image.fromarray(levels).filter(ImageFilter.GaussianBlur(2)).convert("RGB")
    same = picture(45, 38, 15)
    tensors = {"picture": array(image), "mask": array(mask), "painted": array(painted), "same": array(same)}

    processor = VaeImageProcessor(vae_scale_factor=8)
    masks = VaeImageProcessor(vae_scale_factor=8, do_normalize=False, do_binarize=True, do_convert_grayscale=True)
    control = VaeImageProcessor(vae_scale_factor=8, do_convert_rgb=True, do_normalize=False)
    tensors["image/tensor"] = processor.preprocess(image)
    tensors["image/wanted/tensor"] = processor.preprocess(image, height=23, width=17)
    tensors["control/tensor"] = control.preprocess(image, height=16, width=24)
    tensors["mask/tensor"] = masks.preprocess(mask)
    for height, width in ((4, 5), (3, 7), (32, 40), (9, 50)):
        tensors[f"mask/latents/{width}x{height}"] = torch.nn.functional.interpolate(
            tensors["mask/tensor"], size=(height, width)
        )
    region = VaeImageProcessor.get_crop_region(mask, 32, 24, pad=3)
    tensors["region"] = torch.tensor(region)
    tensors["region/image/tensor"] = processor.preprocess(
        image, height=24, width=32, crops_coords=region, resize_mode="fill"
    )
    tensors["region/mask/tensor"] = masks.preprocess(
        mask, height=24, width=32, crops_coords=region, resize_mode="fill"
    )
    for mode in ("fill", "crop"):
        for width, height in ((40, 16), (16, 40), (41, 17), (17, 41), (45, 38), (53, 45), (2, 64), (64, 2)):
            resized = processor.resize(image, height, width, resize_mode=mode)
            tensors[f"resized/{mode}/{width}x{height}"] = array(resized)
    tensors["overlay/whole"] = array(processor.apply_overlay(mask, image, same))
    tensors["overlay/region"] = array(processor.apply_overlay(mask, image, painted, region))
    grain = Image.fromarray(numpy.random.default_rng(16).integers(0, 256, (38, 45, 3)).astype(numpy.uint8))
    tensors["grain"] = array(grain)
    tensors["overlay/grain"] = array(processor.apply_overlay(grain, image, same))
    save("processed", tensors)


def make_clip():
    pictures = {
        "wide": picture(61, 34, 17),
        "tall": picture(23, 49, 18),
        "square": picture(40, 40, 19),
        "small": picture(9, 11, 20),
        "exact": picture(16, 16, 21),
    }
    tensors = {f"picture/{name}": array(image) for name, image in pictures.items()}
    half = {"image_mean": [0.5, 0.5, 0.5], "image_std": [0.5, 0.25, 0.5]}
    settings = {
        "plain": {},
        "bilinear": {"resample": 2},
        "lanczos": {"resample": 1},
        "halves": half,
        "stretched": {"size": {"height": 17, "width": 22}},
        "larger_crop": {"crop_size": {"height": 23, "width": 20}},
        "smaller_crop": {"crop_size": {"height": 9, "width": 14}},
        "whole": {"do_center_crop": False, "do_normalize": False},
        "no_resize": {"do_resize": False},
        "levels": {"do_rescale": False, "do_normalize": False},
        "normalized_levels": {"do_rescale": False, **half},
    }
    for name, options in settings.items():
        processor = CLIPImageProcessor(**{"size": 16, "crop_size": 16, **options})
        assert processor.backend == "torchvision"
        for source, image in pictures.items():
            if name == "plain" or source in ("wide", "small"):
                values = processor(image, return_tensors="pt").pixel_values
                tensors[f"{name}/{source}"] = values.to(torch.float32)
    values = CLIPImageProcessor(size=224, crop_size=224)(pictures["wide"], return_tensors="pt").pixel_values
    tensors["large/wide/row_100"] = values[:, :, 100].contiguous()
    tensors["large/wide/column_17"] = values[:, :, :, 17].contiguous()
    save("clip", tensors)


def make():
    make_files()
    make_resized()
    make_blurred()
    make_regions()
    make_processed()
    make_clip()
