internal import Foundation
internal import MoonHost
internal import MoonPipelines
internal import MoonPlugins
internal import MoonTensor
internal import MoonTestSupport

/// What no script may bring about, hostile or not.
extension PluginTrial {
  /// Each promise that a run broke, in words; empty for one that kept them all.
  ///
  /// - Parameter outcome: What a run of this trial came to.
  /// - Returns: One sentence for each.
  package func findings(_ outcome: Outcome) -> [String] {
    textFindings(outcome) + memoryFindings(outcome) + fileFindings
  }

  private func textFindings(_ outcome: Outcome) -> [String] {
    var findings: [String] = []
    if case .failure(let error) = outcome.result, !(error is PluginFailure || error is PluginError),
      !error.isDivergence
    {
      findings.append("the run failed, not the plugin: \(error)")
    }
    let message = outcome.message
    let texts = outcome.log + [message ?? ""] + ((try? outcome.result.get())?.report.warnings ?? [])
    if let text = texts.first(where: { $0.contains("ESCAPED") }) { findings.append("escaped: \(text)") }
    for text in texts {
      if text.utf8.count > 3 * 4096 + 1024 { findings.append("a text of \(text.utf8.count) bytes") }
      if text.unicodeScalars.contains(where: {
        $0.value < 0x20 && $0 != "\t" || (0x7F...0x9F).contains($0.value)
      }) {
        findings.append("a control character in: \(text)")
      }
    }
    return findings
  }

  private func memoryFindings(_ outcome: Outcome) -> [String] {
    outcome.usage.flatMap { usage in
      [
        usage.tensorBytesLeft == 0 ? nil : "\(usage.tensorBytesLeft) bytes of tensors are left",
        usage.luaBytesLeft == 0 ? nil : "\(usage.luaBytesLeft) bytes of Lua are left",
        usage.peakTensorBytes <= limits.tensorMemory ? nil : "\(usage.peakTensorBytes) bytes of tensors were used",
        usage.peakLuaBytes <= limits.luaMemory ? nil : "\(usage.peakLuaBytes) bytes of Lua were used",
      ].compactMap(\.self)
    }
  }

  /// Nothing but the plugins themselves and pictures with plain names lies where the run took place.
  private var fileFindings: [String] {
    let found = FileManager.default.enumerator(atPath: folder.url.path)?.compactMap { $0 as? String } ?? []
    var findings = found.filter { path in
      let parts = path.split(separator: "/")
      if parts.first == "plugins" { return false }
      if parts.first != "out_plugins" || parts.count > 3 { return true }
      return parts.count == 3 && parts[2].wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9_-]{0,63}\.png/) == nil
    }.map { "\($0) was left" }
    let marks = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
    findings += marks.filter { $0.contains("moonstep_escape") }.map { "\($0) was left outside the folder" }
    return findings
  }
}

extension HostileFile {
  /// What was wrong with the end that a run with this file came to.
  ///
  /// - Parameters:
  ///   - outcome: What the run came to.
  ///   - mayBeDropped: Whether the run could go on without the plugin.
  /// - Returns: One sentence for each.
  package func findings(_ outcome: PluginTrial.Outcome, mayBeDropped: Bool = false) -> [String] {
    var findings: [String] = []
    let message = outcome.message
    var endings = outcome.endings
    if isForDisable || mayBeDropped, (try? outcome.result.get()) != nil { endings.insert(.harmless) }
    if accepted.isDisjoint(with: endings) { findings.append("ended otherwise: \(message ?? "completed")") }
    if let saying, message?.contains(saying) != true { findings.append("said: \(message ?? "completed")") }
    return findings
  }
}

extension PluginTrial.Outcome {
  /// How the run ended, in the words of the collection.
  package var endings: Set<HostileFile.Ending> {
    guard let message else { return [.harmless, .denied] }
    if message.contains("time limit: ") || message.contains("instruction limit: ") { return [.timeout] }
    if message.contains("memory limit: ") || message.contains("not enough memory") { return [.memory] }
    return [.error]
  }
}

extension Error {
  /// Whether numbers ran out of float32 in the network or the scheduler: what a plugin may bring about with large ones.
  fileprivate var isDivergence: Bool { if case .diverged? = self as? PipelineError { true } else { false } }
}
