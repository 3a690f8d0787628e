-- The globals that the sandbox of a plugin has: Lua's safe ones and `moon`.
std = {
  read_globals = {
    "_G", "_VERSION", "assert", "error", "getmetatable", "ipairs", "load", "next", "pairs", "pcall", "print",
    "rawequal", "rawget", "rawlen", "rawset", "require", "select", "setmetatable", "tonumber", "tostring", "type",
    "xpcall",
    coroutine = {
      fields = { "create", "isyieldable", "resume", "running", "status", "wrap", "yield" },
    },
    math = {
      fields = {
        "abs", "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log", "max",
        "maxinteger", "min", "mininteger", "modf", "pi", "rad", "random", "randomseed", "sin", "sqrt", "tan",
        "tointeger", "type", "ult",
      },
    },
    string = {
      fields = {
        "byte", "char", "find", "format", "gmatch", "gsub", "len", "lower", "match", "pack", "packsize", "rep",
        "reverse", "sub", "unpack", "upper",
      },
    },
    table = { fields = { "concat", "insert", "move", "pack", "remove", "sort", "unpack" } },
    utf8 = { fields = { "char", "charpattern", "codepoint", "codes", "len", "offset" } },
    moon = {
      fields = {
        "api", "arange", "cat", "einsum", "full", "log", "ones", "rand", "randn", "save_image", "stack", "tensor",
        "version", "warn", "where", "zeros",
      },
    },
  },
}
-- A hook may leave out what it does not use, and `callback` is what a ported plugin defines.
unused_args = false
max_line_length = 120
-- The annotations describe globals instead of using them.
exclude_files = { "plugins/meta" }
