-- attack: hook_sigmas_abuse
-- expect: error
-- why: noise levels that are no levels: NaN, infinite, rising, negative, none, a million, of another type
-- cases: 18 (the number after "local case =" runs from 1 to 18)
local case = 1
local million = {}
for i = 1, 100000 do million[i] = 100000 - i end
local lists = {
  { 0 / 0, 1, 0 }, { 1 / 0, 1, 0 }, { 1, 2, 3 }, { -1, -2, -3 }, {}, { 1 }, million, { "9", "3", "0" }, { 9, nil, 3 }, { [0] = 9, 3, 1, 0 }, { 1e300, 1e299, 0 }, { 1e-300, 1e-301, 0 },
  setmetatable({}, { __index = function(_, i) return 100 - i end, __len = function() return 1 << 40 end }), "9,3,0", 9, { 3, 3, 3, 0 }, { 5, 1, -0.0 }, { { 9 }, { 3 } },
}
return { id = "hook_sigmas_abuse", version = "1", api = 1, on_run_begin = function(pipe) pipe:set_sigmas(lists[case]) error("took the list", 0) end }
