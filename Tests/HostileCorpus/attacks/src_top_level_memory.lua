-- attack: src_top_level_memory
-- expect: memory
-- why: memory without end while the file is being loaded
local keep = {}
while true do keep[#keep + 1] = { #keep } end
return function(pipe, step, t, kwargs) return kwargs end
