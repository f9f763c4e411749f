-- Health of a KVResponder. Its status follows kstatus: observedGeneration is -1 before the operator's first visit,
-- Reconciling is True while work is under way, Stalled is True while a person is needed, Ready sums up.
-- Only conditions are read, and of them only what speaks of this generation. Reasons are a closed set, so nothing is guessed from texts.
-- Plain Lua 5.1 and locals alone: to scripts of its ConfigMap Argo CD gives the base library, table and a part of os.

local function health(status, message)
  return { status = status, message = message }
end

-- The pods cannot come although the operator still tries. kstatus would wait for its time-out; Argo CD has none, so it is said at once.
local hopeless = { QuotaExceeded = true, RolloutStuck = true, SecretMissing = true }

-- Reasons of Ready that go by without a person.
local passing = { WorkloadUnavailable = true, ApplyFailed = true }

-- Argo CD answers so by itself; here for those who run the script alone.
if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "being deleted")
end

local generation = obj.metadata.generation
local observed = obj.status or {}
-- Before anything else is believed: what stands there may be about the spec before.
if observed.observedGeneration == nil or observed.observedGeneration ~= generation then
  return health("Progressing", "waiting for the operator to see this change")
end

local conditions = {}
for _, condition in ipairs(observed.conditions or {}) do
  if condition.observedGeneration == generation then
    conditions[condition.type] = condition
  end
end

local function is(type, status)
  return conditions[type] ~= nil and conditions[type].status == status
end

local function message(type)
  local text = conditions[type].message
  if text == nil or text == "" then
    return conditions[type].reason or type
  end
  return text
end

-- Before Stalled: whoever pauses knows that nothing moves.
if is("Paused", "True") then
  return health("Suspended", message("Paused"))
end

if is("Stalled", "True") then
  return health("Degraded", message("Stalled"))
end

if is("WorkloadAvailable", "False") and hopeless[conditions.WorkloadAvailable.reason] then
  return health("Degraded", message("WorkloadAvailable"))
end

-- Before Ready: both are said while pods wait for their turn in an upgrade of the operator. The change is not out yet, so a sync waits.
if is("Reconciling", "True") then
  return health("Progressing", message("Reconciling"))
end

if is("Ready", "True") then
  -- Monitoring that is not taken up, or pods that do not find each other, make the cache no less ready. They are told.
  local notes = ""
  for _, condition in ipairs(observed.conditions) do
    local type = condition.type
    if conditions[type] ~= nil and condition.status == "False" and condition.reason ~= "Disabled" and type ~= "Reconciling" and type ~= "Stalled" then
      notes = notes .. "; " .. type .. ": " .. (condition.reason or "False")
    end
  end
  return health("Healthy", message("Ready") .. notes)
end

if is("Ready", "False") and not passing[conditions.Ready.reason] then
  return health("Degraded", message("Ready"))
end

if conditions.Ready ~= nil then
  return health("Progressing", message("Ready"))
end
return health("Progressing", "waiting for the operator")
