"""Which scheduler configurations are recorded: some chosen by hand, the rest drawn over all fields."""

import itertools

STABLE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear"}
SHORT_BETAS = [round(0.002 + 0.0045 * index + 0.00009 * index * index, 6) for index in range(40)]
SPACINGS = ("leading", "trailing", "linspace")
STEP_COUNTS = (1, 2, 4, 10, 25)

SCHEDULES = {
    "default": {},
    "linear": {"beta_schedule": "linear", "beta_start": 0.0001, "beta_end": 0.02},
    "scaled_linear": STABLE,
    "squaredcos_cap_v2": {"beta_schedule": "squaredcos_cap_v2"},
    "scaled_linear_zero_snr": {**STABLE, "rescale_betas_zero_snr": True},
    "squaredcos_cap_v2_zero_snr": {"beta_schedule": "squaredcos_cap_v2", "rescale_betas_zero_snr": True},
    "trained": {"trained_betas": SHORT_BETAS, "num_train_timesteps": 40},
    "linear_250": {"beta_schedule": "linear", "num_train_timesteps": 250, "beta_start": 0.0004, "beta_end": 0.07},
    "scaled_linear_777": {**STABLE, "num_train_timesteps": 777},
}


def case(class_name, steps=10, seed=0, call=None, set_timesteps=None, **config):
    return {
        "config": {"_class_name": class_name, **config},
        "set_timesteps": set_timesteps or {"num_inference_steps": steps},
        "seed": seed,
        "call": call or {},
    }


def stable(class_name, steps=10, seed=0, call=None, **config):
    return case(class_name, steps, seed, call, **{**STABLE, **config})


def ddim():
    name = "DDIMScheduler"
    published = {"clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
    yield case(name)
    yield from (stable(name, steps, **published) for steps in STEP_COUNTS)
    for spacing, prediction in itertools.product(SPACINGS, ("epsilon", "v_prediction", "sample")):
        yield stable(name, 10, timestep_spacing=spacing, prediction_type=prediction, **published)
    yield stable(name, 10, 5, {"eta": 1.0}, **published)
    yield stable(name, 4, 6, {"eta": 0.3}, **published)
    yield stable(name, 1, 6, {"eta": 0.7}, **published)
    yield stable(name, 10, clip_sample=True, clip_sample_range=0.8)
    yield stable(name, 10, 7, {"eta": 0.5, "use_clipped_model_output": True}, clip_sample=True)
    yield stable(name, 10, thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=3.0)
    yield stable(name, 10, thresholding=True, clip_sample=False)
    for steps in (1, 2, 25):
        yield stable(
            name, steps, rescale_betas_zero_snr=True, prediction_type="v_prediction",
            timestep_spacing="trailing", clip_sample=False,
        )  # fmt: skip
    yield case(name, 8, trained_betas=SHORT_BETAS, num_train_timesteps=40, clip_sample=False)
    yield case(name, 7, num_train_timesteps=777, beta_schedule="squaredcos_cap_v2")


def pndm():
    name = "PNDMScheduler"
    published = {"skip_prk_steps": True, "set_alpha_to_one": False, "steps_offset": 1}
    yield case(name)
    yield from (stable(name, steps, **published) for steps in (*STEP_COUNTS, 3, 5))
    for spacing, prediction in itertools.product(SPACINGS, ("epsilon", "v_prediction")):
        yield stable(name, 10, **{**published, "timestep_spacing": spacing, "prediction_type": prediction})
        yield stable(name, 10, timestep_spacing=spacing, prediction_type=prediction, skip_prk_steps=False)
    yield from (stable(name, steps, skip_prk_steps=False) for steps in (4, 5, 25))
    yield stable(name, 6, skip_prk_steps=True, set_alpha_to_one=True)
    yield case(name, 8, trained_betas=SHORT_BETAS, num_train_timesteps=40, skip_prk_steps=True)
    yield case(name, 9, num_train_timesteps=777, beta_schedule="squaredcos_cap_v2", skip_prk_steps=True)


def euler():
    name = "EulerDiscreteScheduler"
    yield case(name)
    yield from (stable(name, steps, timestep_spacing="leading", steps_offset=1) for steps in STEP_COUNTS)
    for spacing, prediction in itertools.product(SPACINGS, ("epsilon", "v_prediction", "sample")):
        yield stable(name, 10, timestep_spacing=spacing, prediction_type=prediction)
    for kind in ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"):
        for steps in (1, 4, 10, 25):
            yield stable(name, steps, **{kind: True})
        yield stable(name, 10, sigma_min=0.05, sigma_max=9.0, **{kind: True})
    yield stable(name, 10, final_sigmas_type="sigma_min")
    yield stable(name, 10, interpolation_type="log_linear")
    yield stable(name, 10, timestep_type="continuous", prediction_type="v_prediction")
    yield stable(name, 10, timestep_type="continuous", prediction_type="v_prediction", use_karras_sigmas=True)
    yield stable(name, 10, timestep_type="continuous")
    for spacing in SPACINGS:
        yield stable(
            name, 10, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing=spacing
        )
    yield stable(name, 10, 8, {"s_churn": 4.0})
    yield stable(name, 10, 9, {"s_churn": 40.0, "s_tmin": 0.3, "s_tmax": 8.0, "s_noise": 1.1})
    yield case(name, set_timesteps={"timesteps": [999, 800, 640, 320, 77, 1]}, **STABLE)
    yield case(name, set_timesteps={"sigmas": [12.0, 7.0, 3.0, 1.0, 0.25, 0.0]}, **STABLE)
    yield case(name, 8, trained_betas=SHORT_BETAS, num_train_timesteps=40)
    yield case(name, 9, num_train_timesteps=777, beta_schedule="squaredcos_cap_v2")


def euler_ancestral():
    name = "EulerAncestralDiscreteScheduler"
    yield case(name, seed=3)
    yield from (stable(name, steps, 4, timestep_spacing="leading", steps_offset=1) for steps in STEP_COUNTS)
    for spacing, prediction in itertools.product(SPACINGS, ("epsilon", "v_prediction")):
        yield stable(name, 10, 5, timestep_spacing=spacing, prediction_type=prediction)
    yield stable(name, 10, 6, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing="trailing")
    yield case(name, 8, 7, trained_betas=SHORT_BETAS, num_train_timesteps=40)
    yield case(name, 9, 8, num_train_timesteps=777, beta_schedule="squaredcos_cap_v2")


def dpmsolver_multistep():
    name = "DPMSolverMultistepScheduler"
    yield case(name)
    for order, steps in itertools.product((1, 2, 3), (*STEP_COUNTS, 14, 15)):
        yield stable(name, steps, solver_order=order)
    for order, kind in itertools.product(
        (1, 2, 3), ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas")
    ):
        yield stable(name, 10, solver_order=order, **{kind: True})
    yield from (stable(name, steps, use_karras_sigmas=True) for steps in (1, 2, 4, 25))
    for spacing, prediction in itertools.product(SPACINGS, ("epsilon", "v_prediction", "sample")):
        yield stable(name, 10, timestep_spacing=spacing, prediction_type=prediction, steps_offset=1)
    for order, solver in itertools.product((1, 2, 3), ("midpoint", "heun")):
        yield stable(name, 10, algorithm_type="dpmsolver", final_sigmas_type="sigma_min", solver_order=order, solver_type=solver)
        yield stable(name, 10, 11, algorithm_type="sde-dpmsolver++", solver_order=order, solver_type=solver)
    for order, solver in itertools.product((1, 2), ("midpoint", "heun")):
        yield stable(
            name, 10, 12, algorithm_type="sde-dpmsolver", final_sigmas_type="sigma_min", solver_order=order,
            solver_type=solver,
        )  # fmt: skip
    for prediction in ("v_prediction", "sample"):
        yield stable(
            name, 10, algorithm_type="dpmsolver", final_sigmas_type="sigma_min", prediction_type=prediction
        )
    yield stable(name, 10, algorithm_type="dpmsolver", final_sigmas_type="sigma_min", thresholding=True)
    for order, steps in ((2, 10), (3, 10), (3, 25), (2, 25)):
        yield stable(name, steps, solver_order=order, lower_order_final=False, final_sigmas_type="sigma_min")
        yield stable(name, steps, solver_order=order, euler_at_final=True, final_sigmas_type="sigma_min")
        yield stable(name, steps, solver_order=order, final_sigmas_type="sigma_min")
    yield stable(name, 10, thresholding=True, dynamic_thresholding_ratio=0.9, sample_max_value=2.0)
    for spacing in SPACINGS:
        yield case(name, 10, beta_schedule="squaredcos_cap_v2", lambda_min_clipped=-5.1, timestep_spacing=spacing)
        yield stable(
            name, 10, rescale_betas_zero_snr=True, prediction_type="v_prediction", timestep_spacing=spacing
        )
    yield case(name, 4, beta_schedule="linear", use_lu_lambdas=True)
    yield case(name, 2, beta_schedule="squaredcos_cap_v2", use_exponential_sigmas=True)
    yield case(name, set_timesteps={"timesteps": [999, 800, 640, 320, 77, 1]}, **STABLE)
    yield case(name, 8, trained_betas=SHORT_BETAS, num_train_timesteps=40, solver_order=3)
    yield case(name, 9, num_train_timesteps=777, beta_schedule="linear", solver_order=3)


CASES = [*ddim(), *pndm(), *euler(), *euler_ancestral(), *dpmsolver_multistep()]

SCHEDULE_AXIS = [
    STABLE, STABLE, STABLE,
    {}, {"beta_schedule": "squaredcos_cap_v2"},
    {"beta_schedule": "linear", "num_train_timesteps": 250, "beta_start": 0.0004, "beta_end": 0.07},
    {"trained_betas": SHORT_BETAS, "num_train_timesteps": 40},
]  # fmt: skip

AXES = {
    "DDIMScheduler": {
        "timestep_spacing": SPACINGS,
        "steps_offset": (0, 1),
        "prediction_type": ("epsilon", "v_prediction", "sample"),
        "set_alpha_to_one": (True, False),
        "clip_sample": (False, False, True),
        "clip_sample_range": (1.0, 0.6),
        "thresholding": (False, False, True),
        "dynamic_thresholding_ratio": (0.995, 0.8),
        "sample_max_value": (1.0, 2.5),
        "rescale_betas_zero_snr": (False, False, True),
    },
    "PNDMScheduler": {
        "timestep_spacing": SPACINGS,
        "steps_offset": (0, 1),
        "prediction_type": ("epsilon", "v_prediction"),
        "set_alpha_to_one": (True, False),
        "skip_prk_steps": (True, False),
    },
    "EulerDiscreteScheduler": {
        "timestep_spacing": SPACINGS,
        "steps_offset": (0, 1),
        "prediction_type": ("epsilon", "v_prediction", "sample"),
        "interpolation_type": ("linear", "linear", "log_linear"),
        "sigmas": (None, None, "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas"),
        "sigma_min": (None, None, 0.04),
        "sigma_max": (None, None, 8.0),
        "timestep_type": ("discrete", "discrete", "continuous"),
        "rescale_betas_zero_snr": (False, False, True),
        "final_sigmas_type": ("zero", "sigma_min"),
    },
    "EulerAncestralDiscreteScheduler": {
        "timestep_spacing": SPACINGS,
        "steps_offset": (0, 1),
        "prediction_type": ("epsilon", "v_prediction"),
        "rescale_betas_zero_snr": (False, False, True),
    },
    "DPMSolverMultistepScheduler": {
        "timestep_spacing": SPACINGS,
        "steps_offset": (0, 1),
        "prediction_type": ("epsilon", "v_prediction", "sample"),
        "solver_order": (1, 2, 2, 3),
        "algorithm_type": ("dpmsolver++", "dpmsolver++", "dpmsolver", "sde-dpmsolver++", "sde-dpmsolver"),
        "solver_type": ("midpoint", "heun"),
        "lower_order_final": (True, False),
        "euler_at_final": (False, False, True),
        "sigmas": (None, None, "use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas"),
        "final_sigmas_type": ("zero", "sigma_min"),
        "thresholding": (False, False, False, True),
        "dynamic_thresholding_ratio": (0.995, 0.8),
        "sample_max_value": (1.0, 2.5),
        "lambda_min_clipped": (None, None, -5.1, -3.0),
        "rescale_betas_zero_snr": (False, False, False, True),
    },
}


def drawn_call(class_name, source):
    if class_name == "DDIMScheduler":
        call = {"eta": source.choice([0.0, 0.0, 0.4, 1.0])}
        if source.random() < 0.3:
            call["use_clipped_model_output"] = True
        return call
    if class_name == "EulerDiscreteScheduler" and source.random() < 0.25:
        return {"s_churn": source.choice([2.0, 30.0]), "s_tmin": 0.1, "s_tmax": 10.0, "s_noise": 1.05}
    return {}


def random_cases(class_name, source):
    """An endless row of configurations with every field drawn; the reference refuses some of them."""
    while True:
        config = dict(source.choice(SCHEDULE_AXIS))
        for key, values in AXES[class_name].items():
            value = source.choice(values)
            if key == "sigmas":
                config.update({value: True} if value else {})
            elif value is not None:
                config[key] = value
        call = drawn_call(class_name, source)
        steps = source.choice([1, 2, 3, 4, 5, 7, 10, 10, 14, 15, 20])
        yield case(class_name, steps, source.randrange(2**32), call, **config)
