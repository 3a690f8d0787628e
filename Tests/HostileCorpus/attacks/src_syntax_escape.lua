-- attack: src_syntax_escape
-- expect: error
-- why: terminal escapes in the place that a syntax error quotes
local x = [2J]0;owned +
