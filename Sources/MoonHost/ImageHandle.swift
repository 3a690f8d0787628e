internal import MoonImage
internal import MoonLua
internal import MoonPlugins

/// The handle type of pictures: their size.
struct ImageHandle {
  /// Fields that can be read.
  static let readable = ["width", "height"]

  let context: PluginContext

  /// The handle's type.
  func type(_ guarded: (@escaping (HostArguments) throws -> HostReply, String) -> HostFunction) -> HandleType {
    var type = HandleType(kind: PluginContext.Kind.image, name: "image")
    type.getter = guarded(
      { arguments in
        let name = try arguments.field(2, of: "an image", known: Self.readable)
        return try context.withImage(arguments[1]) { image in
          .values([.integer(Int64(name == "width" ? image.width : image.height))])
        } ?? .values([])
      }, "image")
    return type
  }
}
