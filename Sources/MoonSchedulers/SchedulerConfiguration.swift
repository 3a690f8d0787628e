/// What `scheduler_config.json` and the caller's options make of a scheduler: every field of its class, checked.
public struct SchedulerConfiguration: Sendable, Equatable {
  /// The scheduler.
  public let kind: SchedulerKind
  private var values: [String: ConfigValue]
  /// Which fields were given, in the order, and where, as messages call it.
  private var given: [(key: String, source: String)] = []

  /// A scheduler with the reference's defaults and the fields that its name fixes.
  ///
  /// - Parameter kind: The scheduler.
  public init(_ kind: SchedulerKind) {
    self.kind = kind
    values = Dictionary(uniqueKeysWithValues: kind.fields.map { ($0.name, $0.defaultValue) })
      .merging(kind.presets) { $1 }
  }

  /// Reads a model's configuration, for the model's own scheduler or for another one.
  ///
  /// Follows `from_config` of the reference: names that start with an underscore, the names in `_use_default_values`
  /// and fields that only related schedulers have are dropped. A field that no scheduler knows is an error for the
  /// model's own scheduler; for another one it is dropped, as it belongs to what is replaced.
  ///
  /// - Parameters:
  ///   - file: The members of `scheduler_config.json`.
  ///   - kind: The wanted scheduler; by default the model's own, named by `_class_name`.
  ///   - source: What error messages call the file.
  /// - Throws: `SchedulerError.unknownScheduler`, `.unknownField`, `.badValue`.
  public init(
    _ file: [String: ConfigValue], kind: SchedulerKind? = nil, source: String = "scheduler_config.json"
  ) throws(SchedulerError) {
    let className = try Self.className(in: file, source: source)
    let chosen: SchedulerKind
    if let kind { chosen = kind } else { chosen = try Self.kind(ofClass: className, source: source) }
    self.init(chosen)
    let fields = Dictionary(uniqueKeysWithValues: chosen.fields.map { ($0.name, $0) })
    let defaulted = Self.texts(file["_use_default_values"])
    for (key, value) in file.sorted(by: { $0.key < $1.key }) where !key.hasPrefix("_") && !defaulted.contains(key) {
      // The reference computes the variance without a type as it does for the first.
      if key == "variance_type" && value == .null { continue }
      if let field = fields[key] {
        values[key] = try field.checked(value, source: source)
        given.append((key, source))
      } else if className == chosen.className && !Self.isKnownElsewhere(key) {
        throw unknownField(key, source: source)
      }
    }
    values.merge(chosen.presets) { $1 }
  }

  /// Steps of the schedule that the model was trained with.
  package var trainSteps: Int { integer("num_train_timesteps") }

  /// Sets a field.
  ///
  /// - Parameters:
  ///   - key: A field of the scheduler.
  ///   - value: Its value.
  ///   - source: What error messages call the place that the value comes from.
  /// - Throws: `SchedulerError.unknownField`, `.badValue`.
  public mutating func set(
    _ key: String, to value: ConfigValue, source: String = "scheduler option"
  ) throws(SchedulerError) {
    values[key] = try field(key, source: source).checked(value, source: source)
    given.append((key, source))
  }

  /// Sets a field from text, read as the field's type says: `true`, `3`, `0.02`, `v_prediction`, `0.1,0.2`, `null`.
  ///
  /// - Parameters:
  ///   - key: A field of the scheduler.
  ///   - text: Its value.
  ///   - source: What error messages call the place that the value comes from.
  /// - Throws: `SchedulerError.unknownField`, `.badValue`.
  public mutating func set(
    _ key: String, text: String, source: String = "scheduler option"
  ) throws(SchedulerError) {
    values[key] = try field(key, source: source).parsed(text, source: source)
    given.append((key, source))
  }

  /// What messages call the place that gave one of these fields a value last; the class where none has one.
  func source(of keys: String...) -> String {
    given.last { keys.contains($0.key) && values[$0.key] != .null }?.source ?? kind.className
  }

  /// Whether both are the same scheduler with the same fields, wherever these come from.
  public static func == (left: SchedulerConfiguration, right: SchedulerConfiguration) -> Bool {
    left.kind == right.kind && left.values == right.values
  }

  /// The value of a field, `nil` when the scheduler has no such field.
  ///
  /// - Parameter key: The field's name.
  public subscript(key: String) -> ConfigValue? { values[key] }

  /// Names of the scheduler's fields, sorted.
  public var fieldNames: [String] { values.keys.sorted() }

  /// Repairs what old Stable Diffusion files say wrongly: `steps_offset` becomes 1 and `clip_sample` false, or for
  /// inpainting `skip_prk_steps` true.
  ///
  /// The pipelines of SD 1.x and 2.x in the reference do this to every scheduler that they are made with, those with
  /// ControlNets and those of SDXL do not.
  ///
  /// - Parameter isInpainting: Whether a picture is mended.
  /// - Returns: The fields that were changed.
  /// - Source: diffusers 0.42.1, `__init__` of `StableDiffusionPipeline` and `StableDiffusionInpaintPipeline`.
  public mutating func correctForStableDiffusion(isInpainting: Bool = false) -> [String] {
    var changed: [String] = []
    let wanted: [(key: String, value: ConfigValue)] = [
      isInpainting ? ("skip_prk_steps", true) : ("clip_sample", false), ("steps_offset", 1),
    ]
    for (key, value) in wanted where values[key] != nil && values[key] != value {
      values[key] = value
      changed.append(key)
    }
    return changed
  }

  /// Makes the scheduler.
  ///
  /// - Returns: A scheduler without steps yet; `setSteps` plans them.
  /// - Throws: `SchedulerError`, when fields contradict one another or the betas are no noise schedule.
  public func makeScheduler() throws(SchedulerError) -> any Scheduler {
    switch kind {
    case .ddim: try DDIMScheduler(self)
    case .ddpm: try DDPMScheduler(self)
    case .pndm: try PNDMScheduler(self)
    case .lms: try LMSScheduler(self)
    case .euler: try EulerScheduler(self)
    case .eulerAncestral: try EulerAncestralScheduler(self)
    case .heun: try HeunScheduler(self)
    case .dpmSolver2M, .dpmSolver2MSDE, .dpmSolverMultistep: try DPMSolverMultistepScheduler(self)
    case .unipc: try UniPCScheduler(self)
    case .lcm: try LCMScheduler(self)
    case .dpm2: try KDPM2Scheduler(self, isAncestral: false)
    case .dpm2Ancestral: try KDPM2Scheduler(self, isAncestral: true)
    case .dpmSolver2S, .dpmSolverSinglestep: try DPMSolverSinglestepScheduler(self)
    case .deis: try DEISScheduler(self)
    }
  }

  private func field(_ key: String, source: String) throws(SchedulerError) -> SchedulerField {
    guard let field = kind.fields.first(where: { $0.name == key }) else {
      throw unknownField(key, source: source)
    }
    return field
  }

  private func unknownField(_ key: String, source: String) -> SchedulerError {
    .unknownField(
      source: source, key: key, scheduler: kind.className, fields: fieldNames,
      nearest: NearestName.of(key, among: fieldNames))
  }

  private static func className(in file: [String: ConfigValue], source: String) throws(SchedulerError) -> String? {
    switch file["_class_name"] {
    case .string(let name): return name
    case .none: return nil
    case .some(let value):
      throw .badValue(source: source, key: "_class_name", found: value.description, wanted: "a text")
    }
  }

  private static func kind(ofClass name: String?, source: String) throws(SchedulerError) -> SchedulerKind {
    let classes = SchedulerKind.allCases.filter { $0.presets.isEmpty }
    if let name, let kind = classes.first(where: { $0.className == name }) { return kind }
    throw .badValue(
      source: source, key: "_class_name", found: name.map { "\"\($0)\"" } ?? "missing",
      wanted: "one of \(classes.map(\.className).joined(separator: ", "))")
  }

  private static func texts(_ value: ConfigValue?) -> Set<String> {
    guard case .list(let values) = value else { return [] }
    return Set(values.compactMap { if case .string(let text) = $0 { text } else { nil } })
  }

  private static func isKnownElsewhere(_ key: String) -> Bool {
    SchedulerField.ofRelatedSchedulersOnly.contains(key) || SchedulerField.withoutEffect.contains(key)
      || SchedulerKind.allCases.contains { $0.fields.contains { $0.name == key } }
  }
}

/// The values of fields, by the type that their tables give them.
extension SchedulerConfiguration {
  func bool(_ key: String) -> Bool {
    guard case .bool(let value) = values[key] else { preconditionFailure("\(key) is no boolean of \(kind)") }
    return value
  }

  func number(_ key: String) -> Double {
    guard case .number(let value) = values[key] else { preconditionFailure("\(key) is no number of \(kind)") }
    return value
  }

  func integer(_ key: String) -> Int {
    guard let value = Int(exactly: number(key)) else { preconditionFailure("\(key) is no integer of \(kind)") }
    return value
  }

  func text(_ key: String) -> String {
    guard case .string(let value) = values[key] else { preconditionFailure("\(key) is no text of \(kind)") }
    return value
  }

  /// The number, `nil` when the field is open.
  func optionalNumber(_ key: String) -> Double? {
    if case .number(let value) = values[key] { value } else { nil }
  }

  /// The numbers, `nil` when the field is open.
  func optionalNumbers(_ key: String) -> [Double]? {
    guard case .list(let list) = values[key] else { return nil }
    return list.compactMap { if case .number(let value) = $0 { value } else { nil } }
  }
}
