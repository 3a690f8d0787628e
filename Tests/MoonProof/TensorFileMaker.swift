import Foundation
import MoonTestSupport

/// Makes up safetensors files: headers that may lie about types, shapes and places.
enum TensorFileMaker {
  /// A file whose names are those that loaders look for.
  static func file(_ random: inout Randomness) throws -> [UInt8] {
    if random.chance(30) {
      let name = random.pick([
        "community/lora_diffusers", "community/lora_kohya", "community/lora_metadata", "community/lora_older",
        "community/lora_tucker", "community/lora_xl", "models/tiny_ip_adapter", "traces/tiny_sd_lora",
        "community/lora_peft/adapter_model",
      ])
      return random.damage(
        try Fixture.bytes(
          (try? Fixture.bytes(name + ".safetensors")) == nil ? "community/lora_xl.safetensors" : name + ".safetensors"))
    }
    var members: [String] = []
    var place = 0
    for _ in 0..<random.number(0...6) {
      let type = random.word("F32 F32 F32 F16 BF16 I64 I32 U8 BOOL F64 F8_E4M3 F4 C64 X9")
      let shape = (0..<random.number(0...4)).map { _ in
        random.chance(90) ? random.number(0...5) : random.pick([1 << 20, 1 << 32, 1 << 62, Int.max, -1], else: 0)
      }
      let bits = ["F64": 64, "I64": 64, "C64": 64, "F32": 32, "I32": 32, "F16": 16, "BF16": 16, "F4": 4][type] ?? 8
      let count = shape.reduce(1) { $0.multipliedReportingOverflow(by: $1).partialValue }
      var end = place &+ (random.chance(92) ? count &* bits / 8 : random.number(-8...4000))
      var start = place
      if random.chance(4) { (start, end) = (end, start) }
      if random.chance(3) { end = random.pick([Int.max, Int.min, -1, 1 << 40], else: 0) }
      let key = try name(&random)
      let list = random.chance(97) ? "\(shape)" : random.word("null [1.5] [\"1\"] {} [[1]]")
      members.append(
        "\"\(key)\":{\"dtype\":\"\(type)\",\"shape\":\(list),\"data_offsets\":[\(start),\(end)]\(random.chance(3) ? ",\"x\":1" : "")}"
      )
      if (0...8192).contains(end) { place = end }
    }
    if random.chance(30) {
      members.append(
        "\"__metadata__\":\(random.pick(["{}", "{\"format\":\"pt\"}", "{\"a\":1}", "[]", "{\"modelspec.title\":\"\\u0000\"}"]))"
      )
    }
    var header = Array("{\(members.joined(separator: ","))}".utf8)
    if random.chance(10) { header = random.damage(header) }
    while header.count % 8 != 0 && random.chance(95) { header.append(0x20) }
    let length =
      random.chance(95) ? UInt64(header.count) : random.pick([0, 1, 1 << 40, .max, UInt64(header.count + 8)], else: 0)
    let data = (0..<max(place, 0)).map { _ in UInt8(random.number(0...255)) }
    return unsafe withUnsafeBytes(of: length.littleEndian) { unsafe Array($0) } + header
      + (random.chance(95) ? data : Array(data.dropLast(1)))
  }

  private static let known: [String] = {
    guard let bytes = try? Fixture.bytes("community/names.json"),
      let object = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
      let parts = object["parts"] as? [[String: Any]]
    else { return [] }
    return parts.flatMap { part in
      let prefix = part["prefix"] as? String ?? ""
      return (part["rows"] as? [[String]] ?? []).flatMap { row in row.dropFirst().map { prefix + $0 + ".weight" } }
    }
  }()

  private static func name(_ random: inout Randomness) throws -> String {
    switch random.number(1...10) {
    case 1...4: return random.pick(known)
    case 5...6:
      let layer = random.pick([
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        "lora_te_text_model_encoder_layers_0_mlp_fc1",
        "unet.down_blocks.0.attentions.0.proj_in", "text_encoder.text_model.encoder.layers.0.self_attn.q_proj",
        "lora_te1_x", "",
      ])
      return layer
        + random.pick([
          ".lora_down.weight", ".lora_up.weight", ".alpha", ".lora_A.weight", ".lora_B.weight", ".lora_mid.weight",
          ".dora_scale", ".hada_w1_a", ".diff",
        ])
    case 7: return random.word("emb_params clip_l clip_g latents image <cat> model")
    case 8:
      return random.word(
        "ip_adapter.1.to_k_ip.weight image_proj.proj.weight image_proj.norm.weight image_proj.latents control_model.zero_convs.0.0.weight first_stage_model.decoder.conv_in.weight"
      )
    default: return random.pick(["a", "", "..", "\\u0000", "é", String(repeating: "n", count: 300), "a.b.c", "a"])
    }
  }
}
