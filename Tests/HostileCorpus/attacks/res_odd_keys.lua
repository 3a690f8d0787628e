-- attack: res_odd_keys
-- expect: harmless
-- why: a result with keys of every type
return function(pipe, step, t, kwargs)
  do return { [1.5] = 1, [true] = 2, [print] = 3, [{}] = 4, [coroutine.create(print)] = 5, [-1] = 6, [math.maxinteger] = 7, [""] = 8, ["\0"] = 9, [2 ^ 53] = 10 } end
  return kwargs
end
