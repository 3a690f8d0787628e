internal import Foundation
package import MoonHost
package import MoonPlugins

/// Looks for changes of the files of plugins.
package struct PluginWatch: Sendable {
  /// Between two looks.
  private static let pause = Duration.milliseconds(200)
  private static let looksOfSecond = 5

  private let names: [String]
  private let registry: PluginRegistry

  /// A watch over plugins as `--callback` names them.
  package init(_ plugins: [String], registry: PluginRegistry = PluginRegistry()) {
    names = plugins.map { PluginSpecification($0).name }
    self.registry = registry
  }

  /// Throws unless each plugin is there.
  package func check() throws(PluginError) {
    for name in names { _ = try registry.find(name) }
  }

  /// How the files are: their sizes, times and places on the disk; a file that is missing has none.
  package struct Snapshot: Sendable, Equatable {
    fileprivate struct Entry: Equatable {
      let size: Int64
      let seconds: Int
      let nanoseconds: Int
      let place: UInt64
    }

    fileprivate var entries: [String: Entry?] = [:]

    /// How many files there are.
    package var count: Int { entries.values.count { $0 != nil } }
    /// A plugin that has no file.
    fileprivate var missing: String?
  }

  /// How the files are now.
  package func snapshot() -> Snapshot {
    var snapshot = Snapshot()
    for name in names {
      guard let package = try? registry.find(name) else {
        snapshot.entries[name] = .some(nil)
        snapshot.missing = name
        continue
      }
      guard package.folder != nil else {
        snapshot.entries[package.url.path] = Self.entry(package.url.path)
        continue
      }
      let files = (try? FileManager.default.subpathsOfDirectory(atPath: package.url.path)) ?? []
      for file in files.prefix(10_000) where file.hasSuffix(".lua") {
        let path = package.url.appending(path: file).path
        snapshot.entries[path] = Self.entry(path)
      }
    }
    return snapshot
  }

  /// Waits until the files are other than in `snapshot`, and have stayed the same for one look.
  ///
  /// - Parameters:
  ///   - snapshot: How they were.
  ///   - stop: Ends the waiting.
  ///   - missing: Told the name of a plugin that has had no file for a second, once each time.
  /// - Returns: False when the waiting was ended.
  package func change(
    since snapshot: Snapshot, stop: StopFlag, missing: (String) -> Void = { _ in }
  ) async -> Bool {
    var latest = snapshot
    var (looksWithout, isTold) = (0, false)
    while !stop.isRaised {
      try? await Task.sleep(for: Self.pause)
      let now = self.snapshot()
      if (now != snapshot || isTold) && now == latest && now.missing == nil { return true }
      // An editor may take the file away before it puts the new one there.
      looksWithout = now.missing == nil ? 0 : looksWithout + 1
      if looksWithout == Self.looksOfSecond, let name = now.missing {
        missing(name)
        isTold = true
      }
      latest = now
    }
    return false
  }

  private static func entry(_ path: String) -> Snapshot.Entry? {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return nil }
    return Snapshot.Entry(
      size: Int64(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec,
      place: UInt64(status.st_ino))
  }
}
