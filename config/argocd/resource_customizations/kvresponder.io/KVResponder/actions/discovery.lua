-- Which actions make sense now: one that would do nothing is shown, but cannot be pressed.
local spec = obj.spec or {}
local auth = spec.auth or {}
local rotation = (obj.status or {}).tokenRotation or {}

local deleting = obj.metadata.deletionTimestamp ~= nil
local paused = spec.paused == true
-- the operator makes no token when none is asked for, or when the Secret is the tenant's own
local ownTokens = auth.mode ~= "None" and auth.secretName == nil

local actions = {}
-- while paused no pod is touched; without pods there is nothing to restart, unless an autoscaler has the say
actions["restart"] = { ["displayName"] = "Restart pods one at a time", ["iconClass"] = "fa fa-fw fa-redo", ["disabled"] = deleting or paused or (spec.replicas == 0 and spec.autoscaling == nil) }
actions["pause"] = { ["displayName"] = "Pause", ["iconClass"] = "fa fa-fw fa-pause", ["disabled"] = deleting or paused }
actions["resume"] = { ["displayName"] = "Resume", ["iconClass"] = "fa fa-fw fa-play", ["disabled"] = deleting or not paused }
-- not while the new token is on its way to the pods; during the overlap after that it ends the overlap, which is wanted when a token has leaked
actions["rotate-token"] = { ["displayName"] = "Make a new token", ["iconClass"] = "fa fa-fw fa-key", ["disabled"] = deleting or paused or not ownTokens or rotation.next ~= nil }
return actions
