/// How the blocks of an autoencoder are numbered in the original layout and in that of diffusers.
struct AutoencoderKeys: Sendable {
  /// Levels of resolution.
  let levels: Int
  /// Residual blocks of a level of the encoder; the decoder has one more.
  let layers: Int

  /// The largest numbers of levels and layers that are looked for.
  private static let limit = 32

  /// Finds the numbers in names of the original layout, without the network's prefix.
  init?(original names: Set<String>) {
    func count(_ name: (Int) -> String) -> Int { (0..<Self.limit).prefix { names.contains(name($0)) }.count }
    levels = count { "encoder.down.\($0).block.0.norm1.weight" }
    layers = count { "encoder.down.0.block.\($0).norm1.weight" }
    if levels == 0 { return nil }
  }

  /// The names.
  var table: KeyTable {
    var table = KeyTable()
    for half in ["encoder", "decoder"] {
      table.add("\(half).conv_in", "\(half).conv_in")
      table.add("\(half).mid.block_1", "\(half).mid_block.resnets.0", inside: .plainResidual)
      table.add("\(half).mid.attn_1", "\(half).mid_block.attentions.0", inside: .pixelAttention)
      table.add("\(half).mid.block_2", "\(half).mid_block.resnets.1", inside: .plainResidual)
      table.add("\(half).norm_out", "\(half).conv_norm_out")
      table.add("\(half).conv_out", "\(half).conv_out")
    }
    table.add("quant_conv", "quant_conv")
    table.add("post_quant_conv", "post_quant_conv")
    for level in 0..<levels {
      for layer in 0..<layers {
        table.add(
          "encoder.down.\(level).block.\(layer)", "encoder.down_blocks.\(level).resnets.\(layer)",
          inside: .plainResidual)
      }
      // The decoder counts its levels from the outside, in diffusers from the inside.
      let number = levels - 1 - level
      for layer in 0...layers {
        table.add(
          "decoder.up.\(number).block.\(layer)", "decoder.up_blocks.\(level).resnets.\(layer)", inside: .plainResidual)
      }
      if level < levels - 1 {
        table.add("encoder.down.\(level).downsample.conv", "encoder.down_blocks.\(level).downsamplers.0.conv")
        table.add("decoder.up.\(number).upsample.conv", "decoder.up_blocks.\(level).upsamplers.0.conv")
      }
    }
    return table
  }
}
