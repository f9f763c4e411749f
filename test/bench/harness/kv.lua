-- GETs that cycle over prepared keys, with the headers that an ordinary client sends. Arguments: prefix of the path, number of keys, token or nothing.
local requests, at, count = {}, 0, 0

function init(args)
  count = tonumber(args[2])
  local headers = {
    ["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) python-requests/2.32",
    ["Accept"] = "*/*",
    ["Accept-Encoding"] = "gzip, deflate, br",
    ["Connection"] = "keep-alive",
  }
  if args[3] and args[3] ~= "" then
    headers["Authorization"] = "Bearer " .. args[3]
  end
  for i = 1, count do
    requests[i] = wrk.format("GET", string.format("%sbench-%06d", args[1], i - 1), headers)
  end
end

function request()
  at = at % count + 1
  return requests[at]
end
