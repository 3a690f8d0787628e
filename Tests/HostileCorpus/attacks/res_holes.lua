-- attack: res_holes
-- expect: harmless
-- why: a list with holes and a border that moves
return function(pipe, step, t, kwargs)
  local x = { 1, nil, 3, nil, 5 }
  x[1000] = 1 x[2 ^ 40] = 2
  do return x, { n = 5 }, { [1] = nil } end
  return kwargs
end
