module kv-responder.test/tools/pause

go 1.26
