"""Scheduler-only runs: what each solver makes of one fixed list of model outputs."""

import math
import random
import warnings

import diffusers
import torch

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
}
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
    return noise, outputs


def scheduler_of(config):
    arguments = {key: value for key, value in config.items() if key != "_class_name"}
    return getattr(diffusers, config["_class_name"])(**arguments)


def is_stochastic(case):
    name, call = case["config"]["_class_name"], case["call"]
    return (
        name == "EulerAncestralDiscreteScheduler"
        or call.get("eta", 0) > 0
        or call.get("s_churn", 0) > 0
        or case["config"].get("algorithm_type", "").startswith("sde")
    )


def run(case, noise, outputs, table_error=None):
    """One run; the model output of step k is `outputs[k]`. Raises what the reference raises."""
    scheduler = scheduler_of(case["config"])
    if table_error is not None:
        scheduler.alphas_cumprod *= 1 + table_error * torch.linspace(-1, 1, len(scheduler.alphas_cumprod)).cos()
    scheduler.set_timesteps(**case["set_timesteps"])
    stochastic = is_stochastic(case)
    sample = noise * scheduler.init_noise_sigma
    call = dict(case["call"])
    if stochastic:
        call["generator"] = torch.Generator("cpu").manual_seed(case["seed"])
    scaled, previous, clean = [], [], []
    for index, timestep in enumerate(scheduler.timesteps):
        scaled.append(scheduler.scale_model_input(sample, timestep))
        result = scheduler.step(outputs[index], timestep, sample, **call)
        sample = result.prev_sample
        previous.append(sample)
        if getattr(result, "pred_original_sample", None) is not None:
            clean.append(result.pred_original_sample)
    tensors = {"prev_samples": torch.stack(previous), "timesteps": scheduler.timesteps.to(torch.float32)}
    if clean:
        tensors["x0"] = torch.stack(clean)
    if "Euler" in case["config"]["_class_name"]:
        tensors["scaled_inputs"] = torch.stack(scaled)
    if isinstance(getattr(scheduler, "sigmas", None), torch.Tensor):
        tensors["sigmas"] = scheduler.sigmas
    if stochastic:
        tensors["noises"] = drawn_noises(case, scheduler)
    return tensors, float(scheduler.init_noise_sigma)


def drawn_noises(case, scheduler):
    """The noise of each step; the churn of Euler draws only inside its sigma range, zeros elsewhere."""
    source = torch.Generator("cpu").manual_seed(case["seed"])
    noises = []
    for index in range(len(scheduler.timesteps)):
        draws = True
        if case["call"].get("s_churn", 0) > 0:
            low, high = case["call"].get("s_tmin", 0.0), case["call"].get("s_tmax", math.inf)
            draws = low <= float(scheduler.sigmas[index]) <= high
        noises.append(torch.randn(SHAPE, generator=source) if draws else torch.zeros(SHAPE))
    return torch.stack(noises)


def is_finite(tensors):
    return all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values())


def sensitivity(case, noise, outputs, tensors):
    """How far the samples move, relative to their largest value, when the inputs move by 1e-6 and the
    table of alphas by half a unit in the last place.

    A run that multiplies a rounding error by much more tells nothing about an implementation.
    """
    source = torch.Generator("cpu").manual_seed(SEED + 1)
    moved = lambda tensor: tensor * (1 + 1e-6 * torch.randn(tensor.shape, generator=source))
    other, _ = run(case, moved(noise), moved(outputs), table_error=6e-8)
    exact = tensors["prev_samples"].flatten(1)
    change = (exact - other["prev_samples"].flatten(1)).abs().amax(1) / exact.abs().amax(1)
    return float(change.max())


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
    noise, outputs = inputs()
    by_file = {name: {"noise": noise, "model_outputs": outputs} for name in FILE_OF_CLASS.values()}
    rows = []

    def record(case, must_run):
        try:
            tensors, init_noise_sigma = run(case, noise, outputs)
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
        change = sensitivity(case, noise, outputs, tensors)
        if change > SENSITIVITY_LIMIT:
            if not must_run:
                return False
            print(f"sensitive ({change:.1e}): {case}")
        name = f"case{len(rows):03d}"
        file = FILE_OF_CLASS[case["config"]["_class_name"]]
        by_file[file].update({f"{name}/{key}": value for key, value in tensors.items()})
        row = {"name": name, "file": f"{file}.safetensors", **case, "init_noise_sigma": init_noise_sigma}
        row["sensitivity"] = float(f"{change:.1e}")
        row["timesteps_are_integers"] = case["config"]["_class_name"] not in (
            "EulerDiscreteScheduler",
            "EulerAncestralDiscreteScheduler",
        )
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
    for file, tensors in by_file.items():
        save_fixture(f"schedulers/{file}.safetensors", tensors, seed=SEED)
    head = {"reference": REFERENCE, "input_seed": SEED, "shape": list(SHAPE)}
    save_json_rows("schedulers/index.json", head, "cases", rows)
    save_schedules()
