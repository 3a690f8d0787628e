"""Recorded configurations of the other schedulers: some chosen by hand, then as few as cover every pair of values."""

import itertools

from .scheduler_cases import SCHEDULE_AXIS, SHORT_BETAS, SPACINGS, STABLE, case, stable

FORMS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas")


def unipc():
    name = "UniPCMultistepScheduler"
    yield case(name)
    for order, steps in itertools.product((1, 2, 3), (1, 2, 4, 10)):
        yield stable(name, steps, solver_order=order, timestep_spacing="leading", steps_offset=1)
    yield from (stable(name, 10, solver_order=order, solver_type="bh1", final_sigmas_type="sigma_min") for order in (1, 2, 3))
    yield from (stable(name, 10, solver_order=order, predict_x0=False, final_sigmas_type="sigma_min") for order in (1, 2, 3))
    yield from (stable(name, 10, solver_order=3, **{form: True}) for form in FORMS)
    yield stable(name, 10, use_karras_sigmas=True, sigma_min=0.1, sigma_max=9.0)
    yield stable(name, 10, solver_order=3, disable_corrector=[0, 1, 4])
    yield stable(name, 10, thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=2.0)
    yield stable(name, 10, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")
    yield case(name, 8, trained_betas=SHORT_BETAS, num_train_timesteps=40, solver_order=3)
    yield stable(name, 10, use_flow_sigmas=True, flow_shift=3.0, prediction_type="flow_prediction")
    for order, edits in itertools.product((1, 2, 3), ([0], [1], [2, 3, 6])):
        yield edited(stable(name, 10, solver_order=order), edits)
    yield edited(stable(name, 10, solver_order=2, prediction_type="v_prediction"), [4])
    yield edited(stable(name, 10, solver_order=3, predict_x0=False, final_sigmas_type="sigma_min"), [4])
    yield edited(stable(name, 10, solver_order=3, disable_corrector=[3]), [2, 3])


def heun():
    name = "HeunDiscreteScheduler"
    yield case(name)
    yield from (stable(name, steps, timestep_spacing="leading", steps_offset=1) for steps in (1, 2, 4))
    yield from (stable(name, 8, **{form: True}) for form in FORMS)
    yield stable(name, 6, clip_sample=True, clip_sample_range=0.8)
    yield case(name, set_timesteps={"timesteps": [999, 800, 640, 320, 77, 1]}, **STABLE)
    yield case(name, 8, trained_betas=SHORT_BETAS, num_train_timesteps=40)
    for prediction in ("epsilon", "v_prediction", "sample"):
        yield edited(stable(name, 5, prediction_type=prediction), [0, 1, 4, 6])


def lms():
    name = "LMSDiscreteScheduler"
    yield case(name)
    yield from (stable(name, steps, timestep_spacing="leading", steps_offset=1) for steps in (1, 2, 4, 12))
    yield from (stable(name, 8, **{form: True}) for form in FORMS)
    yield case(name, 8, trained_betas=SHORT_BETAS, num_train_timesteps=40)
    yield edited(stable(name, 8), [0, 3, 4])


def lcm():
    name = "LCMScheduler"
    yield case(name, 4, 11)
    yield from (case(name, steps, 12, set_alpha_to_one=False) for steps in (1, 2, 8, 25))
    yield case(name, 7, 13, original_inference_steps=100, timestep_scaling=0.5)
    yield from (case(name, 4, 14, prediction_type=kind) for kind in ("v_prediction", "sample"))
    yield case(name, 4, 14, clip_sample=True, clip_sample_range=0.7)
    yield case(name, 4, 14, thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=2.0)
    yield case(name, 3, 15, rescale_betas_zero_snr=True, prediction_type="v_prediction")
    yield case(name, seed=16, set_timesteps={"timesteps": [999, 759, 499, 259]})
    yield case(name, 5, 17, trained_betas=SHORT_BETAS, num_train_timesteps=40, original_inference_steps=20)


def ddpm():
    name = "DDPMScheduler"
    yield case(name, seed=21)
    yield from (stable(name, steps, 22, clip_sample=False, steps_offset=1) for steps in (1, 2, 4, 12))
    for variance in ("fixed_small", "fixed_small_log", "fixed_large"):
        yield stable(name, 6, 23, variance_type=variance, clip_sample=False)
    yield stable(name, 6, 23, thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=2.0)
    yield stable(
        name, 6, 24, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing",
        clip_sample=False,
    )  # fmt: skip
    yield case(name, seed=25, set_timesteps={"timesteps": [999, 800, 640, 320, 77, 1]}, clip_sample=False, **STABLE)


def singlestep():
    name = "DPMSolverSinglestepScheduler"
    yield case(name)
    for order, steps in itertools.product((1, 2, 3), (1, 2, 3, 4, 5, 6)):
        yield stable(name, steps, solver_order=order)
    for order, solver, kind in itertools.product((1, 2, 3), ("midpoint", "heun"), ("dpmsolver++", "dpmsolver", "sde-dpmsolver++")):
        yield stable(name, 6, 31, solver_order=order, solver_type=solver, algorithm_type=kind, final_sigmas_type="sigma_min")
    yield from (stable(name, 7, solver_order=3, **{form: True}) for form in FORMS)
    yield case(name, 6, beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1)
    yield case(name, set_timesteps={"timesteps": [999, 800, 640, 320, 77, 1]}, **STABLE)
    yield case(name, 8, trained_betas=SHORT_BETAS, num_train_timesteps=40, solver_order=3)
    for order, kind in itertools.product((2, 3), ("dpmsolver++", "dpmsolver", "sde-dpmsolver++")):
        yield edited(stable(name, 6, 32, solver_order=order, algorithm_type=kind, final_sigmas_type="sigma_min"), [0, 1, 2, 4])


def kdpm2(name, seed):
    yield case(name, seed=seed)
    yield from (stable(name, steps, seed, timestep_spacing="leading", steps_offset=1) for steps in (1, 2, 4))
    yield from (stable(name, 7, seed, **{form: True}) for form in FORMS)
    yield case(name, 8, seed, trained_betas=SHORT_BETAS, num_train_timesteps=40)
    for prediction in ("epsilon", "v_prediction"):
        yield edited(stable(name, 5, seed, prediction_type=prediction), [0, 1, 4, 6])


def deis():
    name = "DEISMultistepScheduler"
    yield case(name)
    for order, steps in itertools.product((1, 2, 3), (1, 2, 4, 10)):
        yield stable(name, steps, solver_order=order, timestep_spacing="leading", steps_offset=1)
    yield from (stable(name, 8, solver_order=3, **{form: True}) for form in FORMS)
    yield from (stable(name, 8, prediction_type=kind) for kind in ("v_prediction", "sample"))
    yield stable(name, 8, thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=2.0)
    yield stable(name, 15, solver_order=3)
    yield edited(stable(name, 8, solver_order=3), [0, 3, 4])


def edited(case, steps):
    """The case with `change` added to the sample after these steps, and to what the scheduler keeps of the sample."""
    return {**case, "edits": steps}


MORE_CASES = [
    *unipc(), *heun(), *lms(), *lcm(), *ddpm(), *singlestep(), *kdpm2("KDPM2DiscreteScheduler", 0),
    *kdpm2("KDPM2AncestralDiscreteScheduler", 41), *deis(),
]  # fmt: skip

FORM_AXIS = (None, None, *FORMS)
COMMON_AXES = {"timestep_spacing": SPACINGS, "steps_offset": (0, 1)}
LIMIT_AXES = {
    "thresholding": (False, False, True),
    "dynamic_thresholding_ratio": (0.995, 0.8),
    "sample_max_value": (1.0, 2.5),
}
CLIP_AXES = {"clip_sample": (False, True), "clip_sample_range": (1.0, 0.6)}
TWO_STAGE_AXES = {**COMMON_AXES, "prediction_type": ("epsilon", "v_prediction"), "form": FORM_AXIS}

MORE_AXES = {
    "UniPCMultistepScheduler": {
        **COMMON_AXES,
        **LIMIT_AXES,
        "prediction_type": ("epsilon", "v_prediction", "sample"),
        "solver_order": (1, 2, 3),
        "solver_type": ("bh1", "bh2"),
        "predict_x0": (True, False),
        "lower_order_final": (True, False),
        "form": FORM_AXIS,
        "final_sigmas_type": ("zero", "sigma_min"),
        "rescale_betas_zero_snr": (False, False, True),
    },
    "HeunDiscreteScheduler": {**TWO_STAGE_AXES, **CLIP_AXES, "prediction_type": ("epsilon", "v_prediction", "sample")},
    "LMSDiscreteScheduler": {**TWO_STAGE_AXES, "prediction_type": ("epsilon", "v_prediction", "sample")},
    "LCMScheduler": {
        **LIMIT_AXES,
        **CLIP_AXES,
        "prediction_type": ("epsilon", "v_prediction", "sample"),
        "original_inference_steps": (20, 40),
        "timestep_scaling": (10.0, 0.3),
        "rescale_betas_zero_snr": (False, False, True),
    },
    "DDPMScheduler": {
        **COMMON_AXES,
        **LIMIT_AXES,
        **CLIP_AXES,
        "prediction_type": ("epsilon", "v_prediction", "sample"),
        "variance_type": ("fixed_small", "fixed_small_log", "fixed_large"),
        "rescale_betas_zero_snr": (False, False, True),
    },
    "DPMSolverSinglestepScheduler": {
        **LIMIT_AXES,
        "prediction_type": ("epsilon", "v_prediction", "sample"),
        "solver_order": (1, 2, 3),
        "algorithm_type": ("dpmsolver++", "dpmsolver", "sde-dpmsolver++"),
        "solver_type": ("midpoint", "heun"),
        "lower_order_final": (True, False),
        "form": FORM_AXIS,
        "final_sigmas_type": ("zero", "sigma_min"),
        "lambda_min_clipped": (None, -5.1),
    },
    "KDPM2DiscreteScheduler": TWO_STAGE_AXES,
    "KDPM2AncestralDiscreteScheduler": TWO_STAGE_AXES,
    "DEISMultistepScheduler": {
        **COMMON_AXES,
        **LIMIT_AXES,
        "prediction_type": ("epsilon", "v_prediction", "sample"),
        "solver_order": (1, 2, 3),
        "lower_order_final": (True, False),
        "form": FORM_AXIS,
    },
}


def drawn_choice(class_name, source):
    """One value of every axis, the noise schedule and the step count among them."""
    choice = {"schedule": source.randrange(len(SCHEDULE_AXIS)), "steps": source.choice([1, 2, 3, 4, 5, 6, 7, 9])}
    for key, values in MORE_AXES[class_name].items():
        choice[key] = source.choice(values)
    return choice


def case_of(class_name, choice, seed):
    config = dict(SCHEDULE_AXIS[choice["schedule"]])
    for key, value in choice.items():
        if key == "form":
            config.update({value: True} if value else {})
        elif key not in ("schedule", "steps") and value is not None:
            config[key] = value
    return case(class_name, choice["steps"], seed, **config)


def pairs(choice):
    """Every two settings of a choice; those of step counts count one by one."""
    settings = sorted((key, str(value)) for key, value in choice.items() if key != "steps")
    return {*itertools.combinations(settings, 2), ("steps", choice["steps"])}


def pairwise_cases(class_name, source, is_kept):
    """Asks `is_kept` for cases, those first that hold most new pairs, until hardly any pair is left that can be had."""
    covered, failures = set(), 0
    while failures < 12:
        choices = [drawn_choice(class_name, source) for _ in range(60)]
        ranked = sorted(choices, key=lambda choice: -len(pairs(choice) - covered))
        gained = False
        for choice in ranked[:6]:
            if not pairs(choice) - covered:
                break
            if is_kept(case_of(class_name, choice, source.randrange(2**32))):
                covered |= pairs(choice)
                gained = True
                break
        failures = 0 if gained else failures + 1
