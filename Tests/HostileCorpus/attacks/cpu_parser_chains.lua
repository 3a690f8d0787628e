-- attack: cpu_parser_chains
-- expect: timeout
-- why: and-or chains, elseif chains and names through 190 levels of functions, each just below the source cap
return function(pipe, step, t, kwargs)
  local nested = {}
  for i = 1, 190 do nested[i] = "local a" .. i .. ", b" .. i .. ", c" .. i .. " return function() " end
  local sources = { "return " .. ("a or "):rep(13000) .. "a", "return " .. ("a and b or "):rep(5900) .. "a", "if x then " .. ("elseif x then "):rep(4600) .. "end", table.concat(nested) .. ("x=y "):rep(9000), "return a" .. ("==a"):rep(21000), "return -" .. ("a-"):rep(30000) .. "a", "local a " .. ("a=a;"):rep(16000) }
  while true do for _, s in ipairs(sources) do load(s) end end
  return kwargs
end
