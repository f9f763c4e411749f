-- The operator writes no child while spec.paused is true.
if obj.spec == nil then
  obj.spec = {}
end
obj.spec.paused = true
return obj
