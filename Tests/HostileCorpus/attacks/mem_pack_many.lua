-- attack: mem_pack_many
-- expect: memory
-- why: table.pack of the whole stack, kept
return function(pipe, step, t, kwargs)
  local keep = {}
  while true do keep[#keep + 1] = table.pack(table.unpack({}, 1, 100000)) end
  return kwargs
end
