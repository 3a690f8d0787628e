-- attack: cpu_pack_big
-- expect: timeout
-- why: pack of as much padding as a format can ask for
return function(pipe, step, t, kwargs)
  while true do pcall(string.pack, "c1000000", "x") pcall(string.pack, ("c1000"):rep(200), table.unpack({}, 1, 200)) pcall(string.pack, "z", ("x"):rep(1000000)) end
  return kwargs
end
