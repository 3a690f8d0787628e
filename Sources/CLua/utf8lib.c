// The utf8 library; `char` is our own, because the stock one makes a string for each argument.
#include "moon_internal.h"

static int utf8_char(lua_State *L) {
  moon_lua *s = moon_of(L);
  int top = lua_gettop(L);
  moon_buffer buffer;
  luaL_checkstack(L, 4, "too many arguments");
  moon_buffer_open(&buffer, L);
  for (int i = 1; i <= top; i++) {
    moon_tick(L, s, 1);
    uint64_t code = (uint64_t)luaL_checkinteger(L, i);
    luaL_argcheck(L, code <= 0x7FFFFFFFu, i, "value out of range");
    if (code < 0x80) {
      moon_buffer_add_char(&buffer, (char)code);
      continue;
    }
    int more = code < 0x800 ? 1 : code < 0x10000 ? 2 : code < 0x200000 ? 3 : code < 0x4000000 ? 4 : 5;
    moon_buffer_add_char(&buffer, (char)((0xFF00u >> (more + 1)) | (code >> (6 * more))));
    while (more-- > 0) moon_buffer_add_char(&buffer, (char)(0x80 | ((code >> (6 * more)) & 0x3F)));
  }
  moon_buffer_push(&buffer);
  return 1;
}

void moon_push_utf8(lua_State *L, moon_lua *s) {
  static const char *const stock[] = {"charpattern", "codepoint", "codes", "len", "offset", NULL};
  static const luaL_Reg own[] = {{"char", utf8_char}, {NULL, NULL}};
  (void)s;
  moon_open_stock(L, luaopen_utf8);
  lua_createtable(L, 0, 8);
  moon_copy_fields(L, lua_gettop(L) - 1, stock);
  luaL_setfuncs(L, own, 0);
  lua_remove(L, -2);
}
