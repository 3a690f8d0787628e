import Foundation
import MoonTensor
import MoonTestSupport
import MoonWeights
import Testing

@Suite("Safetensors files") struct SafetensorsFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  @Test("give back what was written, in every element type and any shape", arguments: DType.allCases)
  func roundTrip(dtype: DType) throws {
    // Each value is exact in all three types.
    let matrix = try Tensor([0, -0.5, 1, 2, -3, 4], shape: [2, 3]).converted(to: dtype)
    let tensors: [(key: String, tensor: Tensor)] = [
      ("a.weight", matrix),
      ("scalar", try Tensor([1.5], shape: []).converted(to: dtype)),
      ("empty", try Tensor([], shape: [3, 0, 2]).converted(to: dtype)),
      ("ünï \"quoted\"\n", try Tensor([7], shape: [1, 1, 1, 1, 1, 1, 1, 1]).converted(to: dtype)),
    ]
    let url = try folder.file("x.safetensors")
    try SafetensorsFile.write(tensors, metadata: ["seed": "7", "note": "a\tb\\"], to: url)
    let file = try SafetensorsFile(contentsOf: url)
    #expect(file.metadata == ["seed": "7", "note": "a\tb\\"])
    #expect(file.keys == ["a.weight", "empty", "scalar", "ünï \"quoted\"\n"])
    for (key, wanted) in tensors {
      let found = try file.tensor(key)
      #expect(found.dtype == dtype)
      #expect(file.entry(key)?.shape == wanted.shape)
      expectExact(found, wanted, key)
    }
    #expect(try folder.contents == ["x.safetensors"])
  }

  @Test("hold a strided tensor row by row in its own type", arguments: DType.allCases)
  func strided(dtype: DType) throws {
    let wide = try Tensor((0..<12).map(Float.init), shape: [3, 4]).converted(to: dtype)
    let transposed = Tensor(
      shape: [3, 2], strides: [1, 4], offset: 1, dtype: dtype, storage: wide.storage)
    let url = try folder.file("x.safetensors")
    try SafetensorsFile.write([("t", transposed)], to: url)
    let found = try SafetensorsFile(contentsOf: url).tensor("t")
    #expect(found.dtype == dtype)
    expectExact(found, try Tensor([1, 5, 2, 6, 3, 7], shape: [3, 2]))
  }

  @Test("have the reference library's bytes")
  func referenceBytes() throws {
    let url = try folder.file("x.safetensors")
    let one = try Tensor([1, 2], shape: [2])
    try SafetensorsFile.write(
      [
        ("b", one), ("half", try one.converted(to: .float16)), ("brain", try one.converted(to: .bfloat16)), ("a", one),
      ],
      metadata: ["k": "v"], to: url)
    // safetensors 0.8.0: save({"b": ..., "half": ..., "brain": ..., "a": ...}, metadata={"k": "v"})
    let header =
      #"{"__metadata__":{"k":"v"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"#
      + #""b":{"dtype":"F32","shape":[2],"data_offsets":[8,16]},"#
      + #""brain":{"dtype":"BF16","shape":[2],"data_offsets":[16,20]},"#
      + #""half":{"dtype":"F16","shape":[2],"data_offsets":[20,24]}}     "#
    let data: [UInt8] = [
      0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0x80, 0x3F, 0, 0x40, 0, 0x3C, 0, 0x40,
    ]
    #expect(Array(try Data(contentsOf: url)) == safetensors(header) + data)
  }

  @Test("are mapped: a tensor outlives the file object, and the file's name")
  func mapping() throws {
    let url = try folder.file("x.safetensors")
    let wanted = try Tensor((0..<5000).map(Float.init), shape: [50, 100])
    try SafetensorsFile.write([("t", wanted)], to: url)
    let found = try SafetensorsFile(contentsOf: url).tensor("t")
    #expect(!found.storage.isWritable)
    try FileManager.default.removeItem(at: url)
    expectExact(found, wanted)
  }

  @Test("leave the file's bytes alone when a tensor is changed")
  func copyOnWrite() throws {
    let url = try folder.file("x.safetensors")
    try SafetensorsFile.write([("t", try Tensor([1, 2], shape: [2]))], to: url)
    let file = try SafetensorsFile(contentsOf: url)
    var changed = try file.tensor("t")
    try changed.makeUnique()
    unsafe changed.mutableFloats[0] = 9
    expectExact(changed, try Tensor([9, 2], shape: [2]))
    expectExact(try file.tensor("t"), try Tensor([1, 2], shape: [2]))
  }

  @Test("are read where the data is not aligned")
  func unaligned() throws {
    let header =
      #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"f":{"dtype":"F32","shape":[2],"data_offsets":[1,9]},"#
      + #""h":{"dtype":"BF16","shape":[1],"data_offsets":[9,11]},"d":{"dtype":"F64","shape":[1],"data_offsets":[11,19]}}"#
    let data: [UInt8] =
      [5] + [0, 0, 0xA0, 0x3F, 0, 0, 0, 0xC0] + [0x80, 0x3F] + [0x9A, 0x99, 0x99, 0x99, 0x99, 0x99, 0xB9, 0x3F]
    let file = try SafetensorsFile(contentsOf: try folder.write(safetensors(header) + data, to: "x.safetensors"))
    expectExact(try file.tensor("f"), try Tensor([1.25, -2], shape: [2]))
    expectExact(try file.tensor("h"), try Tensor([1], shape: [1]))
    expectExact(try file.tensor("d"), try Tensor([0.1], shape: [1]))
    #expect(try file.integers("a") == [5])
  }

  @Test("give integers as integers")
  func integers() throws {
    let header =
      #"{"i64":{"dtype":"I64","shape":[1],"data_offsets":[0,8]},"i32":{"dtype":"I32","shape":[2],"data_offsets":[8,16]},"#
      + #""i16":{"dtype":"I16","shape":[1],"data_offsets":[16,18]},"i8":{"dtype":"I8","shape":[1],"data_offsets":[18,19]},"#
      + #""bool":{"dtype":"BOOL","shape":[2],"data_offsets":[19,21]}}"#
    let data: [UInt8] =
      [UInt8](repeating: 0xFF, count: 8) + [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF] + [0x00, 0x80] + [0x80] + [0, 1]
    let file = try SafetensorsFile(contentsOf: try folder.write(safetensors(header) + data, to: "x.safetensors"))
    #expect(try file.integers("i64") == [-1])
    #expect(try file.integers("i32") == [1, -2])
    #expect(try file.integers("i16") == [-32768])
    #expect(try file.integers("i8") == [-128])
    #expect(try file.integers("bool") == [0, 1])
  }

  @Test("list elements of any type, and refuse those that are no floats when asked for a tensor")
  func otherTypes() throws {
    for dtype in SafetensorsDType.allCases {
      let byteCount = dtype.bitCount
      let header = #"{"k":{"dtype":"\#(dtype.rawValue)","shape":[4,2],"data_offsets":[0,\#(byteCount)]}}"#
      let url = try folder.write(safetensors(header, dataByteCount: byteCount), to: "x.safetensors")
      let file = try SafetensorsFile(contentsOf: url)
      #expect(file.entry("k")?.dtype == dtype)
      #expect(file.entry("k")?.shape == [4, 2])
      if dtype.tensorDType != nil || dtype == .float64 {
        #expect(try file.tensor("k").shape == [4, 2])
        #expect(
          folder.message { try file.integers("k") } == "x.safetensors: \"k\" holds \(dtype.rawValue), wanted integers")
      } else {
        #expect(
          folder.message { try file.tensor("k") }
            == "x.safetensors: \"k\" holds \(dtype.rawValue), wanted F32, F16, BF16 or F64")
      }
    }
  }

  @Test("refuse to hold what cannot be read back")
  func unwritable() throws {
    let one = try Tensor([1], shape: [1])
    let url = try folder.file("x.safetensors")
    #expect(
      folder.message { try SafetensorsFile.write([("a", one), ("a", one)], to: url) }
        == "x.safetensors: the name \"a\" is given twice")
    #expect(
      folder.message { try SafetensorsFile.write([("__metadata__", one)], to: url) }
        == "x.safetensors: the name \"__metadata__\" is reserved")
    #expect(
      folder.message { try SafetensorsFile.write([("a", one)], to: folder.url.appending(path: "none/x.safetensors")) }
        == "none/x.safetensors cannot be written: the folder none does not exist"
    )
    #expect(try folder.contents == [])
  }

  @Test("name the key that is asked for and missing")
  func missingKey() throws {
    let file = try SafetensorsFile(contentsOf: try folder.write(safetensors("{}"), to: "x.safetensors"))
    #expect(file.keys == [])
    #expect(file.entry("k") == nil)
    #expect(folder.message { try file.tensor("k") } == "x.safetensors has no tensor \"k\"")
    #expect(folder.message { try file.integers("k\n") } == "x.safetensors has no tensor \"k\\u{a}\"")
  }

  @Test("stay safe under random damage")
  func damage() throws {
    let url = try folder.file("x.safetensors")
    try SafetensorsFile.write(
      [
        ("a", try Tensor(repeating: 2, shape: [20, 10])),
        ("b.weight", try Tensor([1, 2], shape: [2]).converted(to: .float16)),
        ("e", try Tensor([], shape: [0])),
      ], metadata: ["k": "v"], to: url)
    let whole = Array(try Data(contentsOf: url))
    var generator = SeededGenerator(seed: 3)
    var readable = 0
    for _ in 0..<3000 {
      try folder.write(damaged(whole, using: &generator), to: "damaged.safetensors")
      do {
        let file = try SafetensorsFile(contentsOf: folder.url.appending(path: "damaged.safetensors"))
        for key in file.keys { _ = try? file.tensor(key).floats() }
        readable += 1
      } catch {
        #expect("\(error)".contains("damaged.safetensors"))
      }
    }
    // Damage to the data or inside a name leaves a valid file.
    #expect(readable > 500 && readable < 2500)
  }
}
