internal import MoonLua
internal import MoonPipelines
internal import MoonPlugins

/// The weights of a run's ControlNets or IP-Adapters as plugins see them: a number where there is one, else a list.
struct ScaleList {
  /// Of which networks.
  enum Kind {
    case controls
    case adapters
  }

  private let kind: Kind

  init(_ kind: Kind) { self.kind = kind }

  private var name: String { kind == .controls ? "pipe.controlnet_scale" : "pipe.ip_adapter_scale" }
  private var network: String { kind == .controls ? "ControlNet" : "IP-Adapter" }

  private func scales(_ run: DenoisingRun) -> [Double] {
    kind == .controls ? run.state.controlScales : run.state.adapterScales
  }

  /// What plugins read; `nil` in Lua where the run has none of the networks.
  func value(in run: DenoisingRun) -> LuaValue {
    let scales = scales(run)
    if scales.isEmpty { return .nil }
    return scales.count == 1 ? .number(scales[0]) : .list(scales.map { .number($0) })
  }

  /// Takes a number for all networks, or a list with one for each.
  func write(_ value: LuaValue, to run: DenoisingRun, typeName: String) throws {
    let count = scales(run).count
    if count == 0 { throw HostError.message("\(name): the run has no \(network)") }
    var numbers: [Double]
    switch value {
    case .table(let table):
      numbers = table.pureList?.compactMap(\.asNumber) ?? []
      if numbers.count != count || table.list.count != count {
        throw HostError.message("\(name) must be a number or a list of \(count)")
      }
    default:
      guard let number = value.asNumber else {
        throw HostError.message("\(name) must be a number or a list of numbers, got \(typeName)")
      }
      numbers = [Double](repeating: number, count: count)
    }
    if numbers.contains(where: { !Float($0).isFinite }) {
      throw HostError.message("\(name) must be finite numbers that float32 can hold")
    }
    if kind == .controls { run.state.controlScales = numbers } else { run.state.adapterScales = numbers }
  }
}
