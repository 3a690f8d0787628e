-- attack: out_error_texts
-- expect: error
-- why: an error text with escapes, line ends, zeros and broken UTF-8
return function(pipe, step, t, kwargs)
  error("\27[2J\27]0;owned\7\r\nmoonstep: all plugins verified\0\255\254\u{202e}" .. ("x"):rep(10000))
  return kwargs
end
