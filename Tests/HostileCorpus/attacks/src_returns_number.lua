-- attack: src_returns_number
-- expect: error
-- why: a file that returns a number
return 42
