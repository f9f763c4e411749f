-- Any new value makes a new token; the old one is accepted for a while.
local os = require("os")
if obj.metadata.annotations == nil then
  obj.metadata.annotations = {}
end
obj.metadata.annotations["kvresponder.io/rotate-token"] = os.date("!%Y-%m-%dT%XZ")
return obj
