-- attack: cpu_test_options
-- expect: harmless
-- why: a test that runs its plugin with tens of thousands of options of names that are slow to compare
return {
  id = "cpu_test_options", version = "1.0.0", api = 1, on_step_end = function() end,
  tests = {
    many = function(t)
      local marks, options = ("\u{300}"):rep(60) .. ("\u{316}"):rep(60), {}
      for i = 1, 60000 do options["a" .. marks .. i] = 1 end
      t:run { options = options }
    end,
  },
}
