"""Scheduler-only runs: what each solver makes of one fixed list of model outputs."""

import math
import random
import warnings

import diffusers
import torch

from .more_scheduler_cases import MORE_AXES, MORE_CASES, pairwise_cases
from .scheduler_cases import CASES, SCHEDULES, random_cases
from .writing import REFERENCE, save_fixture, save_json_rows

SHAPE = (2, 4, 1, 3)
OUTPUT_COUNT = 40
SEED = 1234
SENSITIVITY_LIMIT = 1e-5
FILE_OF_CLASS = {
    "DDIMScheduler": "ddim",
    "PNDMScheduler": "pndm",
    "EulerDiscreteScheduler": "euler",
    "EulerAncestralDiscreteScheduler": "euler_ancestral",
    "DPMSolverMultistepScheduler": "dpmsolver_multistep",
    "UniPCMultistepScheduler": "unipc",
    "HeunDiscreteScheduler": "heun",
    "LMSDiscreteScheduler": "lms",
    "LCMScheduler": "lcm",
    "DDPMScheduler": "ddpm",
    "DPMSolverSinglestepScheduler": "dpmsolver_singlestep",
    "KDPM2DiscreteScheduler": "kdpm2",
    "KDPM2AncestralDiscreteScheduler": "kdpm2_ancestral",
    "DEISMultistepScheduler": "deis",
}
SCALING = ("Euler", "Heun", "LMS", "KDPM2")  # classes whose `scale_model_input` does something
COUNT_OF_CLASS = {
    "DDIMScheduler": 50,
    "PNDMScheduler": 30,
    "EulerDiscreteScheduler": 55,
    "EulerAncestralDiscreteScheduler": 25,
    "DPMSolverMultistepScheduler": 80,
}


def inputs():
    source = torch.Generator("cpu").manual_seed(SEED)
    noise = torch.randn(SHAPE, generator=source)
    outputs = torch.randn((OUTPUT_COUNT, *SHAPE), generator=source)
    change = torch.randn(SHAPE, generator=source)  # what an edited case adds to the sample
    return noise, outputs, change


def scheduler_of(config):
    arguments = {key: value for key, value in config.items() if key != "_class_name"}
    return getattr(diffusers, config["_class_name"])(**arguments)


def is_stochastic(case):
    name, call = case["config"]["_class_name"], case["call"]
    return (
        name in ("EulerAncestralDiscreteScheduler", "KDPM2AncestralDiscreteScheduler", "LCMScheduler", "DDPMScheduler")
        or call.get("eta", 0) > 0
        or call.get("s_churn", 0) > 0
        or case["config"].get("algorithm_type", "").startswith("sde")
    )


def shift_kept_sample(scheduler, change):
    """Shifts what the scheduler keeps of the sample, so that its last step, with the same outputs, would have ended
    at the edited sample."""
    name, index = type(scheduler).__name__, scheduler.step_index
    if getattr(scheduler, "sample", None) is None and getattr(scheduler, "last_sample", None) is None:
        return
    if name in ("HeunDiscreteScheduler", "KDPM2DiscreteScheduler", "KDPM2AncestralDiscreteScheduler"):
        scheduler.sample = scheduler.sample + change
        return
    end = scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index])
    predicts_clean = getattr(scheduler, "predict_x0", True) and scheduler.config.get("algorithm_type") != "dpmsolver"
    part = 1 if predicts_clean else 0
    if name == "UniPCMultistepScheduler":
        start = scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index - 1])
        scheduler.last_sample = scheduler.last_sample + change * start[part] / end[part]
        return
    order = min(scheduler.order_list[index - 1], index)
    start = scheduler._sigma_to_alpha_sigma_t(scheduler.sigmas[index - order])
    weight = end[part] / start[part]
    if scheduler.config.algorithm_type.startswith("sde"):
        weight = weight * (end[1] / end[0]) / (start[1] / start[0])  # exp(-h)
    scheduler.sample = scheduler.sample + change / weight


def run(case, noise, outputs, change, table_error=None, level_error=None):
    """One run; the model output of step k is `outputs[k]`. Raises what the reference raises."""
    scheduler = scheduler_of(case["config"])
    if table_error is not None:
        scheduler.alphas_cumprod *= 1 + table_error * torch.linspace(-1, 1, len(scheduler.alphas_cumprod)).cos()
    scheduler.set_timesteps(**case["set_timesteps"])
    if level_error is not None and isinstance(getattr(scheduler, "sigmas", None), torch.Tensor):
        scheduler.sigmas *= 1 + level_error * torch.arange(len(scheduler.sigmas)).cos()
    stochastic = is_stochastic(case)
    sample = noise * scheduler.init_noise_sigma
    call = dict(case["call"])
    if stochastic:
        call["generator"] = torch.Generator("cpu").manual_seed(case["seed"])
    scaled, previous, clean, drawn = [], [], [], []
    for index, timestep in enumerate(scheduler.timesteps):
        before = call["generator"].get_state() if stochastic else None
        scaled.append(scheduler.scale_model_input(sample, timestep))
        result = scheduler.step(outputs[index], timestep, sample, **call)
        sample = result.prev_sample
        previous.append(sample)
        if stochastic:
            drawn.append(drawn_noise(before, call["generator"]))
        predicted = getattr(result, "denoised", getattr(result, "pred_original_sample", None))
        if predicted is not None:
            clean.append(predicted)
        if index in case.get("edits", []) and index + 1 < len(scheduler.timesteps):
            shift_kept_sample(scheduler, change)
            sample = sample + change
    tensors = {"prev_samples": torch.stack(previous), "timesteps": scheduler.timesteps.to(torch.float32)}
    if clean:
        tensors["x0"] = torch.stack(clean)
    if case["config"]["_class_name"].startswith(SCALING):
        tensors["scaled_inputs"] = torch.stack(scaled)
    if isinstance(getattr(scheduler, "sigmas", None), torch.Tensor):
        tensors["sigmas"] = levels(scheduler)
    if stochastic:
        tensors["noises"] = torch.stack(drawn)
    return tensors, float(scheduler.init_noise_sigma)


def levels(scheduler):
    """The noise level at each step; KDPM2 keeps those of every second step in a list of their own."""
    if not hasattr(scheduler, "sigmas_interpol"):
        return scheduler.sigmas
    between = scheduler.sigmas_interpol[::2] if hasattr(scheduler, "sigmas_up") else scheduler.sigmas_interpol[1::2]
    pairs = torch.stack((scheduler.sigmas[::2], between), dim=-1).flatten()
    return torch.cat((pairs[: len(scheduler.timesteps)], torch.zeros(1)))


def drawn_noise(before, generator):
    """The noise that a step drew, zeros where it drew none."""
    if torch.equal(before, generator.get_state()):
        return torch.zeros(SHAPE)
    source = torch.Generator("cpu")
    source.set_state(before)
    return torch.randn(SHAPE, generator=source)


def is_finite(tensors):
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())


def sensitivity(case, noise, outputs, change, tensors):
    """How far the samples move, relative to their largest value, when the inputs move by 1e-6 and the
    table of alphas by half a unit in the last place; in the schedulers of `MORE_AXES` also when the noise levels move
    by a unit in the last place.

    A run that multiplies a rounding error by much more tells nothing about an implementation.
    """
    source = torch.Generator("cpu").manual_seed(SEED + 1)
    moved = lambda tensor: tensor * (1 + 1e-6 * torch.randn(tensor.shape, generator=source))
    other, _ = run(case, moved(noise), moved(outputs), change, table_error=6e-8)
    others = [other]
    if case["config"]["_class_name"] in MORE_AXES:
        others.append(run(case, noise, outputs, change, level_error=1.2e-7)[0])
    exact = tensors["prev_samples"].flatten(1)
    effects = [
        (exact - other["prev_samples"].flatten(1)).abs().amax(1) / exact.abs().amax(1) for other in others
    ]
    return float(torch.nan_to_num(torch.stack(effects), nan=math.inf).max())


def keeps_digits(case):
    """Whether the ancestral KDPM2 keeps its digits: it loses them in `next**2 - up**2` where a level is far below the
    one before; the exact value is `next**2 / level`."""
    scheduler = scheduler_of(case["config"])
    if not hasattr(scheduler, "sigmas_up"):
        return True
    scheduler.set_timesteps(**case["set_timesteps"])
    whole = torch.cat((scheduler.sigmas[:1], scheduler.sigmas[1::2])).double()
    down = torch.cat((scheduler.sigmas_down[:1], scheduler.sigmas_down[1::2])).double()
    exact = whole[1:-1] ** 2 / whole[:-2]
    is_step = exact > 0
    return bool(((down[: len(exact)] - exact).abs()[is_step] / exact[is_step] < 1.5e-6).all())


def is_defined(case):
    """Whether the noise can be told from latents that are noise alone: at zero terminal signal a prediction of the
    noise says nothing of the picture."""
    config = case["config"]
    return not config.get("rescale_betas_zero_snr") or config.get("prediction_type", "epsilon") != "epsilon"


def save_schedules():
    tensors = {}
    for name, config in SCHEDULES.items():
        scheduler = scheduler_of({"_class_name": "DDIMScheduler", **config})
        tensors[f"{name}/betas"] = scheduler.betas
        tensors[f"{name}/alphas_cumprod"] = scheduler.alphas_cumprod
    save_fixture("schedulers/schedules.safetensors", tensors)
    save_json_rows("schedulers/schedules.json", {"reference": REFERENCE}, "schedules",
                   [{"name": name, "config": config} for name, config in SCHEDULES.items()])  # fmt: skip


def make():
    warnings.simplefilter("ignore")
    diffusers.logging.set_verbosity_error()
    noise, outputs, change = inputs()
    by_file = {name: {"noise": noise, "model_outputs": outputs} for name in FILE_OF_CLASS.values()}
    for class_name in MORE_AXES:
        by_file[FILE_OF_CLASS[class_name]]["change"] = change
    rows = []

    def record(case, must_run):
        try:
            tensors, init_noise_sigma = run(case, noise, outputs, change)
            if not must_run:  # drawn cases keep the samples alone, for size
                tensors = {key: value for key, value in tensors.items() if key not in ("scaled_inputs", "x0")}
        except Exception as error:
            if must_run:
                raise SystemExit(f"{case} raises {error!r}")
            return False
        if not is_finite(tensors):
            if must_run:
                raise SystemExit(f"{case} is not finite")
            return False
        if case["config"]["_class_name"] in MORE_AXES and not must_run:
            if not is_defined(case) or not keeps_digits(case):
                return False
        effect = sensitivity(case, noise, outputs, change, tensors)
        if effect > SENSITIVITY_LIMIT:
            if not must_run:
                return False
            print(f"sensitive ({effect:.1e}): {case}")
        name = f"case{len(rows):03d}"
        file = FILE_OF_CLASS[case["config"]["_class_name"]]
        by_file[file].update({f"{name}/{key}": value for key, value in tensors.items()})
        row = {"name": name, "file": f"{file}.safetensors", **case, "init_noise_sigma": init_noise_sigma}
        row["sensitivity"] = float(f"{effect:.1e}")
        row["timesteps_are_integers"] = not case["config"]["_class_name"].startswith(SCALING)
        if not is_stochastic(case):
            del row["seed"]
        rows.append(row)
        return True

    for case in CASES:
        record(case, must_run=True)
    print(len(rows), "chosen cases")
    for class_name, count in COUNT_OF_CLASS.items():
        recorded, refused = 0, 0
        for case in random_cases(class_name, random.Random(f"{SEED} {class_name}")):
            done = record(case, must_run=False)
            recorded, refused = recorded + done, refused + (not done)
            if recorded == count:
                break
        print(class_name, recorded, "drawn cases;", refused, "refused by the reference, not finite or ill-conditioned")
    for case in MORE_CASES:
        record(case, must_run=True)
    for class_name in MORE_AXES:
        before = len(rows)
        source = random.Random(f"{SEED} {class_name}")
        pairwise_cases(class_name, source, lambda case: record(case, must_run=False))
        print(class_name, len(rows) - before, "cases for the pairs of its fields")
    for file, tensors in by_file.items():
        save_fixture(f"schedulers/{file}.safetensors", tensors, seed=SEED)
    head = {"reference": REFERENCE, "input_seed": SEED, "shape": list(SHAPE)}
    save_json_rows("schedulers/index.json", head, "cases", rows)
    save_schedules()
