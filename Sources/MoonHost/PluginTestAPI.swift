/// What tests of plugins are offered, by the names that they use.
package enum PluginTestAPI {
  /// The functions of `t`.
  package static let methods = Set(TestPrelude.source.matches(of: /function test:(\w+)\(/).map { String($0.1) })
  /// What `t:run` can be told.
  package static let settings = Set(TestSetting.names)
  /// What `t:run` returns.
  package static let results = Set(TestResult.fields)
}
