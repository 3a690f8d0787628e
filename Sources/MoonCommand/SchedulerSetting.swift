internal import ArgumentParser

/// One field of the scheduler's configuration, from text such as `timestep_spacing=trailing`.
package struct SchedulerSetting: Equatable, Sendable, TextForm {
  package static let form = "a field, an equals sign and its value"

  /// The field.
  package let key: String
  /// Its value, as text; what it means is the field's affair.
  package let value: String

  /// A setting.
  package init(key: String, value: String) {
    self.key = key
    self.value = value
  }

  /// Reads `KEY=VALUE`; `nil` without `=` or without a key.
  package init?(argument: String) {
    guard let sign = argument.firstIndex(of: "=") else { return nil }
    key = argument[..<sign].trimmed
    value = argument[argument.index(after: sign)...].trimmed
    if key.isEmpty { return nil }
  }
}
