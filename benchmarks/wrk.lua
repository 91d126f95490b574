-- What wrk sends and tells: see benchmarks/wrk.py. wrk asks for the next request of any connection, and does not say
-- of which; its main thread runs setup and done, another one the rest.

local ffi = require("ffi")
ffi.cdef [[
    typedef struct { long s; long ns; } hypersim_time;
    int clock_gettime(int clock, hypersim_time *time);
    int getpid(void);
    int kill(int pid, int signal);
    int usleep(unsigned int us);
]]
local MONOTONIC = ffi.os == "OSX" and 6 or 1
local SIGINT = 2
local SETTLED_S = 0.2 -- by then the main thread waits for the signal
local QUANTILES = 1000
local MOST_FAILURES = 3

local time = ffi.new("hypersim_time[1]")
local requests = {}
local next_one = 0
local once = false
local verified = false

-- globals: the main thread reads them when all is done
wanted = 0
statuses = {}
failures = {}
answered = 0
begun = 0
ended = 0

local function now()
    ffi.C.clock_gettime(MONOTONIC, time)
    return tonumber(time[0].s) + tonumber(time[0].ns) / 1e9
end

function init(arguments)
    local file = assert(io.open(arguments[1], "rb"))
    for request in file:read("*a"):gmatch(".-\r\n\r\n") do
        requests[#requests + 1] = request
    end
    file:close()
    once = arguments[2] == "once"
    wanted = once and #requests or 0
end

function request()
    if not verified then -- wrk looks at one before it begins, and does not send it
        verified = true
        return requests[1]
    end
    if next_one == 0 and begun == 0 then
        begun = now()
    end
    if next_one == #requests then
        if once then
            return "" -- nothing is written, and the connection rests
        end
        next_one = 0
    end
    next_one = next_one + 1
    return requests[next_one]
end

function response(status, headers, body)
    statuses[status] = (statuses[status] or 0) + 1
    if status ~= 200 and #failures < MOST_FAILURES then
        failures[#failures + 1] = body
    end
    answered = answered + 1
    ended = now()
    if once and answered == wanted then
        ffi.C.usleep(1e6 * math.max(0, SETTLED_S - (ended - begun)))
        ffi.C.kill(ffi.C.getpid(), SIGINT) -- wrk ends and says what it measured
    end
end

local threads = {}

function setup(thread)
    threads[#threads + 1] = thread
end

local function quoted(text)
    return '"' .. text:gsub('[%c"\\]', function(byte)
        return string.format("\\u%04x", byte:byte())
    end) .. '"'
end

function done(summary, latency)
    local thread = threads[1]
    local counts, said, quantiles = {}, {}, {}
    for status, count in pairs(thread:get("statuses")) do
        counts[#counts + 1] = string.format('"%d":%d', status, count)
    end
    for _, body in ipairs(thread:get("failures")) do
        said[#said + 1] = quoted(body)
    end
    for number = 0, QUANTILES - 1 do
        quantiles[#quantiles + 1] = string.format("%d", latency:percentile(100 * number / QUANTILES))
    end
    local errors = summary.errors
    local lost = errors.connect + errors.read + errors.write + errors.timeout
    lost = lost + math.max(0, thread:get("wanted") - thread:get("answered"))
    print(string.format(
        '{"seconds":%.6f,"statuses":{%s},"latencies_us":[%s],"lost":%d,"failures":[%s]}',
        thread:get("ended") - thread:get("begun"),
        table.concat(counts, ","),
        table.concat(quantiles, ","),
        lost,
        table.concat(said, ",")
    ))
end
