// The math library, with a random stream of the plugin's own that the host seeds.
#include "moon_internal.h"

// MARK: xoshiro256** (Blackman and Vigna), seeded by splitmix64

static uint64_t rotate(uint64_t x, int by) { return (x << by) | (x >> (64 - by)); }

static uint64_t next_random(uint64_t state[4]) {
  uint64_t result = rotate(state[1] * 5, 7) * 9;
  uint64_t shifted = state[1] << 17;
  state[2] ^= state[0];
  state[3] ^= state[1];
  state[1] ^= state[2];
  state[0] ^= state[3];
  state[2] ^= shifted;
  state[3] = rotate(state[3], 45);
  return result;
}

static uint64_t split_mix(uint64_t *x) {
  uint64_t z = (*x += 0x9E3779B97F4A7C15u);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

void moon_seed_random(moon_lua *s, uint64_t first, uint64_t second) {
  uint64_t x = first, y = second ^ 0xD1B54A32D192ED03u;
  for (int i = 0; i < 4; i++) s->random[i] = split_mix(&x) ^ rotate(split_mix(&y), 32);
  if ((s->random[0] | s->random[1] | s->random[2] | s->random[3]) == 0) s->random[0] = 1;
}

/// A number from 0 to `most`, each as likely.
static uint64_t random_up_to(moon_lua *s, uint64_t most) {
  uint64_t mask = most;
  for (int shift = 1; shift < 64; shift *= 2) mask |= mask >> shift;
  uint64_t value;
  do {
    value = next_random(s->random) & mask;
  } while (value > most);
  return value;
}

static int math_random(lua_State *L) {
  moon_lua *s = moon_of(L);
  lua_Integer low = 1, high;
  switch (lua_gettop(L)) {
    case 0:
      lua_pushnumber(L, (double)(next_random(s->random) >> 11) * 0x1p-53);
      return 1;
    case 1:
      high = luaL_checkinteger(L, 1);
      if (high == 0) {
        lua_pushinteger(L, (lua_Integer)next_random(s->random));
        return 1;
      }
      break;
    case 2:
      low = luaL_checkinteger(L, 1);
      high = luaL_checkinteger(L, 2);
      break;
    default:
      return luaL_error(L, "wrong number of arguments");
  }
  luaL_argcheck(L, low <= high, lua_gettop(L), "interval is empty");
  lua_pushinteger(L, (lua_Integer)(random_up_to(s, (uint64_t)high - (uint64_t)low) + (uint64_t)low));
  return 1;
}

/// A seed as bits: an integer's value, or a float's.
static uint64_t seed_bits(lua_State *L, int index) {
  lua_Integer integer;
  if (lua_isinteger(L, index)) return (uint64_t)lua_tointeger(L, index);
  lua_Number number = luaL_checknumber(L, index);
  if (lua_numbertointeger(number, &integer)) return (uint64_t)integer;
  union {
    double number;
    uint64_t bits;
  } both = {.number = number};
  return both.bits;
}

static int math_randomseed(lua_State *L) {
  moon_lua *s = moon_of(L);
  if (lua_isnoneornil(L, 1)) moon_seed_random(s, s->seed, 0);
  else moon_seed_random(s, seed_bits(L, 1), lua_isnoneornil(L, 2) ? 0 : seed_bits(L, 2));
  return 0;
}

void moon_push_math(lua_State *L, moon_lua *s) {
  static const char *const stock[] = {
      "abs",  "acos", "asin", "atan", "ceil", "cos", "deg", "exp", "floor", "fmod", "huge", "log", "max",
      "maxinteger", "min", "mininteger", "modf", "pi", "rad", "sin", "sqrt", "tan", "tointeger", "type", "ult", NULL};
  static const luaL_Reg own[] = {{"random", math_random}, {"randomseed", math_randomseed}, {NULL, NULL}};
  (void)s;
  moon_open_stock(L, luaopen_math);
  lua_createtable(L, 0, 32);
  moon_copy_fields(L, lua_gettop(L) - 1, stock);
  luaL_setfuncs(L, own, 0);
  lua_remove(L, -2);
}
