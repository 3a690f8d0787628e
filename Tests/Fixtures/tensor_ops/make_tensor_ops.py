"""Writes tensor_ops.safetensors and tensor_ops.json: what PyTorch answers to a few hundred tensor operations.

Run with the versions of ../requirements.txt; the files come out the same every time (seed 20240607).

A case is one operation: the names of its inputs, views taken of them first ("pre"), its arguments, and the names of its
outputs. Numbers are written as text, so that inf and nan survive. Outputs that equal an input or another output are
stored once.
"""

import itertools
import json
import pathlib

import torch
import torchvision.transforms.functional as vision
from safetensors.torch import save_file

SEED = 20240607
torch.manual_seed(SEED)
torch.set_num_threads(1)

tensors = {}
cases = []


def put(name, value):
    tensors[name] = value.detach().to(torch.float32).clone().contiguous()
    return name


def randn(*shape):
    return torch.randn(*shape)


INPUTS = {
    "s": randn(()),
    "v5": randn(5),
    "w5": randn(5),
    "v1": randn(1),
    "m34": randn(3, 4),
    "n34": randn(3, 4),
    "m43": randn(4, 3),
    "m45": randn(4, 5),
    "m44": randn(4, 4),
    "r4": randn(4),
    "c31": randn(3, 1),
    "t234": randn(2, 3, 4),
    "u234": randn(2, 3, 4),
    "t245": randn(2, 4, 5),
    "t314": randn(3, 1, 4),
    "t142": randn(1, 4, 2),
    "q2345": randn(2, 3, 4, 5),
    "x1234": randn(1, 2, 3, 4),
    "e0": randn(0),
    "e03": randn(0, 3),
    "e30": randn(3, 0),
    "e203": randn(2, 0, 3),
    "r8": randn(1, 2, 1, 2, 1, 2, 1, 2),
    "p34": randn(3, 4).abs() + 0.1,
    "special": torch.tensor([0.0, -0.0, 1.0, -1.0, float("inf"), float("-inf"), float("nan"), 1e-40, 3.4e38, -2.5]),
    "special2": torch.tensor([2.0, 0.0, float("inf"), 0.5, -1.0, 3.0, 1.0, -0.5, 2.0, 2.0]),
    "small": torch.linspace(-4, 4, 41),
    "wide": torch.linspace(-120, 120, 49),
    "far": torch.tensor([1e3, -1e4, 1e5, 123456.0, 3e6, -1e9, 1e20, 3.0e38]),
    "unit": torch.linspace(-1, 1, 21),
    "big1000": randn(1000),
    "big32x33": randn(32, 33),
    "img": randn(2, 3, 6, 7),
    "tiny": randn(1, 1, 2, 3),
    "dot1": randn(1, 1),
    "line": randn(1, 9),
    "pic": randn(16, 12),
    "nan34": randn(3, 4).index_fill(1, torch.tensor([2]), float("nan")),
    "ties": torch.tensor([[1.0, 1.0, 2.0, 0.0], [0.0, -0.0, 0.0, 5.0]]),
    "mask34": (torch.arange(12).reshape(3, 4) % 3 == 0).float(),
}
for name, value in INPUTS.items():
    put(name, value)

# Views of an input, by a letter each; the Swift test takes the same ones.
VIEWS = {
    "": lambda t: t,
    "T": lambda t: t.transpose(0, -1),
    "S": lambda t: t[..., ::2],
    "E": lambda t: t.unsqueeze(0).expand(3, *t.shape),
    "N": lambda t: t.narrow(-1, 1, t.shape[-1] - 1),
}


def case(op, inputs, run, pre=None, tolerance=1e-6, error=None, **arguments):
    """Runs `run` on the inputs and notes the case. `error` is the text of the failure wanted instead."""
    pre = pre or [""] * len(inputs)
    entry = {"op": op, "inputs": inputs}
    if any(pre):
        entry["pre"] = pre
    for key, value in arguments.items():
        if value is not None:
            entry[key] = [str(v) for v in value] if key == "numbers" else value
    if error is not None:
        entry["error"] = error
    else:
        given = [VIEWS[p](INPUTS[name]) for p, name in zip(pre, inputs)]
        outputs = run(*given)
        if not isinstance(outputs, (tuple, list)):
            outputs = [outputs]
        entry["outputs"] = []
        for output in outputs:
            output = output.detach().to(torch.float32).contiguous()
            for known, value in tensors.items():
                if value.shape == output.shape and torch.equal(value.view(torch.int32), output.view(torch.int32)):
                    entry["outputs"].append(known)
                    break
            else:
                entry["outputs"].append(put(f"o{len(tensors)}", output))
        entry["tolerance"] = tolerance
    cases.append(entry)


def bad(op, argument, detail):
    return f"bad argument #{argument} to '{op}' ({detail})"


# Element by element -------------------------------------------------------------------------------------------------
BINARY = {
    "add": torch.add, "sub": torch.sub, "mul": torch.mul, "div": torch.div,
    "lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge, "eq": torch.eq, "ne": torch.ne,
    "smaller": torch.minimum, "larger": torch.maximum,
}
PAIRS = [
    (["m34", "n34"], None), (["m34", "r4"], None), (["m34", "c31"], None), (["r4", "c31"], None), (["s", "t234"], None),
    (["t234", "v1"], None), (["m34", "m43"], ["", "T"]), (["m34", "n34"], ["T", "T"]), (["q2345", "q2345"], ["S", "S"]),
    (["m34", "t234"], ["", ""]), (["t314", "m44"], ["", "T"]), (["e03", "r4"], ["", "N"]), (["e30", "e30"], None),
    (["special", "special2"], None), (["special2", "special"], None), (["m34", "n34"], ["E", "E"]),
    (["s", "s"], None), (["r8", "r8"], ["T", ""]), (["big32x33", "big32x33"], ["T", "T"]),
]
for op, function in BINARY.items():
    for inputs, pre in PAIRS:
        if op in ("le", "ge", "ne", "sub", "smaller") and inputs[0] in ("q2345", "r8", "big32x33", "e30"):
            continue
        case(op, inputs, lambda a, b, f=function: f(a, b), pre=pre, tolerance=0)
    for number in [2.5, -1.0, 0.0, float("inf"), float("nan")]:
        if op in ("smaller", "larger"):
            continue
        case(op + "_number", ["special"], lambda a, f=function, n=number: f(a, n), numbers=[number], tolerance=0)
    if op in ("sub", "div", "add", "mul"):
        for number in [2.5, 0.0]:
            case("number_" + op, ["m34"], lambda a, f=function, n=number: f(torch.tensor(n), a), numbers=[number], tolerance=0)
case("pow", ["p34", "n34"], torch.pow)
case("pow", ["m34", "c31"], torch.pow)
case("pow", ["special", "special2"], torch.pow)
case("pow", ["special2", "special"], torch.pow)
case("pow", ["p34", "m43"], torch.pow, pre=["", "T"])
for number in [0.0, 1.0, 2.0, 3.0, -1.0, -2.0, 0.5, -0.5, 1.37, -3.25, 40.0]:
    case("pow_number", ["p34"], lambda a, n=number: a ** n, numbers=[number])
    case("pow_number", ["special"], lambda a, n=number: a ** n, numbers=[number])
    case("number_pow", ["m34"], lambda a, n=number: torch.pow(n, a), numbers=[number])
UNARY = {"neg": torch.neg, "abs": torch.abs, "sqrt": torch.sqrt, "exp": torch.exp, "log": torch.log, "sin": torch.sin,
         "cos": torch.cos, "acos": torch.acos, "tanh": torch.tanh}
for op, function in UNARY.items():
    for name in ["special", "small", "wide", "far", "unit", "s", "e03"]:
        if op in ("sin", "cos") and name == "far":
            continue  # compared with the exact value in a test of its own
        case(op, [name], function, tolerance=3e-7)
    case(op, ["m34"], function, pre=["T"], tolerance=3e-7)
    case(op, ["q2345"], function, pre=["S"], tolerance=3e-7)
for low, high in [(-0.5, 0.5), (None, 0.2), (-0.1, None), (1.0, -1.0), (float("nan"), 1.0), (0.0, float("inf"))]:
    for name in ["m34", "special"]:
        case("clamp", [name], lambda a, lo=low, hi=high: a.clamp(lo, hi), numbers=["none" if v is None else v for v in (low, high)], tolerance=0)
case("clamp_tensors", ["t234", "m34", "r4"], lambda a, b, c: torch.clamp(a, b, c), tolerance=0)
for weight in [0.0, 1.0, 0.25, 0.75, -2.0, 3.0]:
    case("lerp", ["m34", "n34"], lambda a, b, w=weight: torch.lerp(a, b, w), numbers=[weight])
case("lerp_tensor", ["t234", "m34", "r4"], lambda a, b, c: torch.lerp(a, b, c))
case("lerp_tensor", ["m34", "m43", "n34"], lambda a, b, c: torch.lerp(a, b, c), pre=["", "T", ""])
case("where", ["mask34", "m34", "n34"], lambda c, a, b: torch.where(c != 0, a, b), tolerance=0)
case("where", ["mask34", "s", "t234"], lambda c, a, b: torch.where(c != 0, a, b), tolerance=0)
case("where", ["special", "v1", "special2"], lambda c, a, b: torch.where(c != 0, a, b), tolerance=0)
case("add", ["m34", "v5"], None, error="the shapes [3, 4] and [5] cannot be broadcast together")
case("where", ["mask34", "v5", "m34"], None, error="the shapes [3, 4] and [5] cannot be broadcast together")
case("clamp", ["m34"], None, numbers=["none", "none"], error=bad("clamp", 1, "at least one of min and max is needed"))

# Creation -----------------------------------------------------------------------------------------------------------
for numbers in [(0, 5, 1), (1, 2, 0.25), (5, 0, -1), (3, 3, 1), (0, 1, 0.3), (-1, 1, 0.1), (2.5, -2, -0.7)]:
    case("arange", [], lambda n=numbers: torch.arange(*[float(v) for v in n]), numbers=numbers)
case("arange", [], None, numbers=[0, 5, 0], error=bad("arange", 3, "step 0.0"))
case("arange", [], None, numbers=[0, 5, -1], error=bad("arange", 3, "step -1.0 leads from 0.0 away from 5.0"))
case("arange", [], None, numbers=[0, "inf", 1], error=bad("arange", 2, "end inf"))
case("arange", [], None, numbers=["nan", 1, 1], error=bad("arange", 1, "start nan"))
case("full", [], lambda: torch.full((2, 0, 3), 7.0), ints=[2, 0, 3], numbers=[7.0])
case("full", [], lambda: torch.full((2, 3), 7.0), ints=[2, 3], numbers=[7.0])
case("full", [], lambda: torch.full((), 7.0), ints=[], numbers=[7.0])
case("full", [], None, ints=[2, -1], numbers=[7.0], error="the shape [2, -1] is not allowed: a size is negative")

# Views --------------------------------------------------------------------------------------------------------------
BIG, MIN = 2**63 - 1, -(2**63)
for dim, start, length in [(0, 1, 2), (1, 0, 4), (-1, 1, 2), (-2, 3, 0), (1, -3, 2), (0, 0, 0), (1, 4, 0)]:
    case("narrow", ["m34"], lambda a, d=dim, s=start, l=length: a.narrow(d, s, l), ints=[dim, start, length], tolerance=0)
case("narrow", ["t234"], lambda a: a.narrow(1, 0, 1), pre=["T"], ints=[1, 0, 1], tolerance=0)
for ints, argument, detail in [
    ([0, 5, 0], 2, "start 5 outside 0..3"), ([0, -4, 1], 2, "start -4 outside -3..3"), ([0, 2, 2], 3, "length 2 outside 0..1"),
    ([2, 0, 1], 1, "dimension 2 outside -2..1"), ([-3, 0, 1], 1, "dimension -3 outside -2..1"),
    ([MIN, 0, 0], 1, f"dimension {MIN} outside -2..1"), ([0, MIN, 0], 2, f"start {MIN} outside -3..3"),
    ([0, BIG, BIG], 2, f"start {BIG} outside 0..3"), ([0, 1, BIG], 3, f"length {BIG} outside 0..2"),
    ([0, 1, MIN], 3, f"length {MIN} outside 0..2"),
]:
    case("narrow", ["m34"], None, ints=ints, error=bad("narrow", argument, detail))
case("narrow", ["s"], None, ints=[0, 0, 0], error=bad("narrow", 1, "the tensor has no dimensions"))
for dim, index in [(0, 1), (1, -1), (-1, 0), (-2, -3)]:
    case("select", ["m34"], lambda a, d=dim, i=index: a.select(d, i), ints=[dim, index], tolerance=0)
case("select", ["m34"], None, ints=[0, 3], error=bad("select", 2, "index 3 outside -3..2"))
case("select", ["m34"], None, ints=[1, MIN], error=bad("select", 2, f"index {MIN} outside -4..3"))
case("select", ["e03"], None, ints=[0, 0], error=bad("select", 2, "index 0, but the size is 0"))
for dim, start, end, step in [(0, None, None, 1), (1, 1, None, 2), (1, -3, -1, 1), (0, 0, 2, 1), (1, 0, 100, 3), (1, 3, 1, 1),
                              (1, -100, 2, 1), (1, MIN, BIG, 2), (0, 1, 3, BIG), (1, 5, 7, 1)]:
    def slicing(a, d=dim, s=start, e=end, p=step):
        bounds = [None if v is None else max(-1000, min(1000, v)) for v in (s, e, p)]
        return a[(slice(None),) * d + (slice(*bounds),)]
    case("slice", ["m34"], slicing, ints=[dim, start, end, step], tolerance=0)
case("slice", ["m34"], None, ints=[0, 0, 2, 0], error=bad("slice", 4, "step 0 is below 1"))
case("slice", ["m34"], None, ints=[0, 0, 2, MIN], error=bad("slice", 4, f"step {MIN} is below 1"))
for dims in itertools.permutations(range(3)):
    case("permute", ["t234"], lambda a, d=dims: a.permute(d), ints=list(dims), tolerance=0)
case("permute", ["q2345"], lambda a: a.permute(0, -1, 1, -2), ints=[0, -1, 1, -2], tolerance=0)
case("permute", ["q2345"], lambda a: a.permute(0, 2, 3, 1), ints=[0, 2, 3, 1], tolerance=0)
case("permute", ["s"], lambda a: a.permute(()), ints=[], tolerance=0)
case("permute", ["t234"], None, ints=[0, 1], error=bad("permute", 1, "2 dimensions for a tensor of 3"))
case("permute", ["t234"], None, ints=[0, 1, -2], error=bad("permute", 1, "dimension -2 appears twice"))
case("permute", ["t234"], None, ints=[0, 1, BIG], error=bad("permute", 1, f"dimension {BIG} outside -3..2"))
for first, second in [(0, 1), (-1, 0), (1, 1)]:
    case("transpose", ["t234"], lambda a, x=first, y=second: a.transpose(x, y), ints=[first, second], tolerance=0)
case("transpose", ["s"], lambda a: a.transpose(0, -1), ints=[0, -1], tolerance=0)
case("transpose", ["big32x33"], lambda a: a.transpose(0, 1), ints=[0, 1], tolerance=0)
case("transpose", ["t234"], None, ints=[0, 3], error=bad("transpose", 2, "dimension 3 outside -3..2"))
case("squeeze", ["x1234"], lambda a: a.squeeze(), ints=[], tolerance=0)
case("squeeze", ["r8"], lambda a: a.squeeze(), ints=[], tolerance=0)
case("squeeze", ["t314"], lambda a: a.squeeze(1), ints=[1], tolerance=0)
case("squeeze", ["t314"], lambda a: a.squeeze(-1), ints=[-1], tolerance=0)
case("squeeze", ["s"], lambda a: a.squeeze(0), ints=[0], tolerance=0)
case("squeeze", ["t314"], None, ints=[3], error=bad("squeeze", 1, "dimension 3 outside -3..2"))
for dim in [0, 1, 2, -1, -3]:
    case("unsqueeze", ["m34"], lambda a, d=dim: a.unsqueeze(d), ints=[dim], tolerance=0)
case("unsqueeze", ["s"], lambda a: a.unsqueeze(-1), ints=[-1], tolerance=0)
case("unsqueeze", ["m34"], None, ints=[3], error=bad("unsqueeze", 1, "dimension 3 outside -3..2"))
case("unsqueeze", ["r8"], None, ints=[0], error="the shape [1, 1, 2, 1, 2, 1, 2, 1, 2] is not allowed: more than 8 dimensions")
for sizes in [[3, 4], [2, 3, 4], [-1, 4], [5, 3, -1]]:
    case("expand", ["c31"], lambda a, z=sizes: a.expand(z), ints=sizes, tolerance=0)
case("expand", ["s"], lambda a: a.expand(2, 0, 3), ints=[2, 0, 3], tolerance=0)
case("expand", ["v1"], lambda a: a.expand(0), ints=[0], tolerance=0)
case("expand", ["m34"], None, ints=[4], error=bad("expand", 1, "1 sizes for a tensor of 2 dimensions"))
case("expand", ["m34"], None, ints=[3, 5], error=bad("expand", 1, "size 5 for a dimension of size 4"))
case("expand", ["c31"], None, ints=[-1, 3, 4], error=bad("expand", 1, "size -1 for a dimension of size 1"))
case("expand", ["c31"], None, ints=[3, MIN], error=bad("expand", 1, f"size {MIN} for a dimension of size 1"))
case("expand", ["c31"], None, ints=[3, BIG], error=f"the shape [3, {BIG}] is not allowed: too many elements")
case("expand", ["c31"], None, ints=[1, 1, 1, 1, 1, 1, 1, 3, 1], error="the shape [1, 1, 1, 1, 1, 1, 1, 3, 1] is not allowed: more than 8 dimensions")
for sizes, pre in itertools.product([[24], [4, 6], [2, -1], [-1], [1, 24, 1], [2, 3, 2, 2], [3, 2, 4], [6, 1, 4]], ["", "T"]):
    case("reshape", ["t234"], lambda a, z=sizes: a.reshape(z), pre=[pre], ints=sizes, tolerance=0)
case("reshape", ["q2345"], lambda a: a.reshape(6, 12), pre=["S"], ints=[6, 12], tolerance=0)
case("reshape", ["q2345"], lambda a: a.reshape(2, 12, 3), pre=["S"], ints=[2, 12, 3], tolerance=0)
case("reshape", ["r4"], lambda a: a.reshape(12), pre=["E"], ints=[12], tolerance=0)
case("reshape", ["s"], lambda a: a.reshape(1, 1), ints=[1, 1], tolerance=0)
case("reshape", ["v1"], lambda a: a.reshape(()), ints=[], tolerance=0)
case("reshape", ["e203"], lambda a: a.reshape(0, 5), ints=[0, 5], tolerance=0)
case("reshape", ["e203"], lambda a: a.reshape(-1, 5), ints=[-1, 5], tolerance=0)
for sizes, detail in [
    ([5], "the shape [5] does not hold 24 elements"), ([-1, 5], "the shape [-1, 5] does not divide 24 elements"),
    ([-1, -1], "the shape [-1, -1] leaves more than one size open"), ([-2, 12], "the shape [-2, 12] has a negative size"),
    ([0, -1], "the open size of [0, -1] could be anything"), ([BIG, BIG], f"the shape [{BIG}, {BIG}] does not hold 24 elements"),
    ([MIN, 2], f"the shape [{MIN}, 2] has a negative size"), ([BIG, -1, 2], f"the shape [{BIG}, -1, 2] does not divide 24 elements"),
]:
    case("reshape", ["t234"], None, ints=sizes, error=bad("reshape", 1, detail))
for first, last in [(0, -1), (1, 2), (0, 1), (1, 1)]:
    case("flatten", ["t234"], lambda a, f=first, l=last: a.flatten(f, l), ints=[first, last], tolerance=0)
case("flatten", ["s"], lambda a: a.flatten(), ints=[0, -1], tolerance=0)
case("flatten", ["t234"], None, ints=[2, 1], error=bad("flatten", 2, "dimension 1 comes before 2"))
for count, dim, name in [(2, 0, "m34"), (2, 1, "m34"), (3, -1, "m34"), (4, 0, "v5"), (10, 0, "v5"), (3, 0, "e03"), (1, 0, "v5"), (BIG, 0, "v5")]:
    case("chunk", [name], lambda a, n=count, d=dim: a.chunk(min(n, 1000), d), ints=[count, dim], tolerance=0)
case("chunk", ["m34"], None, ints=[0, 0], error=bad("chunk", 1, "0 chunks"))
case("chunk", ["m34"], None, ints=[MIN, 0], error=bad("chunk", 1, f"{MIN} chunks"))
case("chunk", ["e03"], None, ints=[BIG, 0], error=bad("chunk", 1, f"{BIG} pieces, at most 4096"))
case("chunk", ["s"], None, ints=[2, 0], error=bad("chunk", 1, "the tensor has no dimensions"))
for size, dim, name in [(2, 0, "v5"), (2, 1, "m34"), (10, 0, "v5"), (3, 0, "e03"), (0, 0, "e03"), (BIG, -1, "m34")]:
    case("split", [name], lambda a, n=size, d=dim: a.split(min(n, 1000), d), ints=[size, dim], tolerance=0)
case("split", ["v5"], None, ints=[0, 0], error=bad("split", 1, "size 0"))
case("split_sizes", ["v5"], lambda a: a.split([1, 0, 4]), ints=[1, 0, 4], dim=0, tolerance=0)
case("split_sizes", ["m34"], lambda a: a.split([3, 1], -1), ints=[3, 1], dim=-1, tolerance=0)
case("split_sizes", ["v5"], None, ints=[1, 3], dim=0, error=bad("split", 1, "the sizes add up to 4, not to 5"))
case("split_sizes", ["v5"], None, ints=[4, 2], dim=0, error=bad("split", 1, "size 2 outside 0..1"))
case("split_sizes", ["v5"], None, ints=[BIG, BIG, 7], dim=0, error=bad("split", 1, f"size {BIG} outside 0..5"))

# Elements -----------------------------------------------------------------------------------------------------------
case("item", ["v1"], lambda a: a.reshape(()), tolerance=0)
case("item", ["s"], lambda a: a, tolerance=0)
case("item", ["m34"], None, error=bad("item", 1, "the tensor has 12 elements, not one"))
case("get", ["t234"], lambda a: a[1, -1, 2], ints=[1, -1, 2], tolerance=0)
case("get", ["m34"], lambda a: a[2, 1], pre=["T"], ints=[2, 1], tolerance=0)
case("get", ["m34"], None, ints=[2], error=bad("get", 1, "1 indices for 2 dimensions"))
case("get", ["m34"], None, ints=[0, 4], error=bad("get", 2, "index 4 outside -4..3"))
case("get", ["m34"], None, ints=[MIN, 0], error=bad("get", 1, f"index {MIN} outside -3..2"))


def changed(a, change):
    a = a.clone()
    change(a)
    return a


case("set", ["m34"], lambda a: changed(a, lambda t: t.__setitem__((1, -1), 9.5)), ints=[1, -1], numbers=[9.5], tolerance=0)
case("set", ["m34"], lambda a: changed(a, lambda t: t.__setitem__((3, 0), 9.5)), pre=["T"], ints=[3, 0], numbers=[9.5], tolerance=0)
case("set", ["m34"], None, ints=[3, 0], numbers=[1], error=bad("set", 2, "index 3 outside -3..2"))
case("fill_", ["m34"], lambda a: torch.full_like(a, 2.5), numbers=[2.5], tolerance=0)
case("fill_", ["m34"], lambda a: torch.full(a.shape, 2.5), pre=["E"], numbers=[2.5], tolerance=0)
case("copy_", ["m34", "r4"], lambda a, b: b.expand(3, 4), tolerance=0)
case("copy_", ["m34", "m43"], lambda a, b: b, pre=["", "T"], tolerance=0)
case("add_", ["m34", "r4"], lambda a, b: a + b, tolerance=0)
case("add_", ["m34", "m43"], lambda a, b: a + b, pre=["", "T"], tolerance=0)
case("mul_", ["t234", "m34"], lambda a, b: a * b, tolerance=0)
case("mul_", ["m34", "s"], lambda a, b: a * b, pre=["E", ""], tolerance=0)
case("add_", ["r4", "m34"], None, error="add_: the shape is [3, 4], wanted [4]")
case("copy_", ["m34", "v5"], None, error="copy_: the shape is [5], wanted [3, 4]")

# Reductions ---------------------------------------------------------------------------------------------------------
DIMS = [
    ("m34", None), ("m34", [0]), ("m34", [1]), ("m34", [-1]), ("t234", [0]), ("t234", [1]), ("t234", [2]), ("t234", [0, 2]),
    ("t234", [-1, 0, 1]), ("q2345", [1, 2, 3]), ("q2345", [0, 2]), ("s", None), ("s", [0]), ("v5", [0]), ("big1000", None),
    ("big32x33", [0]), ("big32x33", [1]), ("nan34", [0]), ("nan34", [1]), ("special", None),
]
REDUCTIONS = {
    "sum": lambda a, d, k: a.sum() if d is None else a.sum(d, k),
    "mean": lambda a, d, k: a.mean() if d is None else a.mean(d, k),
    "var": lambda a, d, k: a.var() if d is None else a.var(d, keepdim=k),
    "std": lambda a, d, k: a.std() if d is None else a.std(d, keepdim=k),
    "min": lambda a, d, k: a.min() if d is None else a.amin(d, k),
    "max": lambda a, d, k: a.max() if d is None else a.amax(d, k),
    "norm": lambda a, d, k: torch.linalg.vector_norm(a, 2, d, k),
}
for op, function in REDUCTIONS.items():
    for name, dims in DIMS:
        for keep in ([False, True] if dims and name in ("m34", "t234", "q2345") else [False]):
            case(op, [name], lambda a, f=function, d=dims, k=keep: f(a, d, k), dims=dims, keep=keep)
    for name, dims, pre in [("t234", [0], "T"), ("t234", [1], "T"), ("t234", None, "T"), ("q2345", [1, 3], "S"), ("q2345", None, "S"),
                            ("m34", [0], "E"), ("m34", [2], "E"), ("m34", None, "E"), ("big32x33", [0], "T"), ("big32x33", [1], "T")]:
        case(op, [name], lambda a, f=function, d=dims: f(a, d, False), pre=[pre], dims=dims, keep=False)
    empty = [("e203", [0]), ("e203", [2])] if op in ("min", "max") else [("e203", [0]), ("e203", [1]), ("e203", None), ("e0", None)]
    for name, dims in empty:
        case(op, [name], lambda a, f=function, d=dims: f(a, d, False), dims=dims, keep=False)
    case(op, ["m34"], None, dims=[2], error=bad(op, 1, "dimension 2 outside -2..1"))
    case(op, ["m34"], None, dims=[MIN], error=bad(op, 1, f"dimension {MIN} outside -2..1"))
    case(op, ["m34"], None, dims=[0, -2], error=bad(op, 1, "dimension -2 appears twice"))
for op in ("min", "max"):
    case(op, ["e203"], None, dims=[1], error=bad(op, 1, "no elements to choose from"))
    case(op, ["e0"], None, dims=None, error=bad(op, 1, "no elements to choose from"))
for correction in [0, 1, 2, 3, 5]:
    case("var", ["m34"], lambda a, c=correction: a.var(0, correction=c), dims=[0], numbers=[correction])
    case("std", ["m34"], lambda a, c=correction: a.std((0, 1), correction=c), dims=[0, 1], numbers=[correction])
for order in [0, 1, 3, 0.5, -1, -2, float("inf"), float("-inf")]:
    for name, dims in [("m34", [0]), ("m34", None), ("ties", [1]), ("nan34", [1]), ("e203", [0])]:
        case("norm", [name], lambda a, o=order, d=dims: torch.linalg.vector_norm(a, o, d), dims=dims, numbers=[order], tolerance=2e-6)
case("norm", ["m34"], None, numbers=["nan"], error=bad("norm", 1, "order nan"))
case("norm", ["e0"], None, numbers=["inf"], error=bad("norm", 1, "order inf of no elements"))
case("dot", ["v5", "w5"], torch.dot)
case("dot", ["e0", "e0"], torch.dot)
case("dot", ["big1000", "big1000"], torch.dot, pre=["S", "S"])
case("dot", ["m34", "m34"], None, error=bad("dot", 1, "the tensor has 2 dimensions, not one"))
case("dot", ["v5", "r4"], None, error="dot: the shape is [4], wanted [5]")
for q in [0.0, 0.25, 0.5, 0.995, 1.0]:
    for name, dim in [("m34", None), ("m34", 0), ("m34", -1), ("t234", 1), ("big1000", None), ("s", None), ("ties", 1), ("nan34", 1), ("big32x33", 0)]:
        keep = name == "t234"
        case("quantile", [name], lambda a, q=q, d=dim, k=keep: torch.quantile(a, q, dim=d, keepdim=k), numbers=[q], dim=dim, keep=keep)
case("quantile", ["t234"], lambda a: torch.quantile(a, 0.3, dim=0), pre=["T"], numbers=[0.3], dim=0)
case("quantile", ["m34"], lambda a: torch.quantile(a, 0.3), pre=["E"], numbers=[0.3])
case("quantiles", ["m34"], lambda a: torch.quantile(a, torch.tensor([0.1, 0.5, 0.9]), dim=1), numbers=[0.1, 0.5, 0.9], dim=1)
case("quantiles", ["m34"], lambda a: torch.quantile(a, torch.tensor([0.9, 0.1]), dim=0, keepdim=True), numbers=[0.9, 0.1], dim=0, keep=True)
for q in [-0.1, 1.5, float("nan")]:
    case("quantile", ["m34"], None, numbers=[q], error=bad("quantile", 1, f"q {q} outside 0..1"))
case("quantile", ["e0"], None, numbers=[0.5], error=bad("quantile", 1, "the tensor has no elements"))
case("quantile", ["m34"], None, numbers=[0.5], dim=2, error=bad("quantile", 2, "dimension 2 outside -2..1"))

# Joining ------------------------------------------------------------------------------------------------------------
for dim in [0, 1, -1]:
    case("cat", ["m34", "n34", "m34"], lambda *a, d=dim: torch.cat(a, d), ints=[dim], tolerance=0)
    case("stack", ["m34", "n34"], lambda *a, d=dim: torch.stack(a, d), ints=[dim], tolerance=0)
case("cat", ["m34", "e30", "c31"], lambda *a: torch.cat(a, 1), ints=[1], tolerance=0)
case("cat", ["e0", "m34", "e0"], lambda *a: torch.cat(a, 0), ints=[0], tolerance=0)
case("cat", ["e0"], lambda *a: torch.cat(a, 0), ints=[0], tolerance=0)
case("cat", ["m34", "m43"], lambda *a: torch.cat(a, 0), pre=["", "T"], ints=[0], tolerance=0)
case("cat", ["m34", "t234"], None, pre=["E", "T"], ints=[1], error="cat: the shape is [4, 3, 2], wanted [3, 3, 4]")
case("cat", ["m34", "n34"], lambda *a: torch.cat(a, 2), pre=["E", "E"], ints=[2], tolerance=0)
case("stack", ["s", "s"], lambda *a: torch.stack(a, 0), ints=[0], tolerance=0)
case("stack", ["m34", "m43"], lambda *a: torch.stack(a, 1), pre=["", "T"], ints=[1], tolerance=0)
case("cat", [], None, ints=[0], error=bad("cat", 1, "no tensors"))
case("stack", [], None, ints=[0], error=bad("stack", 1, "no tensors"))
case("cat", ["s", "s"], None, ints=[0], error=bad("cat", 1, "a tensor without dimensions; stack joins those"))
case("cat", ["m34", "m43"], None, ints=[0], error="cat: the shape is [4, 3], wanted [3, 4]")
case("cat", ["m34", "m34"], None, ints=[2], error=bad("cat", 2, "dimension 2 outside -2..1"))
case("stack", ["m34", "m43"], None, ints=[0], error="stack: the shape is [4, 3], wanted [3, 4]")
case("stack", ["m34", "m34"], None, ints=[3], error=bad("stack", 2, "dimension 3 outside -3..2"))
case("stack", ["r8", "r8"], None, ints=[0], error="the shape [2, 1, 2, 1, 2, 1, 2, 1, 2] is not allowed: more than 8 dimensions")
for n, name, pre in [(2, "m34", ""), (0, "m34", ""), (3, "t234", "T"), (1, "v5", ""), (2, "r8", "T"), (2, "e03", "")]:
    case("repeat_rows", [name], lambda a, n=n: a.repeat_interleave(n, dim=0), pre=[pre], ints=[n], tolerance=0)
case("repeat_rows", ["m34"], None, ints=[-1], error=bad("repeat_rows", 1, "-1 times"))
case("repeat_rows", ["m34"], None, ints=[BIG], error="the shape [3, 4] is not allowed: too many elements")
case("repeat_rows", ["s"], None, ints=[2], error=bad("repeat_rows", 1, "the tensor has no dimensions"))

# Pictures -----------------------------------------------------------------------------------------------------------
for mode in ["nearest", "bilinear"]:
    for h, w in [(12, 14), (3, 3), (6, 7), (1, 1), (5, 17), (13, 4)]:
        arguments = {} if mode == "nearest" else {"align_corners": False}
        case("resize", ["img"], lambda a, z=(h, w), m=mode, k=arguments: torch.nn.functional.interpolate(a, z, mode=m, **k),
             ints=[h, w], text=mode)
    case("resize", ["dot1"], lambda a: a.expand(3, 2), ints=[3, 2], text=mode)
    case("resize", ["tiny"], lambda a, m=mode, k=arguments: torch.nn.functional.interpolate(a, (5, 4), mode=m, **k), pre=["T"], ints=[5, 4], text=mode)
case("resize", ["v5"], None, ints=[2, 2], text="nearest", error=bad("resize", 1, "a tensor of 1 dimensions; the last 2 are the picture"))
case("resize", ["img"], None, ints=[0, 2], text="nearest", error=bad("resize", 1, "height 0"))
case("resize", ["img"], None, ints=[2, MIN], text="nearest", error=bad("resize", 2, f"width {MIN}"))
case("resize", ["e03"], None, ints=[2, 2], text="nearest", error=bad("resize", 1, "the picture [0, 3] is empty"))
case("resize", ["img"], None, ints=[BIG, BIG], text="nearest", error=f"the shape [2, 3, {BIG}, {BIG}] is not allowed: too many elements")


def blurred(a, sigma):
    """torchvision's blur where its padding allows the radius, else the same sums over NumPy's repeated mirror."""
    import math

    import numpy as np

    radius = math.ceil(3 * sigma)
    height, width = a.shape[-2:]
    if radius < min(height, width):
        return vision.gaussian_blur(a.reshape(-1, 1, height, width), [2 * radius + 1] * 2, [sigma] * 2).reshape(a.shape)
    x = np.arange(-radius, radius + 1, dtype=np.float64)
    weights = np.exp(-0.5 * (x / sigma) ** 2)
    weights /= weights.sum()
    flat = a.reshape(-1, height, width).double().numpy()
    flat = np.pad(flat, [(0, 0), (radius, radius), (0, 0)], mode="reflect" if height > 1 else "edge")
    flat = sum(weights[k] * flat[:, k:k + height] for k in range(len(x)))
    flat = np.pad(flat, [(0, 0), (0, 0), (radius, radius)], mode="reflect" if width > 1 else "edge")
    flat = sum(weights[k] * flat[:, :, k:k + width] for k in range(len(x)))
    return torch.from_numpy(flat).reshape(a.shape)


for sigma in [0.2, 0.5, 1.0, 1.7, 4.0, 30.0]:
    for name, pre in [("img", ""), ("pic", ""), ("tiny", ""), ("line", ""), ("dot1", ""), ("pic", "T")]:
        case("blur", [name], lambda a, s=sigma: blurred(a, s), pre=[pre], numbers=[sigma], tolerance=3e-6)  # float32 sums of up to 181 terms
case("blur", ["pic"], lambda a: a, numbers=[0], tolerance=0)
case("blur", ["pic"], lambda a: a, numbers=[1e-30])
case("blur", ["e203"], lambda a: a, numbers=[2], tolerance=0)
for sigma, text in [(-1, "-1.0"), ("nan", "nan"), ("inf", "inf"), (1e30, "1e+30")]:
    case("blur", ["pic"], None, numbers=[sigma], error=bad("blur", 1, f"sigma {text} outside 0..65536"))
case("blur", ["s"], None, numbers=[1], error=bad("blur", 1, "a tensor of 0 dimensions; the last 2 are the picture"))


def fft2(a):
    return torch.view_as_real(torch.fft.fft2(a.double()))


for name, pre in [("img", ""), ("pic", ""), ("pic", "T"), ("line", ""), ("dot1", ""), ("big32x33", ""), ("q2345", "S"), ("m34", "E")]:
    case("fft2", [name], lambda a: fft2(a), pre=[pre])
INPUTS["spectrum"] = fft2(INPUTS["pic"]).float()
put("spectrum", INPUTS["spectrum"])
INPUTS["complex"] = randn(2, 5, 7, 2)
put("complex", INPUTS["complex"])
for name in ["spectrum", "complex"]:
    case("ifft2", [name], lambda a: torch.view_as_real(torch.fft.ifft2(torch.view_as_complex(a.double()))))
case("ifft2", ["img"], None, error=bad("ifft2", 1, "the shape [2, 3, 6, 7] does not end in 2, for real and imaginary parts"))
case("ifft2", ["m34"], None, error=bad("ifft2", 1, "a tensor of 2 dimensions; the last 3 are the picture"))
case("fft2", ["v5"], None, error=bad("fft2", 1, "a tensor of 1 dimensions; the last 2 are the picture"))
case("fft2", ["e03"], None, error=bad("fft2", 1, "the picture has no elements"))
case("fft2", ["r8"], None, error="the shape [1, 2, 1, 2, 1, 2, 1, 2, 2] is not allowed: more than 8 dimensions")

# Products -----------------------------------------------------------------------------------------------------------
for name, value in {
    "a5x64": randn(5, 64), "b64x9": randn(64, 9), "stack32": randn(3, 2, 4, 5), "stack3": randn(3, 1, 5, 2), "e05": randn(0, 5),
    "e50": randn(5, 0), "cube": randn(4, 4, 4), "colour": randn(3, 4), "latents": randn(4, 6, 5), "heads": randn(2, 3, 5, 4),
    "keys": randn(2, 3, 7, 4), "one1": randn(1, 4),
}.items():
    INPUTS[name] = value
    put(name, value)
for inputs, pre in [
    (["v5", "w5"], None), (["m34", "r4"], None), (["r4", "m43"], None), (["m34", "m43"], None), (["m34", "m34"], ["", "T"]),
    (["m34", "m34"], ["T", ""]), (["m45", "a5x64"], None), (["a5x64", "b64x9"], None), (["a5x64", "a5x64"], ["T", ""]),
    (["t234", "m43"], None), (["t234", "r4"], None), (["m34", "t245"], None), (["t234", "t245"], None),
    (["stack32", "stack3"], None), (["v5", "stack3"], None), (["stack32", "v5"], None), (["e30", "e03"], None), (["e03", "m34"], None),
    (["e05", "e50"], None), (["m34", "m43"], ["E", ""]), (["m34", "m43"], ["E", "E"]), (["m34", "m43"], ["", "E"]),
    (["t234", "t234"], ["T", ""]), (["heads", "keys"], ["", "T"]), (["m34", "b64x9"], None), (["c31", "one1"], None),
    (["q2345", "q2345"], ["S", "S"]), (["v1", "v1"], None), (["m44", "m44"], ["S", "S"]), (["e0", "e0"], None),
]:
    try:
        torch.matmul(*[VIEWS[p](INPUTS[n]) for p, n in zip(pre or ["", ""], inputs)])
    except RuntimeError:
        left, right = [list(VIEWS[p](INPUTS[n]).shape) for p, n in zip(pre or ["", ""], inputs)]
        detail = f"rows of {left[-1]} elements do not fit columns of {right[-2]}"
        case("matmul", inputs, None, pre=pre, error=bad("matmul", 1, detail))
    else:
        case("matmul", inputs, torch.matmul, pre=pre, tolerance=2e-6)
case("matmul", ["m34", "s"], None, error=bad("matmul", 1, "a factor has no dimensions"))
case("matmul", ["t234", "cube"], None, error="the shapes [2] and [4] cannot be broadcast together")
for equation, inputs in [
    ("i,i->", ["v5", "w5"]), ("i,i", ["v5", "w5"]), ("i,j->ij", ["v5", "r4"]), ("ij->ji", ["m34"]), ("ij->", ["m34"]), ("ij->i", ["m34"]),
    ("ij->j", ["m34"]), ("ii->i", ["m44"]), ("ii", ["m44"]), ("ii->", ["m44"]), ("iij->ij", ["cube"]), ("iii->i", ["cube"]),
    ("ij,jk->ik", ["m34", "m43"]), ("ij,jk", ["m34", "m43"]), ("ij,kj->ik", ["m34", "n34"]), ("ij,ij->ij", ["m34", "n34"]),
    ("ij,ij->", ["m34", "n34"]), ("ij,ij->i", ["m34", "n34"]), ("ij,ij,ij->", ["m34", "n34", "m34"]), ("lhw,rl->rhw", ["latents", "colour"]),
    ("bhqd,bhkd->bhqk", ["heads", "keys"]), ("...qd,...kd->...qk", ["heads", "keys"]), ("...ij->...ji", ["q2345"]), ("...->...", ["t234"]),
    ("...", ["t234"]), ("ba", ["m34"]), ("aB", ["m34"]), ("Ab", ["m34"]), ("i...->...", ["t234"]), ("...i->...", ["t234"]), ("...ij->ij", ["t234"]),
    ("...->", ["t234"]), ("ij->...ij", ["m34"]), (" i j , j k -> i k ", ["m34", "m43"]), ("", ["s"]), ("->", ["s"]), (",->", ["s", "s"]),
    ("i,j,k->ijk", ["v5", "r4", "v1"]), ("ij,jk,kl->il", ["m34", "m43", "m34"]), ("ij,ji->", ["m34", "m43"]), ("ij,ik,il->jkl", ["m34", "n34", "c31"]),
    ("i,i->i", ["v1", "v5"]), ("i,i", ["v1", "v5"]), ("ij,ij->ij", ["m34", "one1"]), ("ij,ij->", ["m34", "one1"]), ("ij,jk->k", ["m34", "m43"]),
    ("...i,i...->...", ["t234", "r4"]), ("...ij,...jk->...ik", ["stack32", "stack3"]), ("ij,jk->ik", ["e30", "e03"]), ("ij->j", ["e03"]),
    ("ij,kl->ijkl", ["m34", "n34"]), ("abcdefgh->hgfedcba", ["r8"]), ("abcdefgh,ab->cdefgh", ["r8", "one1"]), ("bij,bjk->b", ["t234", "t245"]),
    ("bij,bjk->bk", ["t234", "t245"]), ("ijk,ik->j", ["t234", "t234"]), ("i,ij,j->", ["v1", "m34", "r4"]), ("ij,j,i->j", ["m34", "r4", "c31"]),
]:
    try:
        torch.einsum(equation, *[INPUTS[n] for n in inputs])
    except RuntimeError as failure:
        print(f"left out: {equation!r} of {inputs}: {str(failure)[:80]}")
    else:
        case("einsum", inputs, lambda *a, e=equation: torch.einsum(e, *a), text=equation, tolerance=2e-6)
case("einsum", ["m34", "m34"], lambda a, b: torch.einsum("ij,kj->ik", a, b), pre=["T", "T"], text="ij,kj->ik", tolerance=2e-6)
case("einsum", ["m34", "n34"], lambda a, b: torch.einsum("bij,bij->b", a, b), pre=["E", "E"], text="bij,bij->b", tolerance=2e-6)
for equation, inputs, argument, detail in [
    ("ij->ii", ["m34"], 1, "'i' appears twice in the result"), ("ij->ijk", ["m34"], 1, "the result's 'k' is in no operand"),
    ("ij,jk->ik", ["m34", "m34"], 3, "size 3 for a letter of size 4"), ("ii->i", ["m34"], 2, "a repeated letter has sizes 3 and 4"),
    ("ij->ij", ["m34", "m34"], 1, "the equation has 1 operands, the call 2"), ("ij,ij->ij", ["m34"], 1, "the equation has 2 operands, the call 1"),
    ("i->i", ["m34"], 1, "operand 0 has 2 dimensions, the equation names 1"), ("ijk->i", ["m34"], 1, "operand 0 has 2 dimensions, the equation names 3"),
    ("ijk...->i", ["m34"], 1, "operand 0 has 2 dimensions, the equation names 3"), ("ij->ji->ij", ["m34"], 1, "unexpected character at byte 7"),
    ("i.j", ["m34"], 1, "'.' at byte 2 is not part of one ellipsis"), ("i..j", ["m34"], 1, "'.' at byte 2 is not part of one ellipsis"),
    ("......", ["m34"], 1, "'.' at byte 4 is not part of one ellipsis"), ("ij-", ["m34"], 1, "unexpected character at byte 3"),
    ("i>j", ["m34"], 1, "unexpected character at byte 2"), ("ij->i,j", ["m34"], 1, "unexpected character at byte 6"), ("12->21", ["m34"], 1, "unexpected character at byte 1"),
    ("\u03b1\u03b2", ["m34"], 1, "unexpected character at byte 1"), ("i\u0000j", ["m34"], 1, "unexpected character at byte 2"),
    ("abcdefghi->", ["m34"], 1, "a term has more than 8 letters"), (",,,,,,,,->", ["s"], 1, "more than 8 operands"), ("x" * 5000, ["m34"], 1, "the equation is longer than 4096 bytes"),
    ("", ["m34"], 1, "operand 0 has 2 dimensions, the equation names 0"), ("i", [], 2, "no operands"), ("i", ["v5"] * 9, 2, "9 operands, at most 8"),
    ("ii", ["one1"], 2, "a repeated letter has sizes 1 and 4"),
]:
    case("einsum", inputs, None, text=equation, error=bad("einsum", argument, detail))
case("einsum", ["r8", "v1"], None, text="abcdefgh,i->abcdefghi", error=bad("einsum", 1, "a term has more than 8 letters"))
case("einsum", ["r8", "v1"], None, text="abcdefgh,i", error="the shape [1, 2, 1, 2, 1, 2, 1, 2, 1] is not allowed: einsum meets more than 8 dimensions on its way")

# Rounding, and the larger and smaller of numbers -----------------------------------------------------------------------
# What follows draws no random numbers and comes last, so that the names and numbers of the cases before stay as they are.
INPUTS["halves"] = torch.tensor([-4.5, -3.5, -2.5, -1.5, -0.5, 0.5, 1.5, 2.5, 3.5, 4.5, -0.3, 0.3, 0.49999997, -0.50000006, 8388607.5, -4194304.5, 16777216.0])
put("halves", INPUTS["halves"])
for op, function in {"sign": torch.sign, "floor": torch.floor, "ceil": torch.ceil, "round": torch.round}.items():
    for name in ["special", "halves", "small", "far", "s", "e03"]:
        case(op, [name], function, tolerance=0)
    case(op, ["m34"], function, pre=["T"], tolerance=0)
    case(op, ["q2345"], function, pre=["S"], tolerance=0)
for op, function in {"smaller": torch.minimum, "larger": torch.maximum}.items():
    for number in [2.5, -1.0, 0.0, float("inf"), float("-inf"), float("nan")]:
        case(op + "_number", ["special"], lambda a, f=function, n=number: f(a, torch.tensor(n)), numbers=[number], tolerance=0)
    case(op + "_number", ["m34"], lambda a, f=function: f(a, torch.tensor(0.5)), pre=["T"], numbers=[0.5], tolerance=0)
    case(op + "_number", ["e203"], lambda a, f=function: f(a, torch.tensor(0.5)), numbers=[0.5], tolerance=0)
    case(op, ["m34", "v5"], None, error="the shapes [3, 4] and [5] cannot be broadcast together")
case("ne", ["m34", "v5"], None, error="the shapes [3, 4] and [5] cannot be broadcast together")

# Rolled and flipped ----------------------------------------------------------------------------------------------------
for name, pre, shifts, dims in [
    ("m34", "", [1], [0]), ("m34", "", [-1], [1]), ("m34", "", [5], [-1]), ("m34", "", [0], [0]), ("m34", "", [-4], [1]), ("m34", "T", [1], [0]),
    ("m34", "", [1], None), ("m34", "", [-5], None), ("m34", "", [25], []), ("m34", "T", [2], None), ("m34", "E", [7], None), ("q2345", "S", [-11], None),
    ("m34", "", [1, 2], [0, 1]), ("m34", "", [1, 1], [1, 1]), ("m34", "", [3, -3], [1, -1]), ("m34", "", [2, -1, 3], [0, 1, -2]),
    ("q2345", "", [1, 1, 2, 3], [0, 1, 2, 3]), ("q2345", "S", [1, -1], [3, 1]), ("t234", "N", [2], [-1]), ("m34", "E", [1, 1], [0, 2]),
    ("r8", "", [1] * 8, list(range(8))), ("big32x33", "T", [10, -7], [0, 1]), ("s", "", [3], None), ("v1", "", [9], [0]), ("e03", "", [1], [0]),
    ("e03", "", [2, 1], [1, 0]), ("e203", "", [1], None), ("e0", "", [-1], [0]),
]:
    case("roll", [name], lambda a, s=shifts, d=dims: a.roll(s, d or ()), pre=[pre], ints=shifts, dims=dims, tolerance=0)
for shift in [BIG, MIN]:
    case("roll", ["m34"], lambda a, s=shift: a.roll(s % 3, 0), ints=[shift], dims=[0], tolerance=0)
    case("roll", ["m34"], lambda a, s=shift: a.roll((s % 4 + s % 4) % 4, 1), ints=[shift, shift], dims=[1, 1], tolerance=0)
    case("roll", ["m34"], lambda a, s=shift: a.roll(s % 12), ints=[shift], tolerance=0)
for name, shifts, dims, argument, detail in [
    ("m34", [], None, 1, "no shifts"), ("m34", [], [0], 1, "no shifts"), ("m34", [1, 2], None, 2, "0 dimensions for 2 shifts"),
    ("m34", [1, 2], [0], 2, "1 dimensions for 2 shifts"), ("m34", [1], [0, 1], 2, "2 dimensions for 1 shifts"),
    ("m34", [1], [2], 2, "dimension 2 outside -2..1"), ("m34", [1, 1], [0, -3], 2, "dimension -3 outside -2..1"),
    ("m34", [1], [MIN], 2, f"dimension {MIN} outside -2..1"), ("s", [1], [0], 2, "the tensor has no dimensions"),
    ("e03", [1], [2], 2, "dimension 2 outside -2..1"),  # PyTorch looks at no dimension of an empty tensor
]:
    case("roll", [name], None, ints=shifts, dims=dims, error=bad("roll", argument, detail))
for name, pre, dims in [
    ("m34", "", [0]), ("m34", "", [1]), ("m34", "", [-1, 0]), ("m34", "T", [0]), ("m34", "E", [0, 2]), ("m34", "", []), ("q2345", "", [1, 3]),
    ("q2345", "S", [3]), ("q2345", "S", [0, -1]), ("t234", "N", [0, 1, 2]), ("r8", "", list(range(8))), ("big32x33", "T", [0]), ("v5", "", [0]),
    ("s", "", []), ("s", "", [0]), ("s", "", [-1]), ("e03", "", [0]), ("e03", "", [0, 1]), ("e203", "", [-1]),
]:
    case("flip", [name], lambda a, d=dims: a.flip(d), pre=[pre], ints=dims, tolerance=0)
for name, dims, detail in [
    ("m34", [2], "dimension 2 outside -2..1"), ("m34", [0, -2], "dimension -2 appears twice"), ("s", [1], "dimension 1 outside -1..0"),
    ("s", [0, 0], "dimension 0 appears twice"), ("e03", [MIN], f"dimension {MIN} outside -2..1"),
]:
    case("flip", [name], None, ints=dims, error=bad("flip", 1, detail))

# Copies with a part replaced -------------------------------------------------------------------------------------------
for inputs, pre, dim, index in [
    (["m34", "r4"], ["", ""], 0, 1), (["m34", "r4"], ["", ""], -2, -3), (["m43", "r4"], ["", ""], 1, -1), (["m43", "r4"], ["T", ""], 0, 2),
    (["m34", "m34"], ["E", ""], 0, 1), (["t234", "m34"], ["", ""], 0, 1), (["t234", "m43"], ["", "T"], 0, -1), (["v5", "s"], ["", ""], 0, 4),
    (["e03", "e0"], ["", ""], 1, 2), (["e203", "e03"], ["", ""], 0, 0), (["q2345", "t234"], ["", ""], 3, 2), (["v1", "s"], ["", ""], -1, -1),
]:
    case("select_scatter", inputs, lambda a, b, d=dim, i=index: a.select_scatter(b, d, i), pre=pre, ints=[dim, index], tolerance=0)
for inputs, ints, argument, detail in [
    (["m34", "c31"], [1, 0], 1, "the shape is [3, 1], wanted [3]"), (["m34", "s"], [0, 0], 1, "the shape is [], wanted [4]"),
    (["m34", "v1"], [0, 0], 1, "the shape is [1], wanted [4]"), (["v5", "v1"], [0, 0], 1, "the shape is [1], wanted []"),
    (["m34", "r4"], [2, 0], 2, "dimension 2 outside -2..1"), (["m34", "r4"], [0, 3], 3, "index 3 outside -3..2"),
    (["m34", "r4"], [MIN, 0], 2, f"dimension {MIN} outside -2..1"), (["m34", "r4"], [0, MIN], 3, f"index {MIN} outside -3..2"),
    (["e03", "v5"], [0, 0], 3, "index 0, but the size is 0"), (["s", "s"], [0, 0], 2, "the tensor has no dimensions"),
]:
    case("select_scatter", inputs, None, ints=ints, error=bad("select_scatter", argument, detail))
for inputs, pre, dim, start, end, step in [
    (["m34", "n34"], ["", ""], 0, None, None, 1), (["m34", "c31"], ["", ""], 1, 2, 3, 1), (["m34", "c31"], ["", ""], -1, -1, None, 1),
    (["m44", "m43"], ["", ""], 1, 1, None, 1), (["m43", "m34"], ["", "T"], 1, -100, 100, 1), (["t234", "t234"], ["", "S"], 2, None, None, 2),
    (["t234", "t234"], ["", "S"], 2, 1, None, 2), (["t314", "t314"], ["", ""], 1, 0, 1, BIG), (["m34", "one1"], ["", ""], 0, 1, None, BIG),
    (["m34", "e03"], ["T", ""], 0, 3, 1, 1), (["m34", "e30"], ["", ""], 1, 5, 7, 1), (["e03", "e03"], ["", ""], 0, None, None, 3), (["m34", "e30"], ["", ""], 1, BIG, BIG, 1),
    (["m34", "m34"], ["", "N"], 1, MIN, 3, 1), (["big32x33", "big32x33"], ["T", "T"], 0, None, BIG, 1), (["m34", "m34"], ["E", "E"], 0, 0, 3, 1),
]:
    bounds = [v if v is None else max(-1000, min(1000, v)) for v in (start, end, step)]
    case("slice_scatter", inputs, lambda a, b, d=dim, z=bounds: a.slice_scatter(b, d, *z), pre=pre, ints=[dim, start, end, step], tolerance=0)
for inputs, ints, argument, detail in [
    (["m34", "r4"], [0, 1, 2, 1], 1, "the shape is [4], wanted [1, 4]"), (["m34", "one1"], [0, 1, None, 1], 1, "the shape is [1, 4], wanted [2, 4]"),
    (["m34", "n34"], [0, 3, 1, 1], 1, "the shape is [3, 4], wanted [0, 4]"), (["m34", "n34"], [2, None, None, 1], 2, "dimension 2 outside -2..1"),
    (["m34", "n34"], [0, None, None, 0], 5, "step 0 is below 1"), (["m34", "n34"], [0, None, None, MIN], 5, f"step {MIN} is below 1"),
    (["s", "s"], [0, None, None, 1], 2, "the tensor has no dimensions"),
]:
    case("slice_scatter", inputs, None, ints=ints, error=bad("slice_scatter", argument, detail))

folder = pathlib.Path(__file__).parent
save_file(tensors, folder / "tensor_ops.safetensors", {"torch": torch.__version__, "seed": str(SEED)})
text = ",\n".join(json.dumps(entry) for entry in cases)
(folder / "tensor_ops.json").write_text("[\n" + text + "\n]\n")
print(len(cases), "cases,", len(tensors), "tensors,", (folder / "tensor_ops.safetensors").stat().st_size, "bytes")
