// swift-tools-version: 6.2
import PackageDescription

/// Settings of every Swift target: the language features that keep imports and unsafe code visible.
let swiftSettings: [SwiftSetting] = [
  .strictMemorySafety(),
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A Swift library target of this package, with the settings above.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: swiftSettings)
}

/// The test target of `name`; it sees the target, what the target sees, and the shared helpers.
func tests(of name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: "\(name)Tests",
    dependencies: [.byName(name: name), "MoonTestSupport"] + dependencies,
    swiftSettings: swiftSettings)
}

/// What the command line stands on.
let commandDependencies: [Target.Dependency] = [
  "MoonTensor", "MoonText", "MoonWeights", "MoonSchedulers", "MoonImage", "MoonNets", "MoonPipelines", "MoonPlugins",
  "MoonCommunity", "MoonHost", .product(name: "ArgumentParser", package: "swift-argument-parser"),
]

let package = Package(
  name: "moonstep",
  products: [
    .executable(name: "moonstep", targets: ["moonstep"]),
    .library(
      name: "Moonstep",
      targets: ["MoonTensor", "MoonSchedulers", "MoonImage", "MoonPipelines", "MoonPlugins", "MoonHost"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // Layer 0: C libraries and C kernels.
    .systemLibrary(name: "COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLuaSystem", pkgConfig: "lua5.4", providers: [.apt(["liblua5.4-dev"])]),
    .systemLibrary(name: "CPNGSystem", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(name: "CJPEGSystem", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
    .target(name: "CMoonKernels"),
    .target(name: "CMoonVocabulary", exclude: ["merges.txt", "NOTICE.txt"]),
    .target(name: "CMoonStubs"),
    // Layer 1: what stands on one C library, or on nothing.
    .target(name: "CLua", dependencies: ["CLuaSystem"]),
    .target(name: "CPNG", dependencies: ["CPNGSystem"]),
    .target(name: "CJPEG", dependencies: ["CJPEGSystem"]),
    library("MoonTensor", ["COpenBLAS", "CMoonKernels"]),
    library("MoonText", ["CMoonVocabulary"]),
    // Layer 2
    library("MoonLua", ["CLua"]),
    library("MoonWeights", ["MoonTensor"]),
    library("MoonSchedulers", ["MoonTensor"]),
    library("MoonImage", ["MoonTensor", "CPNG", "CJPEG"]),
    // Layer 3
    library("MoonPlugins", ["MoonLua"]),
    library("MoonNets", ["MoonTensor", "MoonWeights"]),
    library("MoonCommunity", ["MoonTensor", "MoonWeights"]),
    // Layer 4
    library(
      "MoonPipelines",
      ["MoonTensor", "MoonText", "MoonWeights", "MoonSchedulers", "MoonImage", "MoonNets", "MoonCommunity"]),
    // Layer 5
    library("MoonHost", ["MoonTensor", "MoonImage", "MoonLua", "MoonPlugins", "MoonPipelines"]),
    // Layer 7
    library("MoonCommand", ["CMoonStubs"] + commandDependencies),
    .executableTarget(
      name: "moonstep", dependencies: ["MoonCommand"] + commandDependencies, swiftSettings: swiftSettings),
    // Measurements by command, see examples/benchmark.
    .executableTarget(
      name: "plugin-costs", dependencies: ["MoonTensor", "MoonPipelines", "MoonHost"],
      path: "examples/benchmark/plugin-costs", exclude: ["operations.lua"], swiftSettings: swiftSettings),
    // Tests
    .target(
      name: "MoonTestSupport", dependencies: ["MoonTensor", "MoonWeights"],
      path: "Tests/MoonTestSupport", swiftSettings: swiftSettings),
    .target(
      name: "MoonTraceSupport",
      dependencies: ["MoonTestSupport", "MoonTensor", "MoonWeights", "MoonSchedulers", "MoonImage", "MoonPipelines"],
      path: "Tests/MoonTraceSupport", swiftSettings: swiftSettings),
    .target(
      name: "MoonTrialSupport",
      dependencies: ["MoonTestSupport", "MoonTensor", "MoonImage", "MoonPlugins", "MoonPipelines", "MoonHost"],
      path: "Tests/MoonTrialSupport", swiftSettings: swiftSettings),
    .executableTarget(
      name: "moonproof", dependencies: ["MoonTrialSupport", "MoonTestSupport", "MoonCommand"] + commandDependencies,
      path: "Tests/MoonProof", swiftSettings: swiftSettings),
    tests(of: "MoonTensor"),
    tests(of: "MoonText"),
    tests(of: "MoonLua"),
    tests(of: "MoonWeights", ["MoonTensor"]),
    tests(of: "MoonSchedulers", ["MoonTensor"]),
    tests(of: "MoonImage", ["MoonTensor"]),
    tests(of: "MoonPlugins", ["MoonLua"]),
    tests(of: "MoonNets", ["MoonTensor", "MoonWeights"]),
    tests(of: "MoonCommunity", ["MoonTensor", "MoonWeights", "MoonNets"]),
    tests(of: "MoonPipelines", ["MoonTensor", "MoonSchedulers", "MoonImage", "MoonWeights", "MoonTraceSupport"]),
    tests(
      of: "MoonHost",
      [
        "MoonTensor", "MoonImage", "MoonLua", "MoonPlugins", "MoonPipelines", "MoonWeights", "MoonTraceSupport",
        "MoonTrialSupport",
      ]),
    tests(of: "MoonCommand", ["moonstep"] + commandDependencies),
  ],
  swiftLanguageModes: [.v6]
)
