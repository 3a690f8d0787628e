"""Every form in which plugins call the functions of tensors, as the Lua that calls it, with PyTorch's answers.

`tensor_ops` proves what the operations compute; this part proves that each name and each form of its arguments is there
in Lua and means the same.
"""

import math

import torch
import torch.nn.functional as functional
import torchvision.transforms.functional as vision

from .writing import save_fixture, save_json_rows

NAN, INF = math.nan, math.inf


def randn(*shape):
    return torch.randn(shape, generator=GENERATOR)


GENERATOR = torch.Generator().manual_seed(20260911)
INPUTS = {
    "a": randn(3, 4),
    "b": randn(3, 4),
    "col": randn(3, 1),
    "row": randn(4),
    "v": randn(5),
    "s": randn(),
    "t": randn(2, 3, 4),
    "u": randn(2, 4, 5),
    "sq": randn(4, 4),
    "one": randn(1, 3, 1, 2),
    "p": randn(3, 4).abs() + 0.25,
    "m": torch.tensor([[1.0, 0, 0, 2], [0, -1, 0, 0], [NAN, 0, 3, 0]]),
    "x": torch.tensor([0.0, -0.0, 1.5, -2.0, INF, -INF, NAN, 1e-40]),
    "e": randn(2, 0, 3),
    "img": randn(2, 3, 6, 7),
    "big": randn(20, 30),
}


def changed(tensor, change):
    """A copy of the tensor after a change in place."""
    tensor = tensor.clone()
    change(tensor)
    return tensor


def set_element(tensor, place, value):
    return changed(tensor, lambda copy: copy.__setitem__(place, value))


def blurred(tensor, sigma):
    radius = math.ceil(3 * sigma)
    return vision.gaussian_blur(tensor, [2 * radius + 1] * 2, [sigma] * 2)


def reductions(names):
    """The forms of `(dim, keepdim)` for functions that PyTorch offers over several dimensions."""
    forms = [
        ("", None, False), ("0", [0], False), ("-1", [-1], False), ("1, true", [1], True), ("-2, true", [-2], True),
        ("{0, -1}", [0, -1], False), ("{1}, true", [1], True), ("{2, 0}, true", [2, 0], True),
        ("nil, true", [0, 1, 2], True), ("{}", None, False), ("nil, false", None, False), ("0, nil", [0], False),
    ]
    for name, function in names.items():
        for text, dims, keep in forms:
            yield f"t:{name}({text})", lambda t, f=function, d=dims, k=keep: f(t, d or [0, 1, 2], k), {"tolerance": 3e-6}


def cases():
    """Pairs of Lua and Python that mean the same; the Python takes the inputs that the Lua names."""
    yield "moon.tensor(a.shape)", lambda a: torch.tensor(a.shape), {}
    yield "moon.tensor(e:size())", lambda e: torch.tensor(e.shape), {}
    yield "a:size(0), a:size(-1), e:size(1)", lambda a, e: (a.size(0), a.size(-1), e.size(1)), {}
    yield "#a, #e, #v", lambda a, e, v: (len(a), len(e), len(v)), {}
    yield "a.ndim, s.ndim, e.ndim", lambda a, s, e: (a.ndim, s.ndim, e.ndim), {}
    yield "a:numel(), s:numel(), e:numel()", lambda a, s, e: (a.numel(), s.numel(), e.numel()), {}
    yield "s:item(), a:sum():item()", lambda s, a: (s.item(), a.sum().item()), {}
    yield "a:get(1, 2), a:get{2, -1}, a:get(-3, 0), s:get(), s:get{}", lambda a, s: (a[1, 2], a[2, -1], a[-3, 0], s, s), {}
    yield "moon.tensor(t:totable())", lambda t: t, {}
    yield "moon.tensor(e:totable())", lambda e: torch.zeros(2, 0), {}  # lists without elements hold no third size
    yield "s:totable()", lambda s: s, {}
    for form, place in [("1, -1", (1, -1)), ("{0, 3}", (0, 3)), ("-1, -4", (-1, -4))]:
        yield f"a:clone():set(9.5, {form})", lambda a, p=place: set_element(a, p, 9.5), {}
    yield "s:clone():set(3), s:clone():set(4, {})", lambda s: (torch.tensor(3.0), torch.tensor(4.0)), {}
    yield "a:clone():fill_(0.1), e:clone():fill_(1)", lambda a, e: (torch.full_like(a, 0.1), e), {}
    yield "a:clone():copy_(7), a:clone():copy_(row), a:clone():copy_(col)", lambda a, row, col: (
        torch.full_like(a, 7), changed(a, lambda c: c.copy_(row)), changed(a, lambda c: c.copy_(col))), {}
    yield "a:clone():add_(0.1), a:clone():add_(row), a:clone():add_(a)", lambda a, row: (a + 0.1, a + row, a + a), {}
    yield "a:clone():mul_(0.1), a:clone():mul_(col), a:clone():mul_(s)", lambda a, col, s: (a * 0.1, a * col, a * s), {}

    # Operators: numbers on either side, broadcasting, no elements, what is not finite.
    for sign in "+-*/":
        operate = {"+": torch.add, "-": torch.sub, "*": torch.mul, "/": torch.div}[sign]
        for left, right in ["ab", ("a", "row"), ("col", "row"), ("s", "t"), ("e", "s"), "xs", "tt"]:
            yield f"{left} {sign} {right}", operate, {"inputs": [left, right]}
        for number in ["0.1", "3", "-0.0", "(1/0)", "(0/0)", "1e39"]:
            value = {"(1/0)": INF, "(0/0)": NAN, "1e39": INF}.get(number) or float(number)
            yield f"a {sign} {number}, x {sign} {number}", lambda a, x, f=operate, n=value: (f(a, n), f(x, n)), {}
            yield f"{number} {sign} a, {number} {sign} x", lambda a, x, f=operate, n=value: (
                f(torch.tensor(n), a), f(torch.tensor(n), x)), {}
    yield "p ^ b, p ^ row, x ^ s", lambda p, b, row, x, s: (p ** b, p ** row, x ** s), {}
    yield "p ^ 2, a ^ 3, p ^ 0.5, p ^ -1, x ^ 2, p ^ 1.7", lambda p, a, x: (p ** 2, a ** 3, p ** 0.5, p ** -1, x ** 2, p ** 1.7), {}
    yield "2 ^ a, 0 ^ p, -a, -x, -e", lambda a, p, x, e: (2 ** a, torch.zeros_like(p), -a, -x, -e), {}

    # Comparisons give 0 and 1.
    for name, compare in {"lt": torch.lt, "le": torch.le, "gt": torch.gt, "ge": torch.ge, "eq": torch.eq}.items():
        yield f"a:{name}(b), a:{name}(row), col:{name}(row), a:{name}(0), x:{name}(0), x:{name}(0/0), x:{name}(x), e:{name}(1)", \
            lambda a, b, row, col, x, e, f=compare: (
                f(a, b), f(a, row), f(col, row), f(a, 0), f(x, 0), f(x, NAN), f(x, x), f(e, 1)), {}
    yield "moon.where(m, a, b), a:where(m, b), moon.where(m, a, 0), a:where(m, -1)", lambda m, a, b: (
        torch.where(m != 0, a, b), torch.where(m != 0, a, b), torch.where(m != 0, a, 0.0), torch.where(m != 0, a, -1.0)), {}
    yield "moon.where(m, 1, 0), moon.where(m, row, col), moon.where(a:gt(0), t, s)", lambda m, row, col, a, t, s: (
        torch.where(m != 0, 1.0, 0.0), torch.where(m != 0, row, col), torch.where(a > 0, t, s)), {}

    # Functions of one element.
    for name in ["abs", "sqrt", "exp", "log", "sin", "cos", "acos", "tanh"]:
        yield f"a:{name}(), s:{name}(), e:{name}(), x:{name}(), t:transpose(0, 2):{name}()", \
            lambda a, s, e, x, t, f=getattr(torch, name): (f(a), f(s), f(e), f(x), f(t.transpose(0, 2))), {}
    yield "a:clamp(-0.5, 0.5), a:clamp(0.1), a:clamp(nil, 0.2), a:clamp(-0.1, nil), a:clamp(1, -1), x:clamp(-1, 1), x:clamp(0/0, 1)", \
        lambda a, x: (a.clamp(-0.5, 0.5), a.clamp(0.1), a.clamp(None, 0.2), a.clamp(-0.1), a.clamp(1, -1), x.clamp(-1, 1), x.clamp(NAN, 1)), {}
    yield "a:lerp(b, 0.3), a:lerp(row, 1), a:lerp(b, p), col:lerp(row, s), a:lerp(b, -0.5)", lambda a, b, row, p, col, s: (
        torch.lerp(a, b, 0.3), torch.lerp(a, row.expand(3, 4), 1.0), torch.lerp(a, b, p), torch.lerp(col, row, s), torch.lerp(a, b, -0.5)), {}

    # Reductions.
    yield from reductions({
        "sum": lambda t, d, k: t.sum(d, k), "mean": lambda t, d, k: t.mean(d, k), "var": lambda t, d, k: t.var(d, keepdim=k),
        "std": lambda t, d, k: t.std(d, keepdim=k), "min": lambda t, d, k: t.amin(d, k), "max": lambda t, d, k: t.amax(d, k),
        "norm": lambda t, d, k: torch.linalg.vector_norm(t, 2, d, k),
    })
    yield "e:sum(), e:mean(), e:sum(1), e:sum(0), e:mean(1, true), e:norm(), e:std(1), e:max(0)", lambda e: (
        e.sum(), e.mean(), e.sum(1), e.sum(0), e.mean(1, True), torch.linalg.vector_norm(e), e.std(1), e.amax(0)), {}
    yield "s:sum(), s:std(), s:max(0), x:sum(), x:max(), x:mean(), x:norm()", lambda s, x: (
        s.sum(), s.std(), s.amax(0), x.sum(), x.amax(), x.mean(), torch.linalg.vector_norm(x)), {}
    for name in ["var", "std"]:
        function = getattr(torch, name)
        yield f"t:{name}(0, false, 0), t:{name}(nil, true, 0), t:{name}({{1, 2}}, false, 2), t:{name}(-1, true, 0.5)", \
            lambda t, f=function: (
                f(t, 0, correction=0), f(t, (0, 1, 2), correction=0, keepdim=True), f(t, (1, 2), correction=2),
                f(t, -1, correction=0.5, keepdim=True)), {}
    for text, order in [("1", 1), ("0", 0), ("math.huge", INF), ("-math.huge", -INF), ("3", 3), ("0.5", 0.5), ("-1", -1)]:
        yield f"t:norm(nil, false, {text}), t:norm(1, true, {text}), t:norm({{0, 2}}, nil, {text})", lambda t, o=order: (
            torch.linalg.vector_norm(t, o), torch.linalg.vector_norm(t, o, 1, True), torch.linalg.vector_norm(t, o, (0, 2))), \
            {"tolerance": 2e-6}
    yield "v:dot(v), row:dot(a:select(0, 1))", lambda v, row, a: (v.dot(v), row.dot(a[1])), {}
    yield "t:quantile(0.3), t:quantile(0.25, 0), t:quantile(0.75, -1, true), t:quantile(1, nil, true), s:quantile(0.5), x:quantile(0.5)", \
        lambda t, s, x: (
            t.quantile(0.3), t.quantile(0.25, 0), t.quantile(0.75, -1, True), t.quantile(1.0, keepdim=True), s.quantile(0.5),
            x.quantile(0.5)), {}
    levels = torch.tensor([0.1, 0.5, 0.995])
    yield "t:quantile({0.1, 0.5, 0.995}), t:quantile({0.1, 0.5, 0.995}, 1), t:quantile({0.1, 0.5, 0.995}, -1, true), big:quantile({0.5})", \
        lambda t, big: (t.quantile(levels), t.quantile(levels, 1), t.quantile(levels, -1, True), big.quantile(torch.tensor([0.5]))), {}

    # Pieces and views.
    yield "v:chunk(2)", lambda v: v.chunk(2), {}
    yield "a:chunk(3, -1)", lambda a: a.chunk(3, -1), {}
    yield "e:chunk(2)", lambda e: e.chunk(2), {}
    yield "v:split(2)", lambda v: v.split(2), {}
    yield "a:split(3, 1)", lambda a: a.split(3, 1), {}
    yield "v:split{1, 0, 4}", lambda v: v.split([1, 0, 4]), {}
    yield "a:split({3, 1}, -1)", lambda a: a.split([3, 1], -1), {}
    yield "t:narrow(-1, 1, 2), t:narrow(1, -2, 2), e:narrow(2, 1, 0)", lambda t, e: (t.narrow(-1, 1, 2), t.narrow(1, -2, 2), e.narrow(2, 1, 0)), {}
    yield "t:slice(1), t:slice(1, 1), t:slice(-1, nil, -1), t:slice(2, 1, 4, 2), t:slice(1, -2), t:slice(0, 5)", lambda t: (
        t, t[:, 1:], t[..., :-1], t[:, :, 1:4:2], t[:, -2:], t[5:]), {}
    yield "t:select(1, 0), t:select(-1, -2)", lambda t: (t.select(1, 0), t.select(-1, -2)), {}
    yield "t:reshape{4, 6}, t:reshape(6, -1), t:reshape(24), t:reshape{2, 3, 2, 2}, e:reshape(0, 7), s:reshape{1, 1}, one:reshape(-1, 2)", \
        lambda t, e, s, one: (t.reshape(4, 6), t.reshape(6, -1), t.reshape(24), t.reshape(2, 3, 2, 2), e.reshape(0, 7), s.reshape(1, 1), one.reshape(-1, 2)), {}
    yield "t:permute{2, 0, 1}, t:permute(0, -1, 1), s:permute{}", lambda t, s: (t.permute(2, 0, 1), t.permute(0, -1, 1), s), {}
    yield "t:transpose(0, 2), t:transpose(-1, 1), e:transpose(0, 1)", lambda t, e: (t.transpose(0, 2), t.transpose(-1, 1), e.transpose(0, 1)), {}
    yield "one:squeeze(), one:squeeze(0), one:squeeze(-2), one:squeeze(1)", lambda one: (one.squeeze(), one.squeeze(0), one.squeeze(-2), one.squeeze(1)), {}
    yield "a:unsqueeze(0), a:unsqueeze(-1), a:unsqueeze(1), s:unsqueeze(0)", lambda a, s: (a.unsqueeze(0), a.unsqueeze(-1), a.unsqueeze(1), s.unsqueeze(0)), {}
    yield "col:expand{3, 4}, col:expand(2, -1, 5), row:expand{0, 4}, s:expand{2}, col:expand{-1, -1}", lambda col, row, s: (
        col.expand(3, 4), col.expand(2, -1, 5), row.expand(0, 4), s.expand(2), col), {}
    yield "a:repeat_rows(2), v:repeat_rows(0), e:repeat_rows(3)", lambda a, v, e: (
        a.repeat_interleave(2, 0), v.repeat_interleave(0, 0), e.repeat_interleave(3, 0)), {}
    yield "a:clone(), e:clone()", lambda a, e: (a, e), {}
    yield "a:cat(b), a:cat(b, -1), a:cat({b, a}, 1), moon.cat({a, b}), moon.cat({a, b, col}, -1), moon.cat{a}", lambda a, b, col: (
        torch.cat([a, b]), torch.cat([a, b], -1), torch.cat([a, b, a], 1), torch.cat([a, b]), torch.cat([a, b, col], -1), a), {}
    yield "a:stack(b), a:stack(b, -1), a:stack({b, a}, 1), moon.stack({a, b}, -2), moon.stack{s, s}", lambda a, b, s: (
        torch.stack([a, b]), torch.stack([a, b], -1), torch.stack([a, b, a], 1), torch.stack([a, b], -2), torch.stack([s, s])), {}

    # Products.
    yield "a:matmul(sq), a:matmul(row), row:matmul(sq), t:matmul(u), a:matmul(u), v:dot(v)", lambda a, sq, row, t, u, v: (
        a @ sq, a @ row, row @ sq, t @ u, a @ u, v @ v), {"tolerance": 2e-6}
    yield 'moon.einsum("...ij,...jk->...ik", t, u), t:einsum("bij,bjk->bik", u), moon.einsum("ii->i", sq), moon.einsum("ii", sq)', \
        lambda t, u, sq: (t @ u, t @ u, sq.diagonal(), sq.trace()), {"tolerance": 2e-6}
    yield 'moon.einsum("ij->", a), a:einsum("ij->j"), moon.einsum("i,j->ij", {v, row}), moon.einsum("ij,ij->i", a, b), t:einsum("...j->...")', \
        lambda a, v, row, b, t: (a.sum(), a.sum(0), torch.outer(v, row), (a * b).sum(1), t.sum(-1)), {"tolerance": 2e-6}

    # Pictures.
    yield 'img:resize(12, 5), img:resize(4, 9, "nearest"), img:resize{3, 3}, img:resize({8, 8}, "nearest")', lambda img: tuple(
        functional.interpolate(img, size, mode="nearest") for size in [(12, 5), (4, 9), (3, 3), (8, 8)]), {}
    yield 'img:resize(12, 5, "bilinear"), img:resize({4, 9}, "bilinear"), a:resize(6, 8, "bilinear")', lambda img, a: (
        functional.interpolate(img, (12, 5), mode="bilinear"), functional.interpolate(img, (4, 9), mode="bilinear"),
        functional.interpolate(a[None, None], (6, 8), mode="bilinear")[0, 0]), {}
    yield "img:blur(0.8), big:unsqueeze(0):blur(1.5)", lambda img, big: (blurred(img, 0.8), blurred(big[None], 1.5)), {"tolerance": 2e-6}
    yield "img:fft2(), a:fft2()", lambda img, a: tuple(torch.view_as_real(torch.fft.fft2(x.double())) for x in (img, a)), {}
    yield "img:fft2():ifft2():select(-1, 0), u:slice(-1, 0, 2):ifft2()", lambda img, u: (
        img, torch.view_as_real(torch.fft.ifft2(torch.view_as_complex(u[..., :2].double().contiguous())))), {"tolerance": 2e-6}

    # Creation. Every number is one of float32.
    yield "moon.tensor(3), moon.tensor{1, 2.5}, moon.tensor{{1, 2}, {3, 4}}, moon.tensor{{{1}}}, moon.tensor{}, moon.tensor{{}, {}}", lambda: (
        torch.tensor(3.0), torch.tensor([1, 2.5]), torch.tensor([[1.0, 2], [3, 4]]), torch.ones(1, 1, 1), torch.zeros(0), torch.zeros(2, 0)), {}
    yield "moon.tensor{16777217, 0.1, 1e39, -1e39, 1e-46, 0/0, 1/3}", lambda: torch.tensor(
        [16777217, 0.1, 1e39, -1e39, 1e-46, NAN, 1 / 3], dtype=torch.float64).float(), {}
    yield "moon.zeros{2, 3}, moon.zeros(2, 3), moon.zeros{}, moon.zeros{0, 2}, moon.ones{2}, moon.ones(1, 2), moon.ones{}", lambda: (
        torch.zeros(2, 3), torch.zeros(2, 3), torch.zeros(()), torch.zeros(0, 2), torch.ones(2), torch.ones(1, 2), torch.ones(())), {}
    yield "moon.full({2, 2}, 0.1), moon.full({}, 1/0), moon.full({0}, 1), moon.full({2}, 0/0)", lambda: (
        torch.full((2, 2), 0.1), torch.tensor(INF), torch.zeros(0), torch.full((2,), NAN)), {}
    yield "moon.arange(5), moon.arange(2, 5), moon.arange(0, 1, 0.25), moon.arange(5, 0, -2), moon.arange(0), moon.arange(-1.5, 2)", lambda: tuple(
        torch.arange(*numbers, dtype=torch.float32) for numbers in [(5,), (2, 5), (0, 1, 0.25), (5, 0, -2), (0,), (-1.5, 2)]), {}

    # Whole numbers, the larger and the smaller, other orders, parts replaced.
    for name in ["sign", "floor", "ceil", "round"]:
        yield f"(a * 3):{name}(), s:{name}(), e:{name}(), x:{name}(), t:transpose(0, 2):{name}()", \
            lambda a, s, e, x, t, f=getattr(torch, name): (f(a * 3), f(s), f(e), f(x), f(t.transpose(0, 2))), {}
    yield "moon.tensor{-2.5, -1.5, -0.5, 0.5, 1.5, 2.5}:round()", lambda: torch.tensor([-2.5, -1.5, -0.5, 0.5, 1.5, 2.5]).round(), {}
    yield "a:ne(b), a:ne(row), col:ne(row), a:ne(0), x:ne(0), x:ne(0/0), x:ne(x), e:ne(1)", lambda a, b, row, col, x, e: (
        a.ne(b), a.ne(row), col.ne(row), a.ne(0), x.ne(0), x.ne(NAN), x.ne(x), e.ne(1)), {}
    for name in ["maximum", "minimum"]:
        yield f"a:{name}(b), a:{name}(row), col:{name}(row), a:{name}(s), a:{name}(0.5), x:{name}(0.25), x:{name}(0/0), x:{name}(1/0), e:{name}(1)", \
            lambda a, b, row, col, s, x, e, f=getattr(torch, name): (
                f(a, b), f(a, row), f(col, row), f(a, s), f(a, torch.tensor(0.5)), f(x, torch.tensor(0.25)), f(x, torch.tensor(NAN)),
                f(x, torch.tensor(INF)), f(e, torch.tensor(1.0))), {}
    yield "a:roll(1), a:roll({-2}), a:roll(1, 0), a:roll(-1, -1), a:roll({1, 2}, {0, 1}), a:roll({1}, 1), a:roll(5, {}), s:roll(2), e:roll(1, 0)", \
        lambda a, s, e: (
            a.roll(1), a.roll(-2), a.roll(1, 0), a.roll(-1, -1), a.roll((1, 2), (0, 1)), a.roll(1, 1), a.roll(5), s.roll(2), e.roll(1, 0)), {}
    yield "a:flip(0), a:flip{1}, t:flip(0, -1), t:flip{2, 1, 0}, t:flip{}, s:flip(0), e:flip(1)", lambda a, t, s, e: (
        a.flip(0), a.flip(1), t.flip(0, -1), t.flip(2, 1, 0), t, s.flip(0), e.flip(1)), {}
    yield "a:select_scatter(row, 0, 1), t:select_scatter(a, 0, -1), a:select_scatter(a:select(1, 1) + 0.1, 1, 1)", lambda a, row, t: (
        a.select_scatter(row, 0, 1), t.select_scatter(a, 0, -1), a.select_scatter(a[:, 1] + 0.1, 1, 1)), {}
    yield "a:slice_scatter(b), a:slice_scatter(b:slice(0, 1), 0, 1), a:slice_scatter(col, -1, -1), a:slice_scatter(b:narrow(1, 0, 2), 1, nil, 2)", \
        lambda a, b, col: (
            a.slice_scatter(b), a.slice_scatter(b[1:], 0, 1), a.slice_scatter(col, -1, -1), a.slice_scatter(b[:, :2], 1, None, 2)), {}
    yield "a:slice_scatter(b:narrow(1, 0, 2), 1, 1, nil, 2), a:slice_scatter(b, nil, nil, nil, nil), e:slice_scatter(e, 0, 0, 2, 1)", lambda a, b, e: (
        a.slice_scatter(b[:, :2], 1, 1, None, 2), a.slice_scatter(b), e.slice_scatter(e, 0, 0, 2, 1)), {}


# Random streams -----------------------------------------------------------------------------------------------------
MASK = (1 << 64) - 1


def stream_seed(seed, name):
    """The seed of a plugin's own stream: FNV-1a over its name, added to the run's seed, mixed as in SplitMix64."""
    value = 0xCBF29CE484222325
    for byte in name.encode():
        value = (value ^ byte) * 0x100000001B3 & MASK
    value = value + seed & MASK
    value = (value ^ value >> 30) * 0xBF58476D1CE4E5B9 & MASK
    value = (value ^ value >> 27) * 0x94D049BB133111EB & MASK
    return value ^ value >> 31


STREAM_CALLS = [
    ("moon.randn{3}", lambda g: torch.randn(3, generator=g)), ("moon.rand{2, 2}", lambda g: torch.rand(2, 2, generator=g)),
    ("moon.randn{4, 5}", lambda g: torch.randn(4, 5, generator=g)), ("moon.rand(3)", lambda g: torch.rand(3, generator=g)),
    ("moon.randn{0}", lambda g: torch.randn(0, generator=g)), ("moon.randn{}", lambda g: torch.randn((), generator=g)),
    ("moon.rand{17}", lambda g: torch.rand(17, generator=g)), ("moon.randn(2, 2)", lambda g: torch.randn(2, 2, generator=g)),
]  # fmt: skip


def make():
    """Writes lua_forms/lua_forms.json and lua_forms/lua_forms.safetensors."""
    tensors = {}

    def put(name, value):
        value = torch.as_tensor(value).detach().to(torch.float32).contiguous()
        for known, other in tensors.items():
            if other.shape == value.shape and torch.equal(other.view(torch.int32), value.view(torch.int32)):
                return known
        tensors[name] = value.clone()
        return name

    for name, value in INPUTS.items():
        tensors[name] = value.contiguous()
    entries = []
    for lua, run, settings in cases():
        names = settings.get("inputs")
        if names is None:
            names = run.__code__.co_varnames[: run.__code__.co_argcount - len(run.__defaults__ or ())]
        outputs = run(*[INPUTS[name] for name in names])
        if not isinstance(outputs, (tuple, list)):
            outputs = [outputs]
        outputs = [put(f"{len(entries)}_{place}", output) for place, output in enumerate(outputs)]
        entries.append({"lua": lua, "outputs": outputs, "tolerance": settings.get("tolerance", 1e-6)})
    streams = []
    for seed, name in [(11, "streams"), (11, "streams-2"), (11, "others"), (12, "streams")]:
        generator = torch.Generator().manual_seed(stream_seed(seed, name))
        calls = [
            {"lua": lua, "outputs": [put(f"{name}_{seed}_{place}", draw(generator))]}
            for place, (lua, draw) in enumerate(STREAM_CALLS)
        ]
        streams.append({"seed": seed, "name": name, "calls": calls})
    save_fixture("lua_forms/lua_forms.safetensors", tensors)
    save_json_rows("lua_forms/lua_forms.json", {"inputs": list(INPUTS), "streams": streams}, "forms", entries)
    print(f"{len(entries)} forms, {len(tensors)} tensors")
