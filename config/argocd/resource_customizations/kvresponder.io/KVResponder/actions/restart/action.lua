-- Any new value rolls the pods, one at a time.
local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["kvresponder.io/restart"] = os.date("!%Y-%m-%dT%XZ")
return obj
