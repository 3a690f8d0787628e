-- attack: cpu_parser_gotos
-- expect: timeout
-- why: a label that ends thousands of pending gotos, and loops that end thousands of breaks: quadratic inside one token
return function(pipe, step, t, kwargs)
  local gotos, breaks = ("goto a "):rep(9300) .. " ::a:: ", "while x do " .. ("break "):rep(10900) .. " end"
  while true do load(gotos) load(breaks) end
  return kwargs
end
