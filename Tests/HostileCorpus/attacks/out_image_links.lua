-- attack: out_image_links
-- expect: error
-- why: names that are links, devices or parts of other paths, and the names of pictures that wait for the end of their hook
return function()
  local picture, taken = moon.zeros { 1, 2, 2 }, 0
  for _, name in ipairs {
    "/dev/null.png", "./a.png", ".a.png.part", "a.png/b.png", "a.png\0.png", "a.png.", "%2e%2e/a.png", "a\\b.png", "..png", "-.png", "a.PNG", "a.png ", "\u{2024}\u{2024}/a.png", ("a/"):rep(2000) .. "b.png", "con.png\n",
  } do
    if pcall(moon.save_image, picture, name) then taken = taken + 1 end
  end
  if taken > 0 then error("ESCAPED: " .. taken .. " names were taken", 0) end
  moon.save_image(picture, "../x.png")
end
