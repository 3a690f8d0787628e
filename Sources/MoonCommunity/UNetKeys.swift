/// How the blocks of a UNet are numbered in the original layout, one number for all levels, and in that of diffusers.
struct UNetKeys: Sendable {
  /// Levels of resolution.
  let levels: Int
  /// Residual blocks of a level on the way down.
  let layers: Int

  /// The largest numbers of levels and layers that are looked for.
  private static let limit = 32

  /// Finds the numbers in names of the original layout, without the network's prefix.
  init?(original names: Set<String>) {
    let blocks = (0..<Self.limit * Self.limit).prefix { number in
      Self.insides.contains { names.contains("input_blocks.\(number).0.\($0)") }
    }
    let ends = blocks.filter { names.contains("input_blocks.\($0).0.op.weight") }
    levels = ends.count + 1
    layers = (ends.first ?? blocks.count) - 1
    let start = "input_blocks."
    let numbers = Set(names.filter { $0.hasPrefix(start) }.map { $0.dropFirst(start.count).prefix { $0 != "." } })
    guard numbers.count == blocks.count, layers > 0, layers < Self.limit, levels < Self.limit,
      blocks.count == levels * (layers + 1),
      ends == (1..<levels).map({ $0 * (layers + 1) })
    else { return nil }
  }

  /// What a block of the way down holds: a convolution, a residual block or a halving.
  private static let insides = ["weight", "in_layers.0.weight", "op.weight"]

  /// Finds the numbers in names of the layout of diffusers.
  init?(diffusers names: Set<String>) {
    func count(_ name: (Int) -> String) -> Int { (0..<Self.limit).prefix { names.contains(name($0)) }.count }
    levels = count { "down_blocks.\($0).resnets.0.norm1.weight" }
    layers = count { "down_blocks.0.resnets.\($0).norm1.weight" }
    if levels == 0 { return nil }
  }

  /// The names of the way down and the middle, which a ControlNet has too.
  private var common: KeyTable {
    var table = KeyTable()
    table.add("time_embed.0", "time_embedding.linear_1")
    table.add("time_embed.2", "time_embedding.linear_2")
    table.add("label_emb.0.0", "add_embedding.linear_1")
    table.add("label_emb.0.2", "add_embedding.linear_2")
    table.add("input_blocks.0.0", "conv_in")
    for level in 0..<levels {
      for layer in 0..<layers {
        let number = 1 + level * (layers + 1) + layer
        table.add("input_blocks.\(number).0", "down_blocks.\(level).resnets.\(layer)", inside: .residual)
        table.add("input_blocks.\(number).1", "down_blocks.\(level).attentions.\(layer)")
      }
      if level < levels - 1 {
        table.add("input_blocks.\((level + 1) * (layers + 1)).0.op", "down_blocks.\(level).downsamplers.0.conv")
      }
    }
    table.add("middle_block.0", "mid_block.resnets.0", inside: .residual)
    table.add("middle_block.1", "mid_block.attentions.0")
    table.add("middle_block.2", "mid_block.resnets.1", inside: .residual)
    return table
  }

  /// The names of a UNet.
  var table: KeyTable {
    var table = common
    for level in 0..<levels {
      for layer in 0...layers {
        let number = level * (layers + 1) + layer
        table.add("output_blocks.\(number).0", "up_blocks.\(level).resnets.\(layer)", inside: .residual)
        table.add("output_blocks.\(number).1", "up_blocks.\(level).attentions.\(layer)")
        // Behind the attention, or in its place where a level has none.
        if layer == layers && level < levels - 1 {
          for place in 1...2 {
            table.add("output_blocks.\(number).\(place).conv", "up_blocks.\(level).upsamplers.0.conv")
          }
        }
      }
    }
    table.add("out.0", "conv_norm_out")
    table.add("out.2", "conv_out")
    return table
  }

  /// The names of a ControlNet whose control image passes `hints` convolutions, the first and the last included.
  func controlTable(hints: Int) -> KeyTable {
    var table = common
    for number in 0..<levels * (layers + 1) { table.add("zero_convs.\(number).0", "controlnet_down_blocks.\(number)") }
    table.add("middle_block_out.0", "controlnet_mid_block")
    table.add("input_hint_block.0", "controlnet_cond_embedding.conv_in")
    for number in 1..<max(hints - 1, 1) {
      table.add("input_hint_block.\(2 * number)", "controlnet_cond_embedding.blocks.\(number - 1)")
    }
    if hints > 1 { table.add("input_hint_block.\(2 * (hints - 1))", "controlnet_cond_embedding.conv_out") }
    return table
  }
}
