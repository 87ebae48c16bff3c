-- Small chat completions for wrk, each with the next key of a file: wrk … -s chat.lua URL -- KEYS MODEL stream|whole
local requests, at = {}, 0

function init(args)
  local stream = args[3] == "stream" and ', "stream": true' or ""
  local body = '{"model": "' .. args[2] .. '"' .. stream .. ', "messages": [{"role": "user", "content": "What is said here?"}]}'
  for key in io.lines(args[1]) do
    local headers = {["content-type"] = "application/json", ["authorization"] = "Bearer " .. key}
    requests[#requests + 1] = wrk.format("POST", "/v1/chat/completions", headers, body)
  end
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    'SUMMARY {"requests": %d, "seconds": %f, "bytes": %d, "p50": %f, "p99": %f, "status": %d, "broken": %d}\n',
    summary.requests, summary.duration / 1e6, summary.bytes, latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
