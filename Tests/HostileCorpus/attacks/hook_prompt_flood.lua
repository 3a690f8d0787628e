-- attack: hook_prompt_flood
-- expect: error
-- why: prompts of 10,000 bytes of every awkward kind, more of them than a run may encode
local kinds = { ("x"):rep(10000), ("ab "):rep(3333), ("\u{327}\u{301}"):rep(2500), ("\255"):rep(10000), ("((("):rep(3333), ("\u{1F600}"):rep(2500), ("'s"):rep(5000), "", "\0", (" "):rep(10000) }
return {
  id = "hook_prompt_flood", version = "1", api = 1,
  on_run_begin = function(pipe)
    local kept = {}
    for round = 1, 100 do
      for _, text in ipairs(kinds) do
        local ok, prompt = pcall(pipe.encode, pipe, text, text)
        kept[#kept + 1] = ok and prompt or nil
        if #kept > 64 then error("ESCAPED: more than 64 prompts", 0) end
      end
    end
    pipe:encode("one more")
  end,
}
