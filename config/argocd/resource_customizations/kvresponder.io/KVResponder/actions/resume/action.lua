-- The operator goes on where it was.
if obj.spec == nil then
  obj.spec = {}
end
obj.spec.paused = false
return obj
