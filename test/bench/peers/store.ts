// The responder's store, for benches that need no process around it.
export { createStore } from "../../../responder/store/store.ts";
