import CLua

/// What C calls. Nothing here touches Lua, and everything returns normally.
extension LuaSandbox {
  /// Tells C where the host is. The pointer to this object is used during `load` and `call` alone, which hold it.
  func connect(_ pointer: OpaquePointer) {
    var host = unsafe moon_host()
    unsafe host.context = Unmanaged.passUnretained(self).toOpaque()
    unsafe host.call = { context, function, arguments, reply in
      guard let context = unsafe context, let arguments = unsafe arguments, let reply = unsafe reply else {
        return MOON_RAISED
      }
      return unsafe sandbox(context).run(function, arguments.pointee, &reply.pointee)
    }
    unsafe host.results = { context, list in
      guard let context = unsafe context, let list = unsafe list else { return }
      let sandbox = unsafe sandbox(context)
      unsafe sandbox.results = ValueReader.read(list.pointee, state: sandbox.state)
    }
    unsafe host.log = { context, bytes, count, isCut in
      guard let context = unsafe context else { return }
      unsafe sandbox(context).writeLog(bytes, count: count, isCut: isCut)
    }
    unsafe host.warn = { context, bytes, count, isCut in
      guard let context = unsafe context else { return }
      let text = unsafe LuaText.shown(ValueReader.bytes(bytes, count: count))
      unsafe sandbox(context).onWarning(isCut ? text + "…" : text)
    }
    unsafe host.module = { context, name, count, reply in
      guard let context = unsafe context, let reply = unsafe reply else { return MOON_RAISED }
      return unsafe sandbox(context).readModule(ValueReader.bytes(name, count: count), &reply.pointee)
    }
    unsafe host.stop = { context in
      guard let context = unsafe context else { return false }
      return unsafe sandbox(context).isStopRequested()
    }
    unsafe moon_connect(pointer, &host)
  }

  /// Runs one host function.
  private func run(_ function: Int32, _ arguments: moon_list, _ reply: inout moon_reply) -> moon_outcome {
    guard let index = Int(exactly: function), functions.indices.contains(index) else {
      unsafe reply.list = writer.list(text: "unknown host function".utf8)
      return MOON_RAISED
    }
    releaseHandles()
    do throws(HostError) {
      let values = unsafe ValueReader.read(arguments, state: state)
      let results = try functions[index](values)
      unsafe reply.list = writer.list(results) { count($0) }
      return MOON_RETURNED
    } catch {
      switch error {
      case .message(let text):
        unsafe reply.list = writer.list(text: text.utf8)
        return MOON_RAISED
      case .argument(let position, let text):
        unsafe reply.list = writer.list(text: text.utf8)
        unsafe reply.argument = Int32(clamping: position)
        return MOON_BAD_ARGUMENT
      }
    }
  }

  private func writeLog(_ bytes: UnsafePointer<CChar>?, count: Int, isCut: Bool) {
    guard let bytes = unsafe bytes else {
      log("(the log of \(name) ends here: its limit is \(limits.logBytes) bytes)")
      return
    }
    let text = unsafe LuaText.shown(ValueReader.bytes(bytes, count: count), keepsTabs: true)
    log(isCut ? text + "…" : text)
  }

  private func readModule(_ name: [UInt8], _ reply: inout moon_reply) -> moon_outcome {
    do throws(HostError) {
      if let source = try modules?.source(ofModule: String(decoding: name, as: UTF8.self)) {
        unsafe reply.list = writer.list(text: source)
      }
      return MOON_RETURNED
    } catch {
      let text =
        switch error {
        case .message(let text), .argument(_, let text): text
        }
      unsafe reply.list = writer.list(text: text.utf8)
      return MOON_RAISED
    }
  }
}

/// The sandbox that `connect` registered.
private func sandbox(_ context: UnsafeMutableRawPointer) -> LuaSandbox {
  unsafe Unmanaged<LuaSandbox>.fromOpaque(context).takeUnretainedValue()
}
