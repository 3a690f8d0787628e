internal import MoonWeights

/// The schedulers of the published folders.
enum PublishedScheduler {
  /// `scheduler_config.json` for a model of this kind.
  static func fields(_ kind: CheckpointKind) -> JSONObject {
    let isXL = kind.family == .sdxl || kind.family == .sdxlRefiner
    let usesDDIM = kind.isInpainting || kind.prediction == .velocity
    let name = isXL ? "EulerDiscreteScheduler" : usesDDIM ? "DDIMScheduler" : "PNDMScheduler"
    var members: [(String, JSONValue)] = [
      ("_class_name", .string(name)),
      ("beta_end", .number(0.012)),
      ("beta_schedule", .string("scaled_linear")),
      ("beta_start", .number(0.00085)),
      ("clip_sample", .bool(false)),
      ("num_train_timesteps", .integer(1000)),
      ("prediction_type", .string(kind.prediction.rawValue)),
      ("set_alpha_to_one", .bool(false)),
      ("skip_prk_steps", .bool(true)),
      ("steps_offset", .integer(1)),
      ("trained_betas", .null),
    ]
    if isXL {
      members += [
        ("interpolation_type", .string("linear")),
        ("sample_max_value", .number(1)),
        ("timestep_spacing", .string("leading")),
        ("use_karras_sigmas", .bool(false)),
      ]
    }
    if kind.endsInNoise, isXL || usesDDIM { members.append(("rescale_betas_zero_snr", .bool(true))) }
    return JSONObject(members)
  }
}
