internal import MoonLua
internal import MoonTensor

/// The tensors that one plugin holds: Lua has only their numbers.
///
/// A handle is dead after the hook that made it, unless the plugin kept it. Its number is never used again, so that a
/// stale handle is an error and never another tensor.
final class TensorHandles {
  /// Bytes that an entry is charged with beside its tensor, so that views are not free and their number is bounded.
  static let entryBytes = 4096

  /// A tensor, or the way to make it when it is first touched.
  private enum Content {
    case tensor(Tensor)
    case later(() throws -> Tensor)
  }

  private struct Entry {
    var content: Content
    var isKept = false
    /// Whether it was changed in place since the host made it.
    var isWritten = false
  }

  private var entries: [UInt64: Entry] = [:]
  private var nextID: UInt64 = 1
  private let budget: TensorBudget

  /// No tensors yet; entries are charged to `budget`.
  init(budget: TensorBudget) {
    self.budget = budget
  }

  deinit { budget.credit(entries.count * Self.entryBytes) }

  /// A new handle for `tensor`.
  func add(_ tensor: Tensor) throws -> UInt64 { try add(.tensor(tensor)) }

  /// A new handle for a tensor that `make` gives when it is first touched.
  func addLater(_ make: @escaping () throws -> Tensor) throws -> UInt64 { try add(.later(make)) }

  private func add(_ content: Content) throws -> UInt64 {
    try budget.charge(Self.entryBytes)
    let id = nextID
    nextID += 1
    entries[id] = Entry(content: content)
    return id
  }

  /// The tensor of a handle, made now if it was not yet; `nil` for a dead handle.
  func tensor(_ id: UInt64) throws -> Tensor? {
    switch entries[id]?.content {
    case .tensor(let tensor): return tensor
    case .later(let make):
      let tensor = try make()
      entries[id]?.content = .tensor(tensor)
      return tensor
    case nil: return nil
    }
  }

  /// Changes the tensor of a live handle in place; one that `change` throws for is as it was.
  ///
  /// - Parameters:
  ///   - id: The handle.
  ///   - change: Takes no handle's tensor itself: what it needs of others is read before.
  /// - Returns: False for a dead handle.
  /// - Throws: What `change` throws.
  func update(_ id: UInt64, _ change: (inout Tensor) throws -> Void) throws -> Bool {
    guard var tensor = try tensor(id) else { return false }
    // The entry lets go of the tensor while it changes, so that a sole owner is not copied. An error that comes in the
    // middle of a change is one that ends the plugin, so nobody sees the mixture.
    entries[id]?.content = .later { throw TensorError.interrupted }
    defer { entries[id]?.content = .tensor(tensor) }
    try change(&tensor)
    entries[id]?.isWritten = true
    return true
  }

  /// Whether the handle still stands for what the host put there.
  func isUnchanged(_ id: UInt64) -> Bool { entries[id]?.isWritten == false }

  /// Whether the tensor of a live handle was changed in place.
  func isWritten(_ id: UInt64) -> Bool { entries[id]?.isWritten == true }

  /// Makes a handle last for the run; a tensor of the host's becomes the plugin's own copy, so that it is charged.
  ///
  /// - Returns: False for a dead handle.
  func keep(_ id: UInt64) throws -> Bool {
    guard let tensor = try tensor(id) else { return false }
    if entries[id]?.isKept == true { return true }
    if !tensor.isCharged(to: budget) { entries[id]?.content = .tensor(try tensor.copied()) }
    entries[id]?.isKept = true
    return true
  }

  /// Makes every live handle last for the run.
  func keepAll() throws {
    for id in entries.keys { _ = try keep(id) }
  }

  /// The tensors that were kept, in the order in which they were made.
  var kept: [Tensor] {
    entries.filter(\.value.isKept).sorted { $0.key < $1.key }.compactMap { entry in
      if case .tensor(let tensor) = entry.value.content { tensor } else { nil }
    }
  }

  /// Drops the handles that Lua has collected.
  func release(_ ids: some Sequence<UInt64>) {
    for id in ids where entries.removeValue(forKey: id) != nil { budget.credit(Self.entryBytes) }
  }

  /// Ends the hook: every handle dies that was not kept.
  func endScope() {
    if entries.isEmpty { return }
    let count = entries.count
    entries = entries.filter(\.value.isKept)
    budget.credit((count - entries.count) * Self.entryBytes)
  }

  /// Drops everything.
  func removeAll() {
    budget.credit(entries.count * Self.entryBytes)
    entries = [:]
  }
}
