-- attack: mem_einsum_explosion
-- expect: memory
-- why: einsum whose result or whose sum has the product of all sizes
-- cases: 10 (the number after "local case =" runs from 1 to 10)
local case = 1
return function()
  local m, v = moon.rand { 64, 64 }, moon.rand { 4096 }
  local operation = {
    function() return moon.einsum("ab,cd,ef,gh->abcdefgh", m, m, m, m) end, function() return moon.einsum("ab,cd,ef,gh->", m, m, m, m) end,
    function() return moon.einsum("a,b,c,d->abcd", v, v, v, v) end, function() return moon.einsum("a,b,c,d->", v, v, v, v) end,
    function() return moon.einsum("ab,bc,cd,de,ef,fa->", m, m, m, m, m, m) end, function() return moon.einsum("ab,cd->acbd", m, m:transpose(0, 1)) end,
    function() return moon.einsum("a,a,a,a,a,a,a,a->a", v, v, v, v, v, v, v, v) end, function() return moon.einsum("...,...->...", moon.rand { 64, 64, 64, 64 }, m) end,
    function() return moon.einsum("ab,ac,ad,ae->abcde", m, m, m, m) end, function() return moon.einsum("a,b->", v:expand { 4096 }, v) end,
  }
  while true do operation[case]() end
end
